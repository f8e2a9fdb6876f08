"""Whose server it is that answers on a port."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, is_free

if TYPE_CHECKING:
    from runtime.embedded.valkey import ValkeyServer


def test_a_server_is_told_from_a_strangers(valkey: ValkeyServer) -> None:
    port = int(valkey.url.rpartition(":")[2].partition("/")[0])
    assert listens(valkey.child.pid, port)
    assert not listens(os.getsid(0), port)


def test_a_port_is_free_until_somebody_listens() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
        assert not is_free(port)
        assert listens(os.getsid(0), port)
    assert is_free(port)
    assert not listens(os.getsid(0), port)
