"""The HTTP protocol of a connection: uvicorn's, with limits of time and memory for each client.

A client must send a whole request within ``RECEIVE_SECONDS`` of its first byte, and read the response within
``SEND_SECONDS`` of the moment when it fell behind. Before a request a connection may be idle for uvicorn's
``timeout_keep_alive``. Bytes outside of bodies (heads, trailers, chunk extensions) are bounded, because the parser
holds them in memory. Violations get the same problem responses as every other error, and a client that goes on sending
can still read them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.http import problem_kinds as kinds
from runtime.http.problems import problem
from runtime.http.transport import JoiningTransport

if TYPE_CHECKING:
    import asyncio

    from runtime.http.problem_kinds import Kind

RECEIVE_SECONDS = 30.0
"""The limit for receiving a request, head and body; the largest body then needs 35 kB a second."""

SEND_SECONDS = 30.0
"""The limit for a client that does not read its response."""

IDLE_SECONDS = 0.5
"""The time that an idle connection stays open at shutdown: its client may just have sent a request."""

MOST_BEHIND = 128
"""The number of clients that may be behind in reading; then the one that has been for longest is disconnected."""

LONGEST_HEAD_BYTES = 64 * 1024

MOST_PIECES = 64 * 1024
"""The number of pieces in which a body may arrive: each costs a microsecond, however short it is."""


class Protocol(HttpToolsProtocol):
    """The protocol of one connection."""

    _pending_bytes = 0
    """The number of bytes received since the last end of a head, piece of a body, or end of a request."""

    _pieces = 0
    """The number of pieces of the body so far."""

    _receiving = False
    """Whether a request has begun and is not complete."""

    _in_head = True

    behind: ClassVar[dict[Protocol, None]] = {}
    """The connections whose clients do not read as fast as is written, in the order in which they fell behind."""

    _deadline: asyncio.TimerHandle | None = None
    _send_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Start the keep-alive timeout also for the first request."""
        super().connection_made(JoiningTransport(transport, self.loop))
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the deadlines."""
        super().connection_lost(exc)
        self._cancel_deadline()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse received bytes; refuse a head or trailers that are too long."""
        if self.transport.is_closing():
            return
        self._pending_bytes += len(data)
        self._receiving = True
        super().data_received(data)
        if not self._receiving:
            self._cancel_deadline()
        elif self._pending_bytes > LONGEST_HEAD_BYTES:
            self._refuse(
                kinds.FIELDS_TOO_LARGE, f"The fields of the request have more than {LONGEST_HEAD_BYTES} bytes."
            )
        else:
            self._expect_end()

    def on_headers_complete(self) -> None:
        """Serve the request, unless it asks for an upgrade with a body."""
        self._pending_bytes = self._pieces = 0
        self._in_head = False
        if self.parser.should_upgrade() and self._has_body():
            # The parser treats the following bytes as the other protocol, so the body would never arrive.
            self._refuse(
                kinds.NO_SUCH_PROTOCOL, "The service supports no other protocol: send the request without Upgrade."
            )
            return
        super().on_headers_complete()
        self.headers = []  # trailers go to a new list: they are no headers (RFC 9110, 6.5.1)

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body to the application."""
        self._pending_bytes = 0
        self._pieces += 1
        if self.transport.is_closing():
            return
        if self._pieces > MOST_PIECES:
            self._end(kinds.CONTENT_TOO_LARGE, f"The body came in more than {MOST_PIECES} pieces.")
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request; the next bytes are the head of another one."""
        self._pending_bytes = 0
        self._in_head = True
        self._receiving = False
        if not self.transport.is_closing():
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Stop sending to a slow client, and start its deadline."""
        super().pause_writing()
        self.behind[self] = None
        if len(self.behind) > MOST_BEHIND:
            next(iter(self.behind)).transport.abort()
        self._send_deadline = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Cancel the deadline of a slow client, and continue."""
        super().resume_writing()
        self.behind.pop(self, None)
        if self._send_deadline is not None:
            self._send_deadline.cancel()
            self._send_deadline = None

    def shutdown(self) -> None:
        """Close the connection after the responses to its requests."""
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(IDLE_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Respond to bytes that cannot be parsed, and close the connection."""
        self._refuse(kinds.MALFORMED_REQUEST, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore an Upgrade without a warning in the log, as RFC 9110 (section 7.8) permits."""

    def _has_body(self) -> bool:
        fields = dict(self.headers)
        return b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"

    def _expect_end(self) -> None:
        """Start the deadline of the request, once; a request that arrives in one piece needs no timer."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(RECEIVE_SECONDS, self._give_up)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._end(kinds.REQUEST_INCOMPLETE, f"The request was not complete within {RECEIVE_SECONDS:g} seconds.")

    def _end(self, kind: Kind, message: str) -> None:
        """Refuse the request that is arriving, or close the connection where it has been answered already."""
        if self._in_head or not self.cycle.response_started:
            self._refuse(kind, message)
        else:
            self.transport.close()

    def _refuse(self, kind: Kind, message: str) -> None:
        response = problem(kind, f"{message} The connection is closed.", headers={"Connection": "close"})
        head = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
        line = f"HTTP/1.1 {kind.status} {HTTPStatus(kind.status).phrase}\r\n".encode()
        self.transport.write(line + head + b"\r\n" + bytes(response.body))
        self.transport.close()
        if self.cycle is not None:
            self.cycle.disconnected = True  # the application's response would come too late
