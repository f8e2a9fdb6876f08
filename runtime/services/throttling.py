"""Throttling of requests by token buckets that every worker of every replica shares.

A worker takes a small lease of tokens from the client's buckets in Redis, spends it in memory, and remembers a denial
for the wait that Redis returned. Without Redis it admits only reads, at its share of the rates, and probes Redis in the
background, so that no request waits for a reconnection.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from runtime.ports import UnavailableError
from runtime.services.decisions import Admission, Decision, decide
from runtime.services.leases import Lease
from runtime.services.limits import limits_by_endpoint, local_buckets, shared_buckets
from runtime.services.local_buckets import LocalBuckets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.ports import TokenBuckets
    from runtime.services.limits import Limit
    from runtime.settings import Throttling
    from runtime.telemetry import Telemetry

PROBE_SECONDS = 0.25
_UNLIMITED = Decision(Admission.ADMITTED)
_log = structlog.get_logger(__name__)


class Throttle:
    """The throttle of one worker; ``workers`` is the number of workers in this replica."""

    def __init__(
        self,
        buckets: TokenBuckets,
        throttling: Throttling,
        endpoints: Iterable[str],
        workers: int,
        telemetry: Telemetry,
    ) -> None:
        self.degraded = False
        self._buckets = buckets
        self._limits = limits_by_endpoint(throttling, endpoints)
        self._shares = throttling.replicas * workers
        self._telemetry = telemetry
        self._leases: dict[tuple[str, str], Lease] = {}
        self._alone = LocalBuckets()

    def limits(self, endpoint: str) -> tuple[Limit, ...]:
        """Return the limits of an endpoint."""
        return self._limits[endpoint]

    def decide(self, client: str, endpoint: str) -> Decision | None:
        """Decide on a request of ``client`` to ``endpoint`` (method and route template) from this worker's lease.

        Returns None when the lease cannot decide; call :meth:`ask` then.
        """
        limits = self._limits[endpoint]
        if not limits:
            return _UNLIMITED
        lease = self._leases.get((client, endpoint))
        return decide(lease, limits, _now()) if lease is not None and not self.degraded else None

    async def ask(self, client: str, endpoint: str, *, changes: bool) -> Decision:
        """Decide by the shared buckets or, when they are unavailable, by this worker's share of the rates."""
        limits = self._limits[endpoint]
        decision = None if self.degraded else await self._ask(self._lease(client, endpoint), limits)
        return decision or self._admit_alone(client, limits, changes=changes)

    async def maintain(self) -> None:
        """Drop idle leases and probe a lost Redis, until cancelled."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            if self.degraded:
                self._alone.prune(_now())
                await self.probe()
            else:
                self.drop_idle()

    async def probe(self) -> None:
        """Ping the shared buckets, and use them again if they respond."""
        try:
            await self._buckets.ping()
        except UnavailableError as error:
            self._lose(error)
            return
        if self.degraded:
            self.degraded = False
            self._telemetry.degraded.set(0)
            self._alone.clear()
            _log.info("the shared buckets are available again")

    def drop_idle(self) -> None:
        """Drop the leases of clients that send nothing."""
        now = _now()
        for name in [name for name, lease in self._leases.items() if lease.is_idle(now)]:
            del self._leases[name]

    def _lease(self, client: str, endpoint: str) -> Lease:
        lease = self._leases.get((client, endpoint))
        if lease is None:
            buckets = shared_buckets(self._limits[endpoint], client)
            lease = self._leases[client, endpoint] = Lease(buckets, _now())
        return lease

    async def _ask(self, lease: Lease, limits: tuple[Limit, ...]) -> Decision | None:
        async with lease.lock:
            while (decision := decide(lease, limits, _now())) is None and not self.degraded:
                asked_at = _now()
                try:
                    grant = await self._buckets.take(lease.buckets, lease.wanted(asked_at))
                except UnavailableError as error:
                    self._lose(error)
                else:
                    lease.renew(grant, asked_at, _now())
        return decision

    def _admit_alone(self, client: str, limits: tuple[Limit, ...], *, changes: bool) -> Decision:
        if changes:
            return Decision(Admission.CLOSED, retry_after_seconds=1)
        buckets = local_buckets(limits, client, self._shares)
        waits = self._alone.take(buckets, _now())
        if not any(waits):
            return Decision(Admission.ADMITTED)
        denied_by = tuple(limit.name for limit, wait in zip(limits, waits, strict=True) if wait)
        return Decision(Admission.DENIED, -(-max(waits) // 1_000_000), denied_by)

    def _lose(self, error: UnavailableError) -> None:
        if not self.degraded:
            self.degraded = True
            self._telemetry.degraded.set(1)
            self._leases.clear()
            _log.warning(
                "the shared buckets are unavailable: this worker throttles locally", error=repr(error.__cause__)
            )


def _now() -> int:
    return time.monotonic_ns() // 1000
