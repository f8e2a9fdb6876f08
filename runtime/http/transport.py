"""A transport that sends what is written together in one piece."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class JoiningTransport(asyncio.Transport):
    """What is written in one turn of the loop leaves with one system call, and mostly in one packet.

    uvicorn writes the head and the body of an answer one after the other, and uvloop sends each at once. Sending is the
    most expensive part of a short answer, on both ends.
    """

    def __init__(self, transport: asyncio.Transport, call_soon: Callable[[Callable[[], None]], object]) -> None:
        super().__init__()
        self._transport = transport
        self._call_soon = call_soon
        self._pieces: list[bytes] = []

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the connection's own transport knows."""
        return self._transport.get_extra_info(name, default)

    def is_closing(self) -> bool:
        """Tell whether it is closed, or will be when everything was sent."""
        return self._transport.is_closing()

    def write(self, data: Any) -> None:
        """Send ``data`` with what else is written in this turn."""
        if not self._pieces:
            self._call_soon(self._send)
        self._pieces.append(data)

    def close(self) -> None:
        """Send what was written, then close."""
        self._send()
        self._transport.close()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._pieces.clear()
        self._transport.abort()

    def pause_reading(self) -> None:
        """Receive nothing for now."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Receive again."""
        self._transport.resume_reading()

    def _send(self) -> None:
        pieces, self._pieces = self._pieces, []
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))
