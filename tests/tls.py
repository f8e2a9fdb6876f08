"""TLS in front of a server that has none: the wheels of PostgreSQL and Valkey are built, or run, without it."""

from __future__ import annotations

import socket
import ssl
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOPBACK = "127.0.0.1"
SSL_REQUEST = bytes.fromhex("0000000804d2162f")


@dataclass(frozen=True, slots=True)
class Tls:
    """A port that speaks TLS, with a certificate that can be exchanged while it does."""

    port: int
    _context: ssl.SSLContext

    def show(self, certificate: tuple[Path, Path]) -> None:
        """Show another certificate from now on."""
        self._context.load_cert_chain(*certificate)


@contextmanager
def with_tls(
    target: tuple[str, int], certificate: tuple[Path, Path], *, asked: bool = True, clients: Path | None = None
) -> Iterator[Tls]:
    """Yield a port that speaks TLS in front of a server that has none; it takes nothing but TLS.

    PostgreSQL's clients ask for TLS first (``asked``), in clear. With ``clients``, the certificate of an authority,
    each has to show one that it signed.

    Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL
    """
    context = context_of(certificate)
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server((LOOPBACK, 0)) as listener:
        thread = Thread(target=_accept, args=(listener, target, context, asked))
        thread.start()
        try:
            yield Tls(listener.getsockname()[1], context)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _accept(listener: socket.socket, target: tuple[str, int], context: ssl.SSLContext, asked: bool) -> None:
    with suppress(OSError):  # the listener was shut down
        while True:
            near, _ = listener.accept()
            Thread(target=_relay, args=(near, target, context, asked), daemon=True).start()


def _relay(near: socket.socket, target: tuple[str, int], context: ssl.SSLContext, asked: bool) -> None:
    with suppress(OSError), near, socket.create_connection(target) as far:
        if asked:
            if near.recv(len(SSL_REQUEST), socket.MSG_WAITALL) != SSL_REQUEST:
                return
            near.sendall(b"S")
        with context.wrap_socket(near, server_side=True) as inner:
            back = Thread(target=_copy, args=(far, inner), daemon=True)
            back.start()
            _copy(inner, far)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def context_of(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    """Return how a server shows a certificate, which comes with its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context
