"""Token buckets in Redis: one Lua script per operation, with Redis's own clock.

Where there are sentinels, each probe asks them for the master, so that a failover is followed with the next probe.
"""

from __future__ import annotations

import math
import secrets
import time
from collections import deque
from contextlib import suppress
from importlib.resources import files
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

from runtime.adapters.redis_clients import CONNECTING_SECONDS, TIMEOUT_SECONDS, client, location_of
from runtime.adapters.redis_faults import bounded
from runtime.adapters.redis_sentinels import SentinelGroup
from runtime.domain.buckets import Shape
from runtime.ports.throttling import BucketsUnavailableError, Grant, KeyedBucket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from runtime.adapters.redis_clients import Location
    from runtime.environment import Address, Sentinels
    from runtime.telemetry import Telemetry

_CONNECTIONS = 16
_PROBED = Shape(1000, 60_000)
_log = structlog.get_logger(__name__)


class RedisTokenBuckets:
    """A ``TokenBuckets`` on one bounded pool of connections, with short timeouts and no retries."""

    def __init__(self, address: Address, telemetry: Telemetry, sentinels: Sentinels | None = None) -> None:
        self._address = address
        self._telemetry = telemetry
        self._sentinels = SentinelGroup(sentinels, address) if sentinels else None
        self._probed = KeyedBucket(f"cbp:throttle:{{probe}}:{secrets.token_hex(4)}", _PROBED)
        self._script = files("runtime.adapters").joinpath("take.lua").read_text(encoding="utf-8")
        self._left: deque[tuple[float, Redis]] = deque()
        self._connect(location_of(address))

    @property
    def client(self) -> Redis:
        """The client of the server that holds the buckets now; sentinels may name another one later."""
        return self._client

    async def close(self) -> None:
        """Close every connection."""
        await self._close_left(until=math.inf)
        await self._client.aclose()
        if self._sentinels is not None:
            await self._sentinels.close()

    async def probe(self) -> None:
        """See :class:`runtime.ports.throttling.TokenBuckets`."""
        await self._close_left(until=time.monotonic() - CONNECTING_SECONDS)
        if self._sentinels is not None:
            await self._follow(self._sentinels)
        async with bounded(CONNECTING_SECONDS):
            await self._client.ping()  # leaves the pool a connection, which the time of the debit is not to include
        await self._debit("probe", (self._probed,), 1)

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        """See :class:`runtime.ports.throttling.TokenBuckets`."""
        return await self._debit("take", buckets, wanted)

    async def _debit(self, operation: str, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        self._telemetry.redis_calls.count(operation)
        async with bounded(TIMEOUT_SECONDS):
            tokens, wait, *levels = await self._take(*_arguments(buckets, wanted))
        return Grant(tokens, wait, tuple(levels))

    async def _follow(self, sentinels: SentinelGroup) -> None:
        """Connect to the master that the sentinels name; without an answer of theirs, stay where it was."""
        try:
            location = await sentinels.master()
        except BucketsUnavailableError as error:
            self._telemetry.faults.count(error.fault.value)
            return
        if location != self._location:
            _log.info("the sentinels name another master", host=location[0], port=location[1])
            self._left.append((time.monotonic(), self._client))
            self._connect(location)

    async def _close_left(self, *, until: float) -> None:
        """Close the connections to earlier masters that were left ``until`` then (monotonic seconds).

        Calls on them have ended: redis-py fails with an AttributeError when a connection is closed under a call.
        """
        while self._left and self._left[0][0] <= until:
            _, left = self._left.popleft()
            with suppress(RedisError, OSError):
                await left.aclose()

    def _connect(self, location: Location) -> None:
        self._location = location
        self._client = client(self._address, _CONNECTIONS, location)
        self._take = self._client.register_script(self._script)


def _arguments(buckets: Sequence[KeyedBucket], tokens: int) -> tuple[list[str], list[int]]:
    shapes = (bucket.shape for bucket in buckets)
    return [bucket.key for bucket in buckets], [
        tokens,
        *(n for shape in shapes for n in (shape.full, shape.refill)),
    ]
