"""Free ports of the loopback address; neither server can choose one and report it, so a taken one is retried."""

from __future__ import annotations

import errno
import os
import socket
from itertools import islice
from typing import TYPE_CHECKING

from runtime.embedded.process import Child, ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LOOPBACK = "127.0.0.1"
ATTEMPTS = 8


def free_ports() -> Iterator[int]:
    """Yield ports that were free a moment ago."""
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        yield port


def on_free_port(launch: Callable[[int], Child], ports: Iterable[int]) -> tuple[Child, int]:
    """Launch a server on the first free one of ``ports``, and return the child with its port.

    ``launch`` returns a server that is ready, or raises :class:`ServerError`, which is final unless the port was taken.
    """
    taken = ServerError("no port to try")
    for port in islice(ports, ATTEMPTS):
        try:
            return launch(port), port
        except ServerError as error:
            if os.strerror(errno.EADDRINUSE) not in str(error):
                raise
            taken = error
    raise taken


def is_free(port: int) -> bool:
    """Return whether a server could listen on this port of the loopback address now.

    Raises :class:`OSError` for a port that is never permitted (a privileged one).
    """
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # as servers do, so that connections in TIME_WAIT do not count
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
