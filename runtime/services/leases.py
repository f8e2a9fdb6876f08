"""Leases: tokens that one worker holds of a client's buckets, and the last known levels of those buckets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.ports.throttling import Grant, KeyedBucket

LEASE_MICROSECONDS = 100_000
"""The target duration of a lease: the next lease doubles when this one is spent sooner, else it halves."""

LIFETIME_MICROSECONDS = 500_000
"""The age, since Redis was asked for them, at which unspent tokens are lost: the next refill replaces them.

The largest advertised quota rests on it (:class:`runtime.domain.buckets.Shape`), so no token outlives it and none is
returned. It is twice the longest wait for Redis.
"""

IDLE_MICROSECONDS = 1_000_000
"""The time without requests after which a lease is dropped."""

ALONE_MICROSECONDS = 250_000
"""The time after a failed call in which Redis is not asked for this lease: requests that waited do not wait again."""

MOST = 10_000
"""The most leases of one worker. A lease that makes room loses its tokens, which admits nothing, and its denial."""


class Lease:
    """Unspent tokens taken from all ``buckets`` of a request; times are monotonic microseconds."""

    __slots__ = (
        "_expires_at",
        "_largest",
        "_size",
        "alone_until",
        "buckets",
        "denied_until",
        "granted_at",
        "levels",
        "lock",
        "tokens",
        "used_at",
    )

    def __init__(self, buckets: Sequence[KeyedBucket], now: int) -> None:
        self.buckets = buckets
        self.lock = asyncio.Lock()
        self.tokens = 0
        self.levels = tuple(bucket.shape.full for bucket in buckets)
        self.granted_at = self.used_at = self._expires_at = now
        self.denied_until = self.alone_until = 0
        self._largest = max(1, min(bucket.shape.capacity for bucket in buckets) // 100)
        self._size = 1

    def spend(self, now: int) -> bool:
        """Spend one token, and return whether there was one that had not expired."""
        self.used_at = now
        if not self.tokens or now >= self._expires_at:
            return False
        self.tokens -= 1
        return True

    def wanted(self, now: int) -> int:
        """Return the number of tokens to ask for: the need of the last tenth of a second, at most 1 % of a bucket."""
        fast = now - self.granted_at < LEASE_MICROSECONDS
        self._size = min(self._largest, self._size * 2) if fast else max(1, self._size // 2)
        return self._size

    def renew(self, grant: Grant, asked_at: int, now: int) -> None:
        """Hold the granted tokens, or remember until when requests are denied."""
        self.tokens = grant.tokens
        self.levels = grant.levels
        self.granted_at = now
        self._expires_at = asked_at + LIFETIME_MICROSECONDS
        self.denied_until = 0 if grant.tokens else now + grant.wait_microseconds

    def failed(self, now: int) -> None:
        """Remember that Redis failed, so that requests are decided without it for a while."""
        self.alone_until = now + ALONE_MICROSECONDS

    def is_idle(self, now: int) -> bool:
        """Return whether the lease can be dropped without losing anything."""
        return not self.lock.locked() and now - self.used_at >= IDLE_MICROSECONDS
