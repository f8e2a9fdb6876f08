"""Leases: tokens that one worker holds of a client's buckets, and the last known levels of those buckets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.ports import Grant, KeyedBucket

LEASE_MICROSECONDS = 100_000
"""The target duration of a lease: the next lease doubles when this one is spent sooner, else it halves."""

EXPIRY_MICROSECONDS = 1_000_000
"""The age at which unspent tokens are returned, so that other workers can use them."""


class Lease:
    """Unspent tokens taken from all ``buckets`` of a request; times are monotonic microseconds."""

    __slots__ = ("_largest", "_size", "buckets", "denied_until", "granted_at", "levels", "lock", "tokens", "used_at")

    def __init__(self, buckets: Sequence[KeyedBucket], now: int) -> None:
        self.buckets = buckets
        self.lock = asyncio.Lock()
        self.tokens = 0
        self.levels = tuple(bucket.shape.full for bucket in buckets)
        self.granted_at = self.used_at = now
        self.denied_until = 0
        self._largest = max(1, min(bucket.shape.capacity for bucket in buckets) // 100)
        self._size = 1

    def spend(self, now: int) -> bool:
        """Spend one token, and return whether there was one."""
        self.used_at = now
        if not self.tokens:
            return False
        self.tokens -= 1
        return True

    def wanted(self, now: int) -> int:
        """Return the number of tokens to ask for: the need of the last tenth of a second, at most 1 % of a bucket."""
        fast = now - self.granted_at < LEASE_MICROSECONDS
        self._size = min(self._largest, self._size * 2) if fast else max(1, self._size // 2)
        return self._size

    def renew(self, grant: Grant, now: int) -> None:
        """Hold the granted tokens, or remember until when requests are denied."""
        self.tokens = grant.tokens
        self.levels = grant.levels
        self.granted_at = now
        self.denied_until = 0 if grant.tokens else now + grant.wait_microseconds

    def surrender(self) -> int:
        """Give up the unspent tokens and return their number."""
        tokens, self.tokens = self.tokens, 0
        return tokens

    def is_stale(self, now: int) -> bool:
        """Return whether its tokens are too old to keep."""
        return self.tokens > 0 and now - self.granted_at >= EXPIRY_MICROSECONDS

    def is_idle(self, now: int) -> bool:
        """Return whether the lease can be dropped without losing tokens."""
        return not self.tokens and not self.lock.locked() and now - self.used_at >= EXPIRY_MICROSECONDS
