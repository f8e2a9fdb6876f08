"""Ownership of listening sockets, from proc(5), so that another program's server is never taken for ours."""

from __future__ import annotations

import socket
from contextlib import suppress
from pathlib import Path

from runtime.embedded.loopback import LOOPBACK
from runtime.embedded.sessions import members

LISTEN = "0A"  # TCP_LISTEN, as /proc/net/tcp prints it


def listens(session: int, port: int) -> bool:
    """Return whether a process of ``session`` (the id of its leader) listens on loopback at ``port``."""
    sockets = _listening_sockets(port)
    return any(sockets & _open_files(process) for process in members(session))


def _listening_sockets(port: int) -> frozenset[str]:
    """Return the sockets at this port, by the names that their descriptors link to."""
    address = f"{socket.inet_aton(LOOPBACK)[::-1].hex().upper()}:{port:04X}"
    rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
    return frozenset(f"socket:[{row[9]}]" for row in rows if row[1] == address and row[3] == LISTEN)


def _open_files(process: int) -> frozenset[str]:
    files = set()
    with suppress(
        FileNotFoundError, ProcessLookupError, PermissionError
    ):  # the process ended, or belongs to another user
        for descriptor in Path(f"/proc/{process}/fd").iterdir():
            files.add(str(descriptor.readlink()))
    return frozenset(files)
