"""The ASGI application: each request gets an id, a response, a line in the access log, and is counted in metrics."""

from __future__ import annotations

import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.requests import Request

from runtime.domain import traces
from runtime.http.audit import UNMATCHED
from runtime.http.ids import random_ids
from runtime.http.problem_kinds import MALFORMED_REQUEST, NO_SUCH_PATH
from runtime.http.problems import problem
from runtime.logs import AccessLog

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

    from runtime.http.audit import Refusals
    from runtime.http.paths import ByPort
    from runtime.services.draining import Draining
    from runtime.settings import MiddlewareStep
    from runtime.telemetry import Telemetry

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"})
LONGEST_QUERY_BYTES = 4 * 1024
_CLOSE = (b"connection", b"close")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]*)?")
_ENCODED_SEPARATOR = re.compile(rb"%2f|%5c", re.IGNORECASE)


class Application:
    """An ASGI application in one step: a chain of middleware would add calls to each message of each request.

    Requests for the paths in ``quiet`` are logged only when they fail: probes would fill the log. ``lifespan`` handles
    the lifespan events, and ``refusals`` notes requests that are answered with an error.
    """

    def __init__(
        self,
        paths: ByPort,
        lifespan: ASGIApp,
        telemetry: Telemetry,
        draining: Draining,
        quiet: Collection[str],
        refusals: Refusals,
    ) -> None:
        self._paths = paths
        self._lifespan = lifespan
        self._telemetry = telemetry
        self._draining = draining
        self._quiet = frozenset(quiet)
        self._refusals = refusals
        self._log = AccessLog()
        self._ids = random_ids()

    @property
    def endpoints(self) -> frozenset[str]:
        """The method and path template of everything that the API's port serves."""
        return self._paths.endpoints

    @property
    def steps(self) -> dict[str, tuple[MiddlewareStep, ...]]:
        """The steps that a request to the API's port passes before its handler, by the path template."""
        return {template: ("observation", *steps) for template, steps in self._paths.steps.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
            return
        started = time.perf_counter()
        named, fault = _examine(scope)
        request_id = scope["request_id"] = named or next(self._ids)
        found = None if fault else self._paths.find(scope)
        route, status = UNMATCHED if found is None else found[0].template, 500
        self._telemetry.in_flight += 1
        try:
            if fault:
                response = problem(MALFORMED_REQUEST, fault)
            elif found is None:
                response = problem(NO_SUCH_PATH, "the API has no such path")
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
        self._telemetry.durations.observe(seconds, method, route)
        if status >= 400:
            self._refusals.note(scope, route, status)
        if status >= 400 or scope["path"] not in self._quiet:
            fields = {
                "method": method,
                "path": scope["path"],
                "route": route,
                "status": status,
                "seconds": int(seconds * 1e6) / 1e6,
                "peer": scope["client"][0] if scope["client"] else None,
                "client": caller.name if (caller := scope.get("caller")) else None,
                "request_id": scope["request_id"],
            }
            if (trace := scope.get("trace")) is not None:
                fields["trace_id"], fields["parent_id"] = trace[traces.ID], trace[traces.SPAN]
            self._log.write(fields)


@lru_cache(maxsize=16)  # proxies and probes name few, over and over
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


def _examine(scope: Scope) -> tuple[str | None, str | None]:
    """Return the id that the request names, and the reason for which its head is refused; None where there is none.

    The values of Authorization are collected on the way, as ``scope["credentials"]``, and the trace that the request is
    part of, as ``scope["trace"]``. Servers and proxies that take
    another Host or another path from the same bytes would judge another request.
    """
    request_id, hosts, well_formed = None, 0, True
    credentials = scope["credentials"] = []
    for name, value in scope["headers"]:
        if name == b"host":
            hosts += 1
            well_formed = _is_host(value)
        elif name == b"authorization":
            credentials.append(value)
        elif name == b"x-request-id" and request_id is None and _REQUEST_ID.fullmatch(value):
            request_id = value.decode("ascii")
        elif name == b"traceparent":
            scope["trace"] = None if "trace" in scope else traces.parse(value)
    fault = None
    if hosts > 1 or not well_formed or (hosts == 0 and scope["http_version"] != "1.0"):
        fault = "a request has exactly one Host, of the form name or name:port (RFC 9112, section 3.2)"
    elif len(scope["query_string"]) > LONGEST_QUERY_BYTES:
        fault = f"the query is longer than {LONGEST_QUERY_BYTES} bytes, which no parameter of the API needs"
    elif b"%" in scope["raw_path"] and _ENCODED_SEPARATOR.search(scope["raw_path"]):
        fault = "the path holds an encoded slash or backslash (%2F, %5C), which no namespace and no key has"
    return request_id, fault
