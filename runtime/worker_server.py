"""uvicorn in a worker process: its configuration, and what it tells the parent."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import structlog
from uvicorn.config import Config
from uvicorn.server import Server

from runtime.http.protocol import Protocol
from runtime.services.draining import DRAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from socket import socket

    from starlette.types import ASGIApp

    from runtime.settings import Process
    from runtime.worker import Parent

BEAT_SECONDS = 1.0
_log = structlog.get_logger(__name__)


def configuration(factory: Callable[[], ASGIApp], process: Process, host: str, port: int) -> Config:
    """Return uvicorn's configuration for the workers; ``factory`` makes each worker's application."""
    return Config(
        factory,
        factory=True,
        host=host,
        port=port,
        workers=process.workers,
        loop="uvloop",
        http=Protocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=process.keep_alive_seconds,
        timeout_graceful_shutdown=max(1, process.shutdown_seconds - DRAIN_SECONDS),
    )


def serve(config: Config, sockets: list[socket], parent: Parent) -> None:
    """Serve in this process until a signal ends it, or the end of its parent."""
    _Server(config, parent).run(sockets)


class _Server(Server):
    """A server that tells its parent that it lives and serves, and ends with it."""

    def __init__(self, config: Config, parent: Parent) -> None:
        super().__init__(config)
        self._parent = parent

    async def serve(self, sockets: list[socket] | None = None) -> None:
        beat = asyncio.create_task(self._beat())
        try:
            await super().serve(sockets)
        finally:
            beat.cancel()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        self._parent.tell(ready=True)

    async def _beat(self) -> None:
        while not self._parent.gone:
            self._parent.tell()
            await asyncio.sleep(BEAT_SECONDS)
        # A killed parent cannot stop its workers, and they would hold its port for ever.
        _log.error("the parent process is gone")
        os.kill(os.getpid(), signal.SIGTERM)
