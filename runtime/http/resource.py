"""A resource: one path template and the handlers of its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from runtime.http.errors import answer
from runtime.http.intake import BoundedLimiter
from runtime.http.problem_kinds import METHOD_NOT_ALLOWED
from runtime.http.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.authentication import Gate
    from runtime.http.errors import Handler
    from runtime.http.signatures import SignatureGate
    from runtime.settings import MiddlewareStep

    Guard: TypeAlias = Gate | SignatureGate | BoundedLimiter

_REVALIDATED = (b"cache-control", b"private, no-cache")
"""A cache may keep the answer for this client, and has to ask by its entity tag before each use."""


class Resource:
    """The handlers of one path template: HEAD is handled as GET, an unknown method gets 405 with Allow.

    A gate lets requests pass by identity, limits and permissions: each method has to have one in ``PERMISSIONS``, or is
    for what connectors sign. What describes the API has a limiter alone, and health checks and metrics have neither.
    """

    def __init__(self, template: str, handlers: Mapping[str, Handler], gate: Guard | None = None) -> None:
        self.template = template
        self._gate = gate
        self._handlers = {
            method: (f"{method} {template}", _guarded(f"{method} {template}", handler, gate))
            for method, handler in handlers.items()
        }
        if "GET" in handlers:
            self._handlers["HEAD"] = self._handlers["GET"]

    @property
    def endpoints(self) -> frozenset[str]:
        """The method and template of each handler."""
        return frozenset(endpoint for endpoint, _ in self._handlers.values())

    @property
    def steps(self) -> tuple[MiddlewareStep, ...]:
        """The steps that a request passes before its handler."""
        gate = self._gate
        if gate is None or isinstance(gate, BoundedLimiter):
            return () if gate is None else gate.steps
        return (*gate.steps, "authorization")

    async def answer(self, request: Request) -> Response:
        """Return the response to one request."""
        chosen = self._handlers.get(request.method)
        if chosen is None:
            allowed = ", ".join(sorted(self._handlers))
            detail = f"the methods of this resource are {allowed}"
            return problem(METHOD_NOT_ALLOWED, detail, headers={"Allow": allowed})
        endpoint, handler = chosen
        if self._gate is None:
            return await answer(handler, request)
        response = await self._gate.answer(endpoint, handler, request)
        if response.status_code < 400:
            response.raw_headers.append(_REVALIDATED)
        return response


def _guarded(endpoint: str, handler: Handler, gate: Guard | None) -> Handler:
    if gate is None or isinstance(gate, BoundedLimiter):
        if " /v1/" in endpoint:
            raise ValueError(f"{endpoint} is not for everybody: it needs a gate")
        return handler
    return gate.guarded(endpoint, handler)
