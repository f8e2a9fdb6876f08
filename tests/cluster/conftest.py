"""The API server that CBP_KUBECONFIG names: a scratch cluster. What the suite makes there it removes again."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from compiler.emit import kinds
from compiler.emit.providers import KUBERNETES
from tests.cluster.definitions import definition
from tests.cluster.server import Server, waves
from tests.compiler.project import documents, site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document

CUSTOM = tuple(kind for kind in kinds.KINDS if kind.provider is not KUBERNETES)


@pytest.fixture(scope="session")
def api_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The named server, for this worker of the suite alone."""
    named = os.environ.get("CBP_KUBECONFIG")
    if not named:
        pytest.skip("not checked: CBP_KUBECONFIG names no API server (docs/cluster.md)")
    with Path(tmp_path_factory.getbasetemp().parent / "cluster.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = Server(Path(named).resolve())
        namespaces = found.told("get", "namespaces", "--output=name").split()
        assert not [name for name in namespaces if "/cbp-" in name], "name a scratch cluster: this one has the zones"
        yield found


@pytest.fixture(scope="session")
def server(api_server: Server, schema_path: str) -> Iterator[Server]:
    """The server with a definition of every emitted kind: the operators' own, or one by the schemas of CBP_SCHEMAS."""
    there = set(api_server.told("get", "crd", "--output=name").split())
    lacking = [
        kind
        for kind in CUSTOM
        if f"customresourcedefinition.apiextensions.k8s.io/{kind.plural}.{kind.group}" not in there
    ]
    if lacking and not schema_path:
        pytest.skip(f"not checked: the server has no {lacking[0].name}, and CBP_SCHEMAS names no schemas")
    made = [definition(kind, Path(schema_path)) for kind in lacking]
    if made:
        api_server.apply(made)
    for item in made:
        established = 'jsonpath={.status.conditions[?(@.type=="Established")].status}'
        api_server.wait("True", "get", "crd", item["metadata"]["name"], "--output", established)
    yield api_server
    api_server.delete(made)


@pytest.fixture(scope="module")
def production() -> tuple[Document, ...]:
    """The objects of the cluster that serves in production, as the frozen project compiles them."""
    return tuple(documents(site()).values())


@pytest.fixture(scope="module")
def applied(server: Server, production: tuple[Document, ...]) -> Iterator[Server]:
    """The server with these objects applied, wave by wave."""
    try:
        for wave in waves(production):
            server.apply(wave)
        yield server
    finally:
        server.delete(production)
