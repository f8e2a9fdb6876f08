"""The protocol of a connection: uvicorn's, with bounds on what a client may hold, and for how long.

A request is received whole within ``RECEIVE_SECONDS`` of its first byte, and an answer is taken within ``SEND_SECONDS``
of the moment when the client fell behind; before a request a connection may be idle for uvicorn's
``timeout_keep_alive``. Bytes that are neither a body nor the end of something (a head, trailers, the
extension of a chunk) are bounded, since a parser holds them in memory. Faults are answered as every other one is.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.http.problems import problem
from runtime.http.transport import JoiningTransport

if TYPE_CHECKING:
    import asyncio

RECEIVE_SECONDS = 30.0
"""For a request: its head and its body, of which the largest then comes at 35 kB a second."""

SEND_SECONDS = 30.0
"""For a client that does not read what it asked for."""

LINGER_SECONDS = 0.5
"""At shutdown an idle connection is kept for this long: its client may just have sent a request."""

LONGEST_HEAD_BYTES = 64 * 1024


class Protocol(HttpToolsProtocol):
    """One connection."""

    _pending_bytes = 0
    """Received since the last end of a head, piece of a body or end of a request."""

    _receiving = False
    """Whether a request has begun and not ended."""

    _in_head = True

    _deadline: asyncio.TimerHandle | None = None
    _send_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn does
        """Wait for a first request as long as for the next one."""
        super().connection_made(JoiningTransport(transport, self.loop.call_soon))
        self.timeout_keep_alive_task = self.loop.call_later(self.timeout_keep_alive, self.timeout_keep_alive_handler)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the deadlines."""
        super().connection_lost(exc)
        self._cancel_deadline()
        self.resume_writing()

    def data_received(self, data: bytes) -> None:
        """Parse what came; refuse what goes on for too long."""
        if self.transport.is_closing():
            return
        self._pending_bytes += len(data)
        self._receiving = True
        super().data_received(data)
        if not self._receiving:
            self._cancel_deadline()
        elif self._pending_bytes > LONGEST_HEAD_BYTES:
            self._refuse(431, f"The fields of the request have more than {LONGEST_HEAD_BYTES} bytes.")
        else:
            self._expect_end()

    def on_headers_complete(self) -> None:
        """Serve the request, as far as it can be."""
        self._pending_bytes = 0
        self._in_head = False
        if self.parser.should_upgrade() and self._has_body():
            # The parser takes what follows for the other protocol: the body would never arrive.
            self._refuse(501, "No other protocol is spoken here: send the request without asking for an upgrade.")
            return
        super().on_headers_complete()
        self.headers = []  # of the request's own from now on: what comes after the body is no header (RFC 9110, 6.5.1)

    def on_body(self, body: bytes) -> None:
        """Hand over a piece of the body."""
        self._pending_bytes = 0
        if not self.transport.is_closing():
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a request: what follows is the head of the next one."""
        self._pending_bytes = 0
        self._in_head = True
        self._receiving = False
        if not self.transport.is_closing():
            super().on_message_complete()

    def pause_writing(self) -> None:
        """Wait for a client that does not keep up, but not for ever."""
        super().pause_writing()
        self._send_deadline = self.loop.call_later(SEND_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        super().resume_writing()
        if self._send_deadline is not None:
            self._send_deadline.cancel()
            self._send_deadline = None

    def shutdown(self) -> None:
        """Close the connection when what it carries has been answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that cannot be parsed, and close the connection."""
        self._refuse(400, msg)

    def _unsupported_upgrade_warning(self) -> None:
        """Ignore the wish for another protocol, as RFC 9110 (section 7.8) permits: nobody needs to be warned."""

    def _has_body(self) -> bool:
        fields = dict(self.headers)
        return b"transfer-encoding" in fields or fields.get(b"content-length", b"0") != b"0"

    def _expect_end(self) -> None:
        """Give the request its time, once: a request that arrives in one piece needs no timer."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(RECEIVE_SECONDS, self._give_up)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._in_head or not self.cycle.response_started:
            self._refuse(408, f"The request was not complete within {RECEIVE_SECONDS:g} seconds.")
        else:
            self.transport.close()

    def _refuse(self, status: int, message: str) -> None:
        response = problem(status, f"{message} The connection is closed.", headers={"Connection": "close"})
        head = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
        line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self.transport.write(line + head + b"\r\n" + bytes(response.body))
        self.transport.close()
        if self.cycle is not None:
            self.cycle.disconnected = True  # its own answer would come too late
