"""The answer of one request: uvicorn's, but that a usual head is examined and written as a whole.

uvicorn examines and appends each field of a head by itself, and an answer of the API has many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent

_USUAL = frozenset(
    {
        b"age",
        b"cache-control",
        b"cache-status",
        b"content-length",
        b"content-type",
        b"date",
        b"etag",
        b"ratelimit",
        b"ratelimit-policy",
        b"x-request-id",
    }
)
"""The fields of a read. Others may be about the connection, or have no right name: uvicorn looks at each."""

_CONTROL = bytes(byte for byte in (*range(32), 127) if byte != ord("\t"))
"""The bytes that no value of a field has (RFC 9110, section 5.5)."""


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
        lines = [*map(b": ".join, fields)]
        joined = b"".join(lines)
        if (
            by_name.keys() <= _USUAL
            and b"content-length" in by_name
            and len(joined.translate(None, _CONTROL)) == len(joined)
            and self.keep_alive
            and not (self.disconnected or self.access_log)
        ):
            self.response_started = True
            self.waiting_for_100_continue = self.chunked_encoding = False
            self.expected_content_length = int(by_name[b"content-length"])
            self.transport.write(STATUS_LINE[message["status"]] + b"\r\n".join(lines) + b"\r\n\r\n")
        else:
            await super().send(message)
