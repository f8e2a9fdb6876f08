"""One path template and what its methods do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.routing import Route

from runtime.http.errors import answer
from runtime.http.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

    from runtime.http.errors import Handler
    from runtime.http.gate import Gate


class Resource:
    """An ASGI application for one template: HEAD is answered as GET is, an unknown method with 405 and Allow.

    With a ``gate`` every request is throttled by its method and template; health checks and metrics have none.
    """

    def __init__(self, template: str, handlers: Mapping[str, Handler], gate: Gate | None = None) -> None:
        self._gate = gate
        self._handlers = {method: (f"{method} {template}", handler) for method, handler in handlers.items()}
        if "GET" in handlers:
            self._handlers["HEAD"] = self._handlers["GET"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        response = await self._answer(Request(scope, receive))
        if scope["method"] == "HEAD":
            response.body = b""  # its length has been declared by now
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method not in self._handlers:
            allowed = ", ".join(sorted(self._handlers))
            return problem(405, f"the methods of this resource are {allowed}", headers={"Allow": allowed})
        endpoint, handler = self._handlers[request.method]
        if self._gate is None:
            return await answer(handler, request)
        return await self._gate.answer(endpoint, handler, request)


def route(template: str, handlers: Mapping[str, Handler], gate: Gate | None = None) -> Route:
    """Return the route of a resource."""
    return Route(template, Resource(template, handlers, gate), name=template)
