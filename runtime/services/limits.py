"""The limits of each endpoint, and their standing for the RateLimit fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runtime.domain.buckets import MICROSECONDS_PER_MINUTE, Shape
from runtime.ports.throttling import KeyedBucket
from runtime.services.leases import LIFETIME_MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Collection

    from runtime.settings import Bucket, Throttling


ADDRESS = "address"
"""The endpoint, in name only, of requests whose client has not proven yet who it is: limited by address."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One bucket of an endpoint: ``name`` is the policy's name in the headers, ``scope`` ends the bucket's key."""

    name: str
    scope: str
    bucket: Bucket
    shape: Shape
    """The bucket that workers share by leases."""
    most: int
    """The tokens of that bucket when it is full."""
    share: Shape
    """The equal part of the bucket that each worker has without Redis."""
    strict: bool
    """Whether nothing is admitted without Redis."""

    @property
    def quota(self) -> int:
        """The most requests that a window of 60 seconds admits."""
        return self.bucket.capacity + self.bucket.refill_per_minute

    @property
    def share_quota(self) -> int:
        """The most requests that a window of 60 seconds admits in one worker without Redis."""
        return 0 if self.strict else (self.share.full + self.share.refill * MICROSECONDS_PER_MINUTE) // self.share.token


class Standing(NamedTuple):
    """The rest of a policy's quota: ``remaining`` tokens for the next ``seconds``."""

    name: str
    remaining: int
    seconds: int


def limits_by_client(
    throttling: Throttling, endpoints: Collection[str], shares: int
) -> dict[str, dict[str, tuple[Limit, ...]]]:
    """Return the limits of the clients that have their own, as :func:`limits_by_endpoint` does those of the others."""
    return {
        item.client: limits_by_endpoint(
            throttling.model_copy(
                update={
                    "client": throttling.client and item.bucket,
                    "endpoint": throttling.endpoint and item.bucket,
                }
            ),
            endpoints,
            shares,
        )
        for item in throttling.clients
    }


def limits_by_endpoint(throttling: Throttling, endpoints: Collection[str], shares: int) -> dict[str, tuple[Limit, ...]]:
    """Return the limits of every endpoint (method and route template), for the scopes that the settings define.

    ``shares`` is the number of workers of all replicas.
    """
    named: dict[str, Bucket] = {limit.route: limit.bucket for limit in throttling.routes}
    strict = {limit.route for limit in throttling.routes if limit.strict}
    return {ADDRESS: (_limit(ADDRESS, ADDRESS, throttling.address, shares, strict=False),)} | {
        endpoint: tuple(
            _limit(name, scope, bucket, shares, strict=scope in strict)
            for name, scope, bucket in (
                ("client", "client", throttling.client),
                ("endpoint", endpoint, named.get(endpoint, throttling.endpoint)),
            )
            if bucket is not None
        )
        for endpoint in endpoints
    }


def _limit(name: str, scope: str, bucket: Bucket, shares: int, *, strict: bool) -> Limit:
    capacity, refill = bucket.capacity, bucket.refill_per_minute
    shape = Shape(capacity, refill, lag=LIFETIME_MICROSECONDS)
    return Limit(name, scope, bucket, shape, shape.full // shape.token, Shape(capacity, refill, shares), strict)


def shared_buckets(limits: tuple[Limit, ...], client: str) -> tuple[KeyedBucket, ...]:
    """Return the client's buckets, which all workers share."""
    return tuple(KeyedBucket(_key(limit, client), limit.shape) for limit in limits)


def own_buckets(limits: tuple[Limit, ...], client: str) -> tuple[KeyedBucket, ...]:
    """Return this worker's parts of the client's buckets, for a worker without Redis."""
    return tuple(KeyedBucket(_key(limit, client), limit.share) for limit in limits)


def _key(limit: Limit, client: str) -> str:
    """Return the bucket's key; the client is its hash tag, so that Redis Cluster keeps its buckets in one slot."""
    return f"cbp:throttle:{{{client}}}:{limit.scope}"


def standings(
    limits: tuple[Limit, ...], levels: tuple[int, ...], microseconds: int, leased: int
) -> tuple[Standing, ...]:
    """Return the standing of each limit, ``microseconds`` after its ``levels`` (parts of a token) were read.

    The ``leased`` tokens of this worker count as remaining; tokens that others took since then are not known.
    """
    found = []
    for limit, level in zip(limits, levels, strict=True):
        refill = limit.shape.refill
        tokens, part = divmod(level + microseconds * refill, MICROSECONDS_PER_MINUTE)
        seconds = -(-(MICROSECONDS_PER_MINUTE - part) // (refill * 1_000_000))
        found.append(Standing(limit.name, min(limit.most, tokens + leased), seconds))
    return tuple(found)


def own_standings(limits: tuple[Limit, ...], levels: tuple[int, ...]) -> tuple[Standing, ...]:
    """Return the standing of each limit in this worker's part of its bucket, which is at a level."""
    found = []
    for limit, level in zip(limits, levels, strict=True):
        share = limit.share
        tokens, part = divmod(level, share.token)
        seconds = -(-(share.token - part) // (share.refill * 1_000_000))
        found.append(Standing(limit.name, min(share.full // share.token, tokens), seconds))
    return tuple(found)
