"""A load generator of GET requests for one path: keep-alive connections with one request in flight each."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_END_OF_HEAD = b"\r\n\r\n"


class UnexpectedAnswerError(Exception):
    """A response is not a 200, or the connection was closed; the message is the head of the response."""


@dataclass(frozen=True, slots=True)
class Load:
    """The result of a load: the number of responses in ``seconds``."""

    answers: int
    seconds: float


async def load(host: str, port: int, path: str, *, seconds: float, connections: int, fields: str = "") -> Load:
    """Request ``path`` repeatedly; raise :class:`UnexpectedAnswerError` for the first response that is not a 200.

    ``fields`` are further lines of the head, each with its end.
    """
    loop = asyncio.get_running_loop()
    request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAccept: application/json\r\n{fields}\r\n".encode()
    started = time.perf_counter()
    opened = await asyncio.gather(
        *(
            loop.create_connection(lambda: _Connection(loop.create_future(), request, started + seconds), host, port)
            for _ in range(connections)
        )
    )
    answers = await asyncio.gather(*(protocol.done for _, protocol in opened))
    return Load(sum(answers), time.perf_counter() - started)


class _Connection(asyncio.Protocol):
    """A connection that repeats the request after each response, until the time is up; ``done`` counts responses."""

    def __init__(self, done: asyncio.Future[int], request: bytes, until: float) -> None:
        self.done = done
        self._request = request
        self._until = until
        self._answers = 0
        self._received = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(_END_OF_HEAD)
        if not found:
            return
        length = _LENGTH.search(head + b"\r\n")
        if length is None or not head.startswith(b"HTTP/1.1 200 "):
            self._end(UnexpectedAnswerError(head.decode("latin-1")))
        elif len(body) == int(length[1]):
            self._received = b""
            self._answers += 1
            self._go_on()

    def connection_lost(self, _error: Exception | None) -> None:
        self._end(UnexpectedAnswerError("the connection was closed before an answer was complete"))

    def _go_on(self) -> None:
        if time.perf_counter() < self._until:
            self._transport.write(self._request)
        else:
            self._end(self._answers)

    def _end(self, result: int | Exception) -> None:
        if self.done.done():
            return
        if isinstance(result, Exception):
            self.done.set_exception(result)
        else:
            self.done.set_result(result)
        self._transport.close()
