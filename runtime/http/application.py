"""The ASGI application: each request gets an id, a response, a line in the access log, and is counted in metrics."""

from __future__ import annotations

import re
import secrets
import time
from typing import TYPE_CHECKING

from starlette.requests import Request

from runtime.http.problems import problem
from runtime.logs import AccessLog

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from runtime.http.paths import Paths
    from runtime.services.draining import Draining
    from runtime.telemetry import Telemetry

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"})
_CLOSE = (b"connection", b"close")


class Application:
    """An ASGI application in one step: a chain of middleware would add calls to each message of each request.

    Requests for the paths in ``quiet`` are logged only when they fail: probes would fill the log. ``lifespan`` handles
    the lifespan events.
    """

    def __init__(
        self, paths: Paths, lifespan: ASGIApp, telemetry: Telemetry, draining: Draining, quiet: Collection[str]
    ) -> None:
        self._paths = paths
        self._lifespan = lifespan
        self._telemetry = telemetry
        self._draining = draining
        self._quiet = frozenset(quiet)
        self._log = AccessLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        started = time.perf_counter()
        scope["request_id"] = request_id = _request_id(scope)
        found = self._paths.find(scope["path"])
        route, status = "unmatched" if found is None else found[0].template, 500
        self._telemetry.in_flight += 1
        try:
            if found is None:
                response = problem(404, "the API has no such path")
            else:
                scope["path_params"] = found[1]
                response = await found[0].answer(Request(scope, receive))
            status = response.status_code
            self._complete(response, request_id, scope["method"])
            await response(scope, receive, send)
        finally:
            self._telemetry.in_flight -= 1
            self._record(scope, route, status, time.perf_counter() - started)

    def _complete(self, response: Response, request_id: str, method: str) -> None:
        response.raw_headers.append((b"x-request-id", request_id.encode()))
        if self._draining.active:
            response.raw_headers.append(_CLOSE)  # the client's next request goes to another process
        if method == "HEAD":
            response.body = b""  # Content-Length is already set

    def _record(self, scope: Scope, route: str, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._telemetry.requests.count(method, route, str(status))
        self._telemetry.duration(method, route).observe(seconds)
        if status >= 400 or scope["path"] not in self._quiet:
            self._log.write(
                {
                    "method": method,
                    "path": scope["path"],
                    "route": route,
                    "status": status,
                    "seconds": round(seconds, 6),
                    "peer": scope["client"][0] if scope["client"] else None,
                    "request_id": scope["request_id"],
                }
            )


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(16)
