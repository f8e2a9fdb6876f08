"""The limits of each endpoint, and their standing for the RateLimit fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runtime.domain.buckets import MICROSECONDS_PER_MINUTE, Shape
from runtime.ports import KeyedBucket
from runtime.services.leases import LIFETIME_MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.settings import Bucket, Throttling


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


class Standing(NamedTuple):
    """The rest of a policy's quota: ``remaining`` tokens for the next ``seconds``."""

    name: str
    remaining: int
    seconds: int


def limits_by_endpoint(throttling: Throttling, endpoints: Iterable[str]) -> dict[str, tuple[Limit, ...]]:
    """Return the limits of every endpoint (method and route template), for the scopes that the settings define."""
    named: dict[str, Bucket] = {limit.route: limit.bucket for limit in throttling.routes}
    return {
        endpoint: tuple(
            _limit(name, scope, bucket)
            for name, scope, bucket in (
                ("client", "client", throttling.client),
                ("endpoint", endpoint, named.get(endpoint, throttling.endpoint)),
            )
            if bucket is not None
        )
        for endpoint in endpoints
    }


def _limit(name: str, scope: str, bucket: Bucket) -> Limit:
    shape = Shape(bucket.capacity, bucket.refill_per_minute, lag=LIFETIME_MICROSECONDS)
    return Limit(name, scope, bucket, shape, shape.full // shape.token)


def shared_buckets(limits: tuple[Limit, ...], client: str) -> tuple[KeyedBucket, ...]:
    """Return the client's buckets, which all workers share."""
    return tuple(KeyedBucket(_key(limit, client), limit.shape) for limit in limits)


def local_buckets(limits: tuple[Limit, ...], client: str, shares: int) -> tuple[KeyedBucket, ...]:
    """Return one of ``shares`` equal parts of the client's buckets, for a worker without Redis."""
    shapes = (Shape(limit.bucket.capacity, limit.bucket.refill_per_minute, shares) for limit in limits)
    return tuple(KeyedBucket(_key(limit, client), shape) for limit, shape in zip(limits, shapes, strict=True))


def _key(limit: Limit, client: str) -> str:
    """Return the bucket's key; the client is its hash tag, so that Redis Cluster keeps its buckets in one slot."""
    return f"cbp:throttle:{{{client}}}:{limit.scope}"


def standings(
    limits: tuple[Limit, ...], levels: tuple[int, ...], microseconds: int, leased: int
) -> tuple[Standing, ...]:
    """Return the standing of each limit, ``microseconds`` after its ``levels`` (parts of a token) were read.

    The ``leased`` tokens of this worker count as remaining; tokens that others took since then are not known.
    """
    return tuple([_standing(limit, level, microseconds, leased) for limit, level in zip(limits, levels, strict=True)])


def _standing(limit: Limit, level: int, microseconds: int, leased: int) -> Standing:
    refill = limit.bucket.refill_per_minute
    tokens, part = divmod(level + microseconds * refill, MICROSECONDS_PER_MINUTE)
    next_token = -(-(MICROSECONDS_PER_MINUTE - part) // refill)
    return Standing(limit.name, min(limit.most, tokens + leased), -(-next_token // 1_000_000))
