"""Rate limiting over HTTP: the responses to denied requests, and the RateLimit fields of every response.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11. A policy's quota ``q`` is the most that a window of
``w`` seconds admits: the capacity plus the refill of a minute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.http.bodies import TOKEN_BYTES, body_bytes
from runtime.http.errors import answer
from runtime.http.problems import problem
from runtime.services.decisions import Admission, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.clients import Clients
    from runtime.http.errors import Handler
    from runtime.services.limits import Limit
    from runtime.services.throttling import Throttle
    from runtime.telemetry import Telemetry

_QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"
_READING = frozenset({"GET", "HEAD"})


class RateLimiter:
    """A rate limiter that passes admitted requests to their handlers."""

    def __init__(self, throttle: Throttle, clients: Clients, endpoints: Iterable[str], telemetry: Telemetry) -> None:
        self._throttle = throttle
        self._clients = clients
        self._telemetry = telemetry
        self._policies = {endpoint: _policies(throttle.limits(endpoint)) for endpoint in endpoints}

    async def answer(self, endpoint: str, handler: Handler, request: Request) -> Response:
        """Return the handler's response or a denial, with RateLimit fields if Redis answers and a limit is set."""
        client = self._clients.identify(request.scope)
        decision = await self._decide(client, endpoint, request)
        self._telemetry.decisions.count(decision.admission.value)
        if decision.admission is Admission.ADMITTED:
            response = await answer(handler, request)
        else:
            response = self._refusal(decision)
        if decision.standings:
            response.raw_headers += (
                (b"ratelimit-policy", self._policies[endpoint]),
                (b"ratelimit", _standings(decision)),
            )
        return response

    async def _decide(self, client: str, endpoint: str, request: Request) -> Decision:
        """Take the tokens of a request one after the other; those that were taken before a denial are lost."""
        decision = await self._take(client, endpoint, request)
        if request.method in _READING or (size := body_bytes(request)) <= TOKEN_BYTES:
            return decision
        limits = self._throttle.limits(endpoint)
        cost = min([-(-size // TOKEN_BYTES), *(max(1, limit.bucket.capacity // 2) for limit in limits)])
        for _ in range(cost - 1):
            if decision.admission is not Admission.ADMITTED:
                break
            decision = await self._take(client, endpoint, request)
        if decision.admission is not Admission.DENIED:
            return decision
        wait = max(-(-cost * 60 // limit.bucket.refill_per_minute) for limit in limits)
        return decision._replace(retry_after_seconds=max(decision.retry_after_seconds, wait))

    async def _take(self, client: str, endpoint: str, request: Request) -> Decision:
        decision = self._throttle.decide(client, endpoint)
        if decision is None:
            return await self._throttle.ask(client, endpoint, changes=request.method not in _READING)
        return decision

    def _refusal(self, decision: Decision) -> Response:
        headers = {"Retry-After": str(decision.retry_after_seconds)}
        if decision.admission is Admission.CLOSED:
            return problem(
                503, "changes are refused while requests cannot be counted: try again later", headers=headers
            )
        for name in decision.denied_by:
            self._telemetry.denials.count(name)
        return problem(
            429,
            f"no token is left in the bucket {' and the bucket '.join(decision.denied_by)}:"
            f" try again in {decision.retry_after_seconds} s",
            kind=_QUOTA_EXCEEDED,
            headers=headers,
            members={"violated-policies": decision.denied_by},
        )


def _policies(limits: Iterable[Limit]) -> bytes:
    quotas = ((each.name, each.bucket.capacity + each.bucket.refill_per_minute) for each in limits)
    return ", ".join([f'"{name}";q={quota};w=60' for name, quota in quotas]).encode()


def _standings(decision: Decision) -> bytes:
    return ", ".join(
        [f'"{name}";r={remaining};t={seconds}' for name, remaining, seconds in decision.standings]
    ).encode()
