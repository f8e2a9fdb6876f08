"""Engines for tests: the embedded one, and OPA servers, each started once for a worker of the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.policy.regorus import Regorus
from tests.policy.servers import KINDS, OpaProcess, opa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compiler.policy.engine import Engine


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaProcess]:
    """OPA's library as a server, which every machine that is tested on can run."""
    with opa("library", tmp_path_factory.mktemp("library")) as server:
        yield server


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaProcess]:
    """The program ``opa``, where there is one."""
    with opa("program", tmp_path_factory.mktemp("program")) as server:
        yield server


@pytest.fixture(params=KINDS)
def served(request: pytest.FixtureRequest) -> OpaProcess:
    """Each kind of server, with nothing on it."""
    server: OpaProcess = request.getfixturevalue(request.param)
    server.clear()
    return server


@pytest.fixture(params=("regorus", *KINDS))
def engine(request: pytest.FixtureRequest) -> Callable[[], Engine]:
    """Each engine, as the gate is given it."""
    if request.param == "regorus":
        return Regorus
    server: OpaProcess = request.getfixturevalue(request.param)
    server.clear()
    return server.engine
