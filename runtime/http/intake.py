"""A step before the rate limiter that bounds what is in progress: a request beyond a bound costs no token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime import routes
from runtime.http.errors import full, shed
from runtime.services.intake import FullError, Share
from runtime.services.shedding import ShedError, Step

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.clients import Clients
    from runtime.http.errors import Handler
    from runtime.http.rate_limiter import RateLimiter
    from runtime.services.intake import Intake
    from runtime.services.shedding import Shedding
    from runtime.settings import MiddlewareStep

_CHEAP = frozenset(f"GET {path}" for path in (routes.ENTRY, routes.NAMESPACE, routes.SETTINGS, *routes.DOCUMENTATION))
"""The endpoints that memory can answer: they are refused last."""


class BoundedLimiter:
    """A rate limiter for requests within the bounds of ``intake``; ``scope["share"]`` is what the request holds."""

    def __init__(self, limiter: RateLimiter, intake: Intake, clients: Clients, shedding: Shedding) -> None:
        self._shedding = shedding
        self._limiter = limiter
        self._intake = intake
        self._clients = clients

    @property
    def steps(self) -> tuple[MiddlewareStep, ...]:
        """The steps that a request passes from here on."""
        return ("intake", *self._limiter.steps)

    async def answer(self, endpoint: str, handler: Handler, request: Request) -> Response:
        """Return the limiter's response, or 429 or 503 when the client or the worker has too much in progress."""
        if self._shedding.step:
            try:
                self._shedding.require(Step.EVERYTHING if endpoint in _CHEAP else Step.LISTS_AND_CHANGES)
            except ShedError as error:
                return shed(error)
        share = request.scope["share"] = Share(self._intake, self._clients.counted(request.scope))
        try:
            with share:
                return await self._limiter.answer(endpoint, handler, request)
        except FullError as error:
            return full(error)
