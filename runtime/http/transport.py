"""A transport that joins consecutive writes into one send."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class JoiningTransport(asyncio.Transport):
    """A transport that sends all writes of one turn of the event loop with one system call, mostly in one packet.

    uvicorn writes the head and the body of a response one after the other, and uvloop sends each at once. Sending is
    the most expensive part of a short response, on both ends.
    """

    def __init__(self, transport: asyncio.Transport, call_soon: Callable[[Callable[[], None]], object]) -> None:
        super().__init__()
        self._transport = transport
        self._call_soon = call_soon
        self._pieces: list[bytes] = []

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return extra information of the underlying transport."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Return whether the transport is closed, or will close after sending."""
        return self._transport.is_closing()

    def write(self, data: Any) -> None:
        """Send ``data`` together with the other writes of this turn."""
        if not self._pieces:
            self._call_soon(self._send)
        self._pieces.append(data)

    def close(self) -> None:
        """Send all written data, then close."""
        self._send()
        self._transport.close()

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
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
