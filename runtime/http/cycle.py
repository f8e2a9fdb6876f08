"""The answer of one request: uvicorn's, but that a usual head is examined and written as a whole.

uvicorn examines and appends each field of a head by itself, which costs a tenth of a read from memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent

_NAMES = b"abcdefghijklmnopqrstuvwxyz0123456789-"
"""The bytes in the names of usual fields."""

_CONTROL = bytes(byte for byte in (*range(32), 127) if byte != ord("\t"))
"""The bytes that no value of a field has (RFC 9110, section 5.5)."""

_UNUSUAL = frozenset({b"connection", b"transfer-encoding"})
"""Fields that are about the connection or the form of the body."""


class Cycle(RequestResponseCycle):
    """A request and its answer. Whatever is not usual is left to uvicorn."""

    def send(self, message: ASGISendEvent) -> Coroutine[Any, Any, None]:
        """Send a part of the answer."""
        if message["type"] == "http.response.start" and not (self.response_started or self.flow.write_paused):
            return self._start(message)
        return super().send(message)

    async def _start(self, message: HTTPResponseStartEvent) -> None:
        fields = [*self.default_headers, *message.get("headers", ())]
        by_name = dict(fields)
        lines = [STATUS_LINE[message["status"]][:-2], *map(b": ".join, fields)]
        length = by_name.get(b"content-length")
        if (
            length is None
            or self.disconnected
            or self.access_log
            or not self.keep_alive
            or not _UNUSUAL.isdisjoint(by_name)
            or b"".join(by_name).strip(_NAMES)
            or len(joined := b"".join(lines)) != len(joined.translate(None, _CONTROL))
        ):
            await super().send(message)
            return
        self.response_started = True
        self.waiting_for_100_continue = self.chunked_encoding = False
        self.expected_content_length = int(length)
        self.transport.write(b"\r\n".join((*lines, b"", b"")))
