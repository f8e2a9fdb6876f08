"""Token buckets of one worker, for throttling without Redis at the worker's share of every rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.buckets import State, debited, filled, refilled, wait_microseconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.buckets import Shape
    from runtime.ports import KeyedBucket


class LocalBuckets:
    """Token buckets in this process; times are microseconds of a monotonic clock."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Shape, State]] = {}

    def take(self, buckets: Sequence[KeyedBucket], now: int) -> tuple[int, ...]:
        """Take a token from every bucket, or from none; return the wait of each in microseconds (all 0: taken)."""
        states = [self._state(bucket, now) for bucket in buckets]
        waits = tuple(wait_microseconds(bucket.shape, state) for bucket, state in zip(buckets, states, strict=True))
        if not any(waits):
            for bucket, state in zip(buckets, states, strict=True):
                self._held[bucket.key] = (bucket.shape, debited(bucket.shape, state, 1))
        return waits

    def prune(self, now: int) -> None:
        """Drop the buckets that are full again."""
        full = [key for key, (shape, state) in self._held.items() if refilled(shape, state, now).level == shape.full]
        for key in full:
            del self._held[key]

    def clear(self) -> None:
        """Drop every bucket."""
        self._held.clear()

    def _state(self, bucket: KeyedBucket, now: int) -> State:
        if (held := self._held.get(bucket.key)) is None:
            return filled(bucket.shape, now)
        return refilled(bucket.shape, held[1], now)
