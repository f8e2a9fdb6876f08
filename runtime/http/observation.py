"""The one middleware around every request: its id, its line in the access log, its metrics."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from runtime.services.draining import Draining
    from runtime.telemetry import Telemetry

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"})
_log = structlog.get_logger(__name__)


class Observation:
    """Pure ASGI. The paths in ``quiet`` are logged only when they fail: probes would drown everything else."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry, draining: Draining, quiet: Collection[str]) -> None:
        self._app = app
        self._telemetry = telemetry
        self._draining = draining
        self._quiet = frozenset(quiet)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and record it; a lifespan passes through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        request_id = scope["request_id"] = _request_id(scope)

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
                if self._draining.active:
                    # The next request of this client goes to a process that stays.
                    message["headers"].append((b"connection", b"close"))
            await send(message)

        self._telemetry.in_flight.inc()
        try:
            await self._app(scope, receive, observed)
        finally:
            self._telemetry.in_flight.dec()
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        route = scope["route"].path if "route" in scope else "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._telemetry.requests(method, route, str(status)).inc()
        self._telemetry.duration(method, route).observe(seconds)
        if status >= 400 or scope["path"] not in self._quiet:
            _log.info(
                "request",
                method=method,
                path=scope["path"],
                route=route,
                status=status,
                seconds=round(seconds, 6),
                peer=scope["client"][0] if scope["client"] else None,
                request_id=scope["request_id"],
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(16)
