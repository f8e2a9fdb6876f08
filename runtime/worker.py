"""One worker process: its adapters, its signals, and the protocol of its connections."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.redis import RedisTokenBuckets
from runtime.app import Adapters, create_app
from runtime.http.problems import problem
from runtime.logs import configure_logging
from runtime.services.draining import Draining
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from runtime.environment import Environment
    from runtime.settings import Settings

DRAIN_SECONDS = 1
"""After a signal, new connections are accepted for this long, and every answer closes its connection."""

LINGER_SECONDS = 0.5
"""Then an idle connection is kept for this long: its client may just have sent a request."""

LONGEST_HEAD_BYTES = 64 * 1024

PARENT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Worker:
    """The factory that each worker calls: it travels to the process by pickling, so all enforce the same settings."""

    settings: Settings
    environment: Environment
    metrics_directory: Path

    def __call__(self) -> ASGIApp:
        """Return the application of this process."""
        configure_logging()
        telemetry = Telemetry(self.metrics_directory)
        draining = Draining()
        adapters = Adapters(
            store=PostgresEntries(self.environment.database, self.settings.database, telemetry),
            buckets=RedisTokenBuckets(self.environment.redis, telemetry),
            telemetry=telemetry,
            draining=draining,
            trusted_proxies=self.environment.trusted_proxies,
        )
        return _Supervised(create_app(self.settings, adapters), draining)


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol, with three differences.

    At shutdown an idle connection is kept for a moment, for its client may just have sent a request; what is not HTTP
    is answered as every other fault is; and a request's head has a bound (431, RFC 6585), for it is held in memory.
    """

    _in_head = True
    _head_bytes = 0

    def data_received(self, data: bytes) -> None:
        """Parse what came, and refuse a head that goes on for too long."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > LONGEST_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(431, f"The head of the request has more than {LONGEST_HEAD_BYTES} bytes.")

    def on_headers_complete(self) -> None:
        """Note the end of a head."""
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Note the end of a request: what follows is the head of the next one."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()

    def shutdown(self) -> None:
        """Close the connection when what it carries has been answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.loop.call_later(LINGER_SECONDS, super().shutdown)
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that cannot be parsed, and close the connection."""
        self._refuse(400, msg)

    def _refuse(self, status: int, message: str) -> None:
        response = problem(status, f"{message} The connection is closed.", headers={"Connection": "close"})
        head = b"".join(b"%b: %b\r\n" % header for header in response.raw_headers)
        line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
        self.transport.write(line + head + b"\r\n" + bytes(response.body))
        self.transport.close()


class _Supervised:
    """The application, whose process drains on a signal and does not outlive its parent."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        _drain_on_signals(self._draining)
        async with _ending_with_parent():
            await self._app(scope, receive, send)


def _drain_on_signals(draining: Draining) -> None:
    loop = asyncio.get_running_loop()

    def drain(number: int, stop: object) -> None:
        if not callable(stop):
            return
        if draining.active and number == signal.SIGINT:
            stop(number, None)  # whoever asks twice does not want to wait
        elif not draining.active:
            draining.begin()
            loop.call_later(DRAIN_SECONDS, stop, number, None)

    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn has installed its own handlers by now: they come after the draining.
        loop.add_signal_handler(number, drain, number, signal.getsignal(number))


@asynccontextmanager
async def _ending_with_parent() -> AsyncIterator[None]:
    watch = asyncio.create_task(_watch(os.getppid()))
    try:
        yield
    finally:
        watch.cancel()


async def _watch(parent: int) -> None:
    # A parent that was killed cannot tell its workers to stop, and they would hold its port for ever.
    while os.getppid() == parent:
        await asyncio.sleep(PARENT_SECONDS)
    _log.error("the parent process is gone")
    os.kill(os.getpid(), signal.SIGTERM)
