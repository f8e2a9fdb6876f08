"""The answer of one request: uvicorn's, but that a usual one is examined and written as a whole.

uvicorn examines and appends each field of a head by itself, and writes head and body one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent, HTTPResponseBodyEvent, HTTPResponseStartEvent

    from runtime.http.transport import JoiningTransport

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

    _head: bytes | None = None
    """A head that was examined, and is written with what follows it."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start":
            self._head = None if self.response_started or self.disconnected else self._examined(message)
            if self._head is not None:
                return
        elif self._head is not None:
            head, self._head = self._head, None
            if message["type"] == "http.response.body" and self._ends(head, message):
                return
        await super().send(message)

    def _examined(self, message: HTTPResponseStartEvent) -> bytes | None:
        """Return a usual head, and begin the answer; None for one that uvicorn has to look at."""
        fields = [*self.default_headers, *message.get("headers", ())]
        by_name = dict(fields)
        lines = [*map(b": ".join, fields)]
        joined = b"".join(lines)
        if (
            not by_name.keys() <= _USUAL
            or b"content-length" not in by_name
            or len(joined.translate(None, _CONTROL)) != len(joined)
            or not self.keep_alive
            or self.access_log
        ):
            return None
        self.response_started = True
        self.waiting_for_100_continue = self.chunked_encoding = False
        self.expected_content_length = int(by_name[b"content-length"])
        return STATUS_LINE[message["status"]] + b"\r\n".join(lines) + b"\r\n\r\n"

    def _ends(self, head: bytes, message: HTTPResponseBodyEvent) -> bool:
        """Write a head, and return whether the answer has ended with the whole body."""
        if self.disconnected:
            return False
        body = message.get("body", b"")
        whole = len(body) == self.expected_content_length and not message.get("more_body", False)
        if not whole or not self.keep_alive or self.flow.write_paused or self.scope["method"] == "HEAD":
            self.transport.write(head)
            return False
        cast("JoiningTransport", self.transport).write_whole(head + body)
        self.response_complete = True
        self.message_event.set()
        self.on_response()
        return True
