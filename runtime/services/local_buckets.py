"""Token buckets of one worker, for throttling without Redis at the worker's share of every rate.

Their number is bounded: a client that comes when it is reached is counted with others, in one of a few common buckets,
so that no bucket that is not full is ever forgotten, and none is refilled by coming back.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

from runtime.domain.buckets import State, debited, filled, refilled, wait_microseconds
from runtime.services.limits import own_buckets

if TYPE_CHECKING:
    from runtime.domain.buckets import Shape
    from runtime.ports.throttling import KeyedBucket
    from runtime.services.limits import Limit

MOST = 20_000
"""The most buckets of clients of their own; a client has one for itself and one for each endpoint that it uses."""

COMMON = 256
"""The number of groups that clients form once there are ``MOST`` buckets."""

PRUNED = 1_000
"""The buckets that one call of :meth:`LocalBuckets.prune` looks at."""


class Taking(NamedTuple):
    """The wait of each bucket in microseconds (all 0: a token of each was taken), and the levels that remain."""

    waits: tuple[int, ...]
    levels: tuple[int, ...]


class LocalBuckets:
    """Token buckets in this process; times are microseconds of a monotonic clock."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._held: dict[str, tuple[Shape, State]] = {}

    def __len__(self) -> int:
        """Return the number of buckets that are not known to be full."""
        return len(self._held)

    def take(self, limits: tuple[Limit, ...], client: str, now: int) -> Taking:
        """Take a token from each of the client's buckets, or from none."""
        buckets = own_buckets(limits, client)
        if len(self._held) >= self._most:
            common = own_buckets(limits, f"many, {crc32(client.encode()) % COMMON}")
            buckets = tuple(own if own.key in self._held else one for own, one in zip(buckets, common, strict=True))
        states = [self._state(bucket, now) for bucket in buckets]
        waits = tuple([wait_microseconds(bucket.shape, state) for bucket, state in zip(buckets, states, strict=True)])
        if not any(waits):
            states = [debited(bucket.shape, state, 1) for bucket, state in zip(buckets, states, strict=True)]
            self._held.update(
                (bucket.key, (bucket.shape, state)) for bucket, state in zip(buckets, states, strict=True)
            )
        return Taking(waits, tuple([state.level for state in states]))

    def prune(self, now: int) -> None:
        """Drop those of the next ``PRUNED`` buckets that are full again, and put the others at the end of the queue."""
        for key in list(islice(self._held, PRUNED)):
            shape, state = self._held.pop(key)
            if refilled(shape, state, now).level < shape.full:
                self._held[key] = (shape, state)

    def _state(self, bucket: KeyedBucket, now: int) -> State:
        if (held := self._held.get(bucket.key)) is None:
            return filled(bucket.shape, now)
        return refilled(bucket.shape, held[1], now)
