"""A TCP connection that a test can cut, between the service and one of its servers."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Forwarder:
    """A way to a server that a test can cut: forwards one port to another."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.silent = False
        """Whether everything that arrives is dropped, as by a network that lost its way: no connection breaks."""
        self._near: set[_Near] = set()
        self._server: asyncio.Server
        self._port = 0

    @property
    def url(self) -> str:
        """Return the target's address through this port."""
        location = self._target.netloc.replace(f":{self._target.port}", f":{self._port}")
        return self._target._replace(netloc=location).geturl()

    async def open(self) -> None:
        """Accept connections, on the same port every time."""
        loop = asyncio.get_running_loop()
        host, port = self._target.hostname or "", self._target.port or 0
        self._server = await loop.create_server(lambda: _Near(self, self._near, host, port), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new connections and break those that there are."""
        self._server.close()
        for near in list(self._near):
            near.cut()
        while self._near:
            await asyncio.sleep(0.01)


class _Half(asyncio.Protocol):
    """One end of a forwarded connection."""

    transport: asyncio.Transport
    forwarder: Forwarder
    other: _Half | None = None
    early: bytes = b""
    """What came before the other end was there: a paused transport may deliver once more (Python 3.11.2)."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.forwarder.silent:
            return
        if self.other is None:
            self.early += data
        else:
            self.other.transport.write(data)

    def connection_lost(self, _error: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()


class _Near(_Half):
    """The client's end, which opens the far one."""

    def __init__(self, forwarder: Forwarder, open_ends: set[_Near], host: str, port: int) -> None:
        self.forwarder = forwarder
        self._open_ends = open_ends
        self._address = (host, port)
        self._opening: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._open_ends.add(self)
        self.transport.pause_reading()
        self._opening = asyncio.create_task(self._open())

    def connection_lost(self, error: Exception | None) -> None:
        self._opening.cancel()
        self._open_ends.discard(self)
        super().connection_lost(error)

    def cut(self) -> None:
        self.transport.abort()

    async def _open(self) -> None:
        far = _Half()
        far.forwarder = self.forwarder
        far.other = self
        await asyncio.get_running_loop().create_connection(lambda: far, *self._address)
        self.other = far
        far.transport.write(self.early)
        self.transport.resume_reading()


@asynccontextmanager
async def forwarding(target: str) -> AsyncIterator[Forwarder]:
    """Yield an open way to ``target``."""
    forwarder = Forwarder(target)
    await forwarder.open()
    try:
        yield forwarder
    finally:
        await forwarder.cut()
