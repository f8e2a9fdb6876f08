"""The part of a client's buckets that one worker holds, and what it knows about the rest."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.ports import Grant, KeyedBucket

LEASE_MICROSECONDS = 100_000
"""The time that a lease should last: one that is spent sooner is followed by one of twice the size, else of half."""

EXPIRY_MICROSECONDS = 1_000_000
"""The age at which unspent tokens go back, so that no worker sits on what another one needs."""


class Lease:
    """Tokens taken from all the ``buckets`` of a request and not yet spent; times are monotonic microseconds."""

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
        """Spend one token, if there is one."""
        self.used_at = now
        if not self.tokens:
            return False
        self.tokens -= 1
        return True

    def wanted(self, now: int) -> int:
        """Return how many tokens to ask for: as many as the last tenth of a second needed, 1 % of a bucket at most."""
        fast = now - self.granted_at < LEASE_MICROSECONDS
        self._size = min(self._largest, self._size * 2) if fast else max(1, self._size // 2)
        return self._size

    def renew(self, grant: Grant, now: int) -> None:
        """Hold what was granted, or remember until when nothing will be."""
        self.tokens = grant.tokens
        self.levels = grant.levels
        self.granted_at = now
        self.denied_until = 0 if grant.tokens else now + grant.wait_microseconds

    def surrender(self) -> int:
        """Give up what is unspent and return how much it was."""
        tokens, self.tokens = self.tokens, 0
        return tokens

    def is_stale(self, now: int) -> bool:
        """Tell whether its tokens are too old to keep."""
        return self.tokens > 0 and now - self.granted_at >= EXPIRY_MICROSECONDS

    def is_idle(self, now: int) -> bool:
        """Tell whether nothing is lost by forgetting it."""
        return not self.tokens and not self.lock.locked() and now - self.used_at >= EXPIRY_MICROSECONDS
