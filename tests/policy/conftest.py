"""Engines for tests: the embedded one, and OPA servers.

A server is started for each test. To empty one takes longer: OPA compiles all that is left at each policy deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.policy.regorus import Regorus
from tests.policy.servers import KINDS, OpaProcess, opa

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from compiler.policy.engine import Loadable


@pytest.fixture
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaProcess]:
    """OPA's library as a server, which every machine that is tested on can run."""
    with opa("library", tmp_path_factory.mktemp("library")) as server:
        yield server


@pytest.fixture
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpaProcess]:
    """The program ``opa``, where there is one."""
    with opa("program", tmp_path_factory.mktemp("program")) as server:
        yield server


@pytest.fixture(params=KINDS)
def served(request: pytest.FixtureRequest) -> OpaProcess:
    """Each kind of server."""
    server: OpaProcess = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=("regorus", *KINDS))
def engine(request: pytest.FixtureRequest) -> Callable[[], Loadable]:
    """Each engine, as the gate is given it."""
    if request.param == "regorus":
        return Regorus
    server: OpaProcess = request.getfixturevalue(request.param)
    return server.engine
