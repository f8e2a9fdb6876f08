"""A transport that joins consecutive writes into one send, and closes only when the client can have read them."""

from __future__ import annotations

import asyncio
from typing import Any

LINGER_SECONDS = 3.0
"""The time for which bytes of a client that goes on sending are dropped, after the last answer on its connection."""


class JoiningTransport(asyncio.Transport):
    """A transport that sends all writes of one turn of the event loop with one system call, mostly in one packet.

    uvicorn writes the head and the body of a response one after the other, and uvloop sends each at once. Sending is
    the most expensive part of a short response, on both ends.

    Closing ends only the own direction first (RFC 9112, section 9.6): to close a socket on bytes that were not read
    resets the connection, and the client loses an answer that it has not read yet.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._transport = transport
        self._loop = loop
        self._pieces: list[bytes] = []
        self._lingering: asyncio.TimerHandle | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return extra information of the underlying transport."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Return whether the transport is closed, or will close after sending."""
        return self._lingering is not None or self._transport.is_closing()

    def write(self, data: Any) -> None:
        """Send ``data`` together with the other writes of this turn."""
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(data)

    def close(self) -> None:
        """Send all written data and its end, then close when the client has closed, or after ``LINGER_SECONDS``."""
        if self._transport.is_closing():
            if self._lingering is not None:
                self._lingering.cancel()
        elif self._lingering is None:
            self._send()
            self._lingering = self._loop.call_later(LINGER_SECONDS, self._transport.close)
            self._transport.write_eof()
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close at once; unsent data is lost."""
        self._pieces.clear()
        self._transport.abort()

    def pause_reading(self) -> None:
        """Stop receiving."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Receive again after :meth:`pause_reading`."""
        self._transport.resume_reading()

    def _send(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and not self.is_closing():
            self._transport.write(b"".join(pieces))
