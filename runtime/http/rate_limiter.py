"""Rate limiting over HTTP: the responses to denied requests, and the RateLimit fields of every throttled response.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11. A policy's quota ``q`` is the most that a window of
``w`` seconds admits: the capacity plus the refill of a minute, or one worker's share of it while Redis is not asked.
The partition key ``pk`` is the start of a hash, which a client can compute (:func:`partition_key`).
"""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from runtime.http.bodies import TOKEN_BYTES, body_bytes
from runtime.http.errors import answer
from runtime.http.problem_kinds import QUOTA_EXCEEDED, REDUCED_CAPACITY
from runtime.http.problems import problem
from runtime.services.decisions import Admission

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.requests import Request
    from starlette.responses import Response

    from runtime.http.clients import Clients
    from runtime.http.errors import Handler
    from runtime.services.decisions import Decision
    from runtime.services.limits import Limit
    from runtime.services.throttling import Throttle
    from runtime.settings import MiddlewareStep
    from runtime.telemetry import Telemetry

_KNOWN_CLIENTS = 4096
_KEY_BYTES = 9
READING = frozenset({"GET", "HEAD"})


class _Fields(NamedTuple):
    """The constant parts of the fields of one client at one endpoint."""

    policies: bytes
    share_policies: bytes
    standings: bytes
    """The form of the field that tells the standings, for the numbers of each."""


class RateLimiter:
    """A rate limiter that passes admitted requests to their handlers."""

    def __init__(self, throttle: Throttle, clients: Clients, telemetry: Telemetry) -> None:
        self._throttle = throttle
        self._clients = clients
        self._telemetry = telemetry
        self._fields = lru_cache(maxsize=_KNOWN_CLIENTS)(self._fields_of)

    @property
    def steps(self) -> tuple[MiddlewareStep, ...]:
        """The steps that a request passes from here on."""
        return ("throttling",)

    async def answer(self, endpoint: str, handler: Handler, request: Request) -> Response:
        """Return the handler's response or a denial, with RateLimit fields if a limit is set."""
        client, taken = self._clients.counted(request.scope), 1
        decision = self._throttle.decide(client, endpoint) or await self._throttle.ask(client, endpoint)
        if request.scope["method"] not in READING and (size := body_bytes(request)) > TOKEN_BYTES:
            decision, taken = await self.take_more(client, endpoint, decision, 1, -(-size // TOKEN_BYTES))
        self._telemetry.decisions.count(decision.admission.value)
        if decision.admission is Admission.ADMITTED:
            charge = request.scope["charge"] = Charge(self, client, endpoint, decision, taken)
            response = await answer(handler, request)
            decision = charge.decision
        else:
            response = self.refusal(decision)
        if decision.standings:
            self._tell(response, decision, client, endpoint)
        return response

    async def charge(self, client: str, endpoint: str) -> Decision:
        """Take a token of a client that has no handler to pass to."""
        decision = await self._take(client, endpoint)
        self._telemetry.decisions.count(decision.admission.value)
        return decision

    def refuse(self, decision: Decision, client: str, endpoint: str) -> Response:
        """Return the answer to a denial, with its RateLimit fields."""
        response = self.refusal(decision)
        self._tell(response, decision, client, endpoint)
        return response

    def _tell(self, response: Response, decision: Decision, client: str, endpoint: str) -> None:
        fields = self._fields(client, endpoint)
        response.raw_headers += (
            (b"ratelimit-policy", fields.share_policies if decision.alone else fields.policies),
            (b"ratelimit", fields.standings % tuple([number for each in decision.standings for number in each[1:]])),
        )

    async def take_more(
        self, client: str, endpoint: str, decision: Decision, taken: int, wanted: int
    ) -> tuple[Decision, int]:
        """Take further tokens one after the other until ``wanted`` are taken; those before a denial are lost."""
        limits = self._throttle.limits(client, endpoint)
        while decision.admission is Admission.ADMITTED and taken < _bounded(wanted, limits, decision):
            decision = await self._take(client, endpoint)
            taken += 1
        if decision.admission is not Admission.DENIED:
            return decision, taken
        cost = _bounded(wanted, limits, decision)
        buckets = [limit.share if decision.alone else limit.shape for limit in limits]
        wait = max(-(-cost * bucket.token // (bucket.refill * 1_000_000)) for bucket in buckets)
        return decision._replace(retry_after_seconds=max(decision.retry_after_seconds, wait)), taken

    async def _take(self, client: str, endpoint: str) -> Decision:
        return self._throttle.decide(client, endpoint) or await self._throttle.ask(client, endpoint)

    def refusal(self, decision: Decision) -> Response:
        """Return the answer to a denied request."""
        for name in decision.denied_by:
            self._telemetry.denials.count(name)
        empty = f"no token is left in the bucket {' and the bucket '.join(decision.denied_by)}"
        again = f"try again in {decision.retry_after_seconds} s"
        reduced = "requests cannot be counted together now, so each process admits its share"
        return problem(
            REDUCED_CAPACITY if decision.alone else QUOTA_EXCEEDED,
            f"{reduced}: {empty}: {again}" if decision.alone else f"{empty}: {again}",
            headers={"Retry-After": str(decision.retry_after_seconds)},
            members={"violated-policies": decision.denied_by},
        )

    def _fields_of(self, client: str, endpoint: str) -> _Fields:
        limits = self._throttle.limits(client, endpoint)
        keys = tuple(partition_key(client, limit.scope) for limit in limits)
        shares, quotas = ([limit.share_quota for limit in limits], [limit.quota for limit in limits])
        return _Fields(_policies(limits, quotas, keys), _policies(limits, shares, keys), _standings(limits, keys))


def charge_of(request: Request) -> Charge:
    """Return what the rate limiter lets the handler of a request charge."""
    charge: Charge = request.scope["charge"]
    return charge


class Charge:
    """What an admitted request has paid; its handler has it pay more for what is known only later."""

    __slots__ = ("_client", "_endpoint", "_limiter", "_taken", "decision")

    def __init__(self, limiter: RateLimiter, client: str, endpoint: str, decision: Decision, taken: int) -> None:
        self._limiter = limiter
        self._client = client
        self._endpoint = endpoint
        self._taken = taken
        self.decision = decision

    async def pay(self, tokens: int) -> Response | None:
        """Pay for what costs ``tokens`` in all, what is paid included; return the denial if the client cannot."""
        if tokens <= self._taken:
            return None
        self.decision, self._taken = await self._limiter.take_more(
            self._client, self._endpoint, self.decision, self._taken, tokens
        )
        return None if self.decision.admission is Admission.ADMITTED else self._limiter.refusal(self.decision)

    async def pay_bytes(self, size: int) -> Response | None:
        """Pay for an answer of that many bytes as for a body."""
        return await self.pay(-(-size // TOKEN_BYTES))


def partition_key(client: str, scope: str) -> str:
    """Return the partition key of a client's bucket, as a Byte Sequence (RFC 9651).

    It is the start of the SHA-256 of the client's name (``issuer:subject``, or before it is known the IPv4 address or
    the /64 of the IPv6 address), a space and the scope: ``client``, ``address``, or the method and the path template.
    """
    digest = hashlib.sha256(f"{client} {scope}".encode()).digest()[:_KEY_BYTES]
    return f":{base64.b64encode(digest).decode()}:"


def _bounded(tokens: int, limits: Iterable[Limit], decision: Decision) -> int:
    """Return the tokens that a request costs: at most half of each bucket, or of the worker's share of it."""
    most = (limit.share.full // limit.share.token if decision.alone else limit.bucket.capacity for limit in limits)
    return min([tokens, *(max(1, each // 2) for each in most)])


def _policies(limits: Iterable[Limit], quotas: Iterable[int], keys: Iterable[str]) -> bytes:
    items = zip(limits, quotas, keys, strict=True)
    return ", ".join([f'"{limit.name}";q={quota};w=60;pk={key}' for limit, quota, key in items]).encode()


def _standings(limits: Iterable[Limit], keys: Iterable[str]) -> bytes:
    items = zip(limits, keys, strict=True)
    return ", ".join([f'"{limit.name}";r=%d;t=%d;pk={key}' for limit, key in items]).encode()
