"""A resource: one path template and the handlers of its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.http.errors import answer
from runtime.http.problem_kinds import METHOD_NOT_ALLOWED
from runtime.http.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.errors import Handler
    from runtime.http.intake import BoundedLimiter


_REVALIDATED = (b"cache-control", b"private, no-cache")
"""A cache may keep the answer for this client, and has to ask by its entity tag before each use."""


class Resource:
    """The handlers of one path template: HEAD is handled as GET, an unknown method gets 405 with Allow.

    A ``limiter`` throttles every request by its method and template; health checks and metrics have none.
    """

    def __init__(self, template: str, handlers: Mapping[str, Handler], limiter: BoundedLimiter | None = None) -> None:
        self.template = template
        self._limiter = limiter
        self._handlers = {method: (f"{method} {template}", handler) for method, handler in handlers.items()}
        if "GET" in handlers:
            self._handlers["HEAD"] = self._handlers["GET"]

    @property
    def endpoints(self) -> frozenset[str]:
        """The method and template of each handler."""
        return frozenset(endpoint for endpoint, _ in self._handlers.values())

    async def answer(self, request: Request) -> Response:
        """Return the response to one request."""
        chosen = self._handlers.get(request.method)
        if chosen is None:
            allowed = ", ".join(sorted(self._handlers))
            detail = f"the methods of this resource are {allowed}"
            return problem(METHOD_NOT_ALLOWED, detail, headers={"Allow": allowed})
        endpoint, handler = chosen
        if self._limiter is None:
            return await answer(handler, request)
        response = await self._limiter.answer(endpoint, handler, request)
        if response.status_code < 400:
            response.raw_headers.append(_REVALIDATED)
        return response
