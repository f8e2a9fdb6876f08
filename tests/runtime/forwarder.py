"""A TCP connection between the service and one of its servers that a test can cut, slow down and silence."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class Forwarder:
    """A way to a server that a test can break: forwards one port to another.

    ``delay_seconds`` is added to everything, each way. New connections lead to the present ``target``.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.delay_seconds = 0.0
        self._ends: set[_Half] = set()
        self._held: list[Callable[[], None]] | None = None
        self._server: asyncio.Server
        self._port = 0

    @property
    def port(self) -> int:
        """Return the port at which it accepts connections."""
        return self._port

    @property
    def url(self) -> str:
        """Return the target's address through this port."""
        parts = urlsplit(self.target)
        return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{self._port}")).geturl()

    async def open(self) -> None:
        """Accept connections, on the same port every time."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Near(self), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new connections and break those that there are."""
        self._server.close()
        await asyncio.sleep(0.01)  # a connection that was just accepted has its end a moment later
        await self.sever()

    async def sever(self) -> None:
        """Break the connections that there are: every end, as one may have lost its other one while all was silent."""
        ending = set(self._ends)
        for end in ending:
            end.transport.abort()
        while ending & self._ends:
            await asyncio.sleep(0.01)

    def refuse_when_used(self) -> None:
        """End each connection that there is when it is used, as a pooler that has no connection to the server does."""
        for end in self._ends:
            end.refused = True

    def silence(self) -> None:
        """Deliver nothing, and break nothing, until :meth:`resume`, as a network that drops every packet."""
        self._held = []

    def resume(self) -> None:
        """Deliver everything that was held back, in order."""
        held, self._held = self._held or [], None
        for deliver in held:
            deliver()

    def address(self) -> tuple[str, int]:
        """Return the host and the port of the target."""
        parts = urlsplit(self.target)
        return parts.hostname or "", parts.port or 0

    def pass_on(self, deliver: Callable[[], None]) -> None:
        """Do what would have an effect at the other end, when the network lets it."""
        if self.delay_seconds:
            asyncio.get_running_loop().call_later(self.delay_seconds, self._arrive, deliver)
        else:
            self._arrive(deliver)

    def attach(self, end: _Half) -> None:
        """Know an open end of a connection."""
        self._ends.add(end)

    def detach(self, end: _Half) -> None:
        """Forget an end that is closed."""
        self._ends.discard(end)

    def _arrive(self, deliver: Callable[[], None]) -> None:
        if self._held is not None:
            self._held.append(deliver)
        else:
            deliver()


class _Half(asyncio.Protocol):
    """One end of a forwarded connection."""

    transport: asyncio.Transport
    other: _Half | None = None
    refused = False
    early: bytes = b""
    """What came before the other end was there: a paused transport may deliver once more (Python 3.11.2)."""

    def __init__(self, forwarder: Forwarder) -> None:
        self.forwarder = forwarder

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.forwarder.attach(self)

    def data_received(self, data: bytes) -> None:
        if self.refused:
            self.transport.close()
        elif self.other is None:
            self.early += data
        else:
            self.forwarder.pass_on(partial(self.other.write, data))

    def write(self, data: bytes) -> None:
        """Send to this end, unless it was closed while the data was on its way."""
        if not self.transport.is_closing():
            self.transport.write(data)

    def connection_lost(self, _error: Exception | None) -> None:
        self.forwarder.detach(self)
        if self.other is not None:
            self.forwarder.pass_on(self.other.transport.close)


class _Near(_Half):
    """The client's end, which opens the far one."""

    def __init__(self, forwarder: Forwarder) -> None:
        super().__init__(forwarder)
        self._opening: asyncio.Task[None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.transport.pause_reading()
        self._opening = asyncio.create_task(self._open())

    def connection_lost(self, error: Exception | None) -> None:
        self._opening.cancel()
        super().connection_lost(error)

    async def _open(self) -> None:
        far = _Half(self.forwarder)
        far.other = self
        with suppress(OSError):
            await asyncio.get_running_loop().create_connection(lambda: far, *self.forwarder.address())
            self.other = far
            self.forwarder.pass_on(partial(far.write, self.early))
            self.transport.resume_reading()
            return
        self.transport.abort()  # nothing listens there


@asynccontextmanager
async def forwarding(target: str) -> AsyncIterator[Forwarder]:
    """Yield an open way to ``target``."""
    forwarder = Forwarder(target)
    await forwarder.open()
    try:
        yield forwarder
    finally:
        await forwarder.cut()
