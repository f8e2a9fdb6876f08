"""The embedded Valkey: reachable on loopback with its password, and forgetful."""

from __future__ import annotations

import socket
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError
from redis.retry import Retry

from runtime.embedded.loopback import LOOPBACK, free_ports
from runtime.embedded.process import ServerError
from runtime.embedded.valkey import ValkeyServer
from runtime.embedded.valkey import valkey as run_valkey

if TYPE_CHECKING:
    from tests.embedded.conftest import Processes


def test_a_password_is_needed(valkey: ValkeyServer) -> None:
    port = urlsplit(valkey.url).port
    with (
        Redis(host=LOOPBACK, port=int(port or 0), retry=Retry(NoBackoff(), 0)) as stranger,
        pytest.raises(AuthenticationError),
    ):
        stranger.ping()


def test_the_password_is_in_no_argument_file_log_or_printed_value(folder: Path) -> None:
    with run_valkey(folder) as server:
        arguments = Path(f"/proc/{server.child.pid}/cmdline").read_text()
        assert "valkey-server" in arguments
        files = "".join(path.read_text() for path in folder.iterdir())
        assert str(urlsplit(server.url).password) not in arguments + files + repr(server)


def test_nothing_is_kept_on_disk(folder: Path, processes: Processes) -> None:
    with run_valkey(folder) as server, Redis.from_url(server.url) as client:
        client.set("key", "value")
        assert processes.below(folder) == {server.child.pid}
    assert [path.name for path in folder.iterdir()] == ["valkey.log"]
    assert processes.below(folder) == set()


def test_it_listens_on_loopback_alone(valkey: ValkeyServer) -> None:
    with Redis.from_url(valkey.url, decode_responses=True) as client:
        assert client.config_get("bind") == {"bind": LOOPBACK}


def test_two_at_once_do_not_meet(valkey: ValkeyServer, folder: Path) -> None:
    with run_valkey(folder) as other, Redis.from_url(other.url) as theirs, Redis.from_url(valkey.url) as ours:
        theirs.set("of", "the other")
        assert ours.get("of") is None


def test_a_taken_port_is_passed_over(folder: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as stranger:
        taken = stranger.getsockname()[1]
        with run_valkey(folder, ports=chain([taken], free_ports())) as server, Redis.from_url(server.url) as client:
            assert urlsplit(server.url).port != taken
            assert client.ping()


def test_a_machine_without_a_free_port_is_told_so(folder: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as stranger:
        ports = repeat(stranger.getsockname()[1])
        with pytest.raises(ServerError, match="Address already in use"), run_valkey(folder, ports=ports):
            pytest.fail("the port is not free")
