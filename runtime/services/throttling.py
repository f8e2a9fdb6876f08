"""Throttling of requests by token buckets that every worker of every replica shares.

A worker takes a small lease of tokens from the client's buckets in Redis, spends it in memory, and remembers a denial
for the wait that Redis returned. A request for which Redis fails is decided by the worker's share of the rates, changes
too; after several failures no request asks Redis until probes, which write as requests do, have succeeded in a row.
The share is debited through losses and returns alike: coming and going refills nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from typing import TYPE_CHECKING

import structlog

from runtime.ports.availability import Outage
from runtime.ports.throttling import BucketsUnavailableError, Fault
from runtime.services.decisions import Admission, Decision, decide, decide_alone
from runtime.services.leases import MOST, Lease
from runtime.services.limits import limits_by_client, limits_by_endpoint, shared_buckets
from runtime.services.local_buckets import LocalBuckets
from runtime.services.loss_detector import LossDetector

if TYPE_CHECKING:
    from collections.abc import Collection

    from runtime.ports.throttling import TokenBuckets
    from runtime.services.limits import Limit
    from runtime.settings import Throttling
    from runtime.telemetry import Telemetry

TICK_SECONDS = 0.25
HEALTHY_TICKS = 4
"""While nothing is suspicious, one tick in so many probes Redis: an idle worker learns of a loss before clients do."""

PATIENCE_MICROSECONDS = 500_000
"""The wait behind other requests of the client after which a request does not ask a Redis that is slow, but answers."""

_UNLIMITED = Decision(Admission.ADMITTED)
_OF_THE_REQUEST = frozenset({Fault.BROKEN_KEY, Fault.POOL_FULL})
"""Faults that say nothing about Redis: the request is decided alone, and the worker goes on."""

_log = structlog.get_logger(__name__)


class Throttle:
    """The throttle of one worker; ``workers`` is the number of workers in this replica."""

    def __init__(
        self,
        buckets: TokenBuckets,
        throttling: Throttling,
        endpoints: Collection[str],
        workers: int,
        telemetry: Telemetry,
    ) -> None:
        self._buckets = buckets
        shares = throttling.replicas * workers
        self._limits = limits_by_endpoint(throttling, endpoints, shares)
        self._of_clients = limits_by_client(throttling, endpoints, shares)
        self._telemetry = telemetry
        self._leases: dict[tuple[str, str], Lease] = {}
        self._alone = LocalBuckets()
        self._detector = LossDetector()
        self.outage: Outage | None = None
        """The fault for which the shared buckets were lost; None while this worker uses them."""

    @property
    def degraded(self) -> bool:
        """Whether this worker throttles alone."""
        return self._detector.lost

    def limits(self, client: str, endpoint: str) -> tuple[Limit, ...]:
        """Return the limits of a client at an endpoint."""
        return self._of_clients.get(client, self._limits)[endpoint]

    def decide(self, client: str, endpoint: str) -> Decision | None:
        """Decide on a request of ``client`` to ``endpoint`` (method and route template) from this worker's lease.

        Returns None when the lease cannot decide; call :meth:`ask` then.
        """
        limits = self.limits(client, endpoint)
        if not limits:
            return _UNLIMITED
        lease = self._leases.get((client, endpoint))
        return decide(lease, limits, _now()) if lease is not None and not self.degraded else None

    async def ask(self, client: str, endpoint: str) -> Decision:
        """Decide by the shared buckets or, when they fail, by this worker's share of the rates."""
        limits = self.limits(client, endpoint)
        decision = None if self.degraded else await self._ask(self._lease(client, endpoint), limits)
        if decision is None:
            decision = decide_alone(self._alone, limits, client, _now())
            self._telemetry.alone.count(decision.admission.value)
        return decision

    async def maintain(self) -> None:
        """Drop what is not needed and probe Redis, until cancelled."""
        for tick in itertools.count(1):
            await asyncio.sleep(TICK_SECONDS)
            self.drop_idle()
            if self._detector.suspicious or tick % HEALTHY_TICKS == 0:
                await self.probe()

    async def probe(self) -> None:
        """Do with the shared buckets what requests need; several successes in a row end a loss."""
        try:
            await self._buckets.probe()
        except BucketsUnavailableError as error:
            self._telemetry.faults.count(error.fault.value)
            if error.fault is not Fault.POOL_FULL:
                self._count(error)
            return
        if self._detector.succeeded(_now()):
            self.outage = None
            self._telemetry.degraded.set(0)
            _log.info("the shared buckets are used again")

    def drop_idle(self) -> None:
        """Drop the leases of clients that send nothing, and some local buckets that are full again."""
        now = _now()
        for name in [name for name, lease in self._leases.items() if lease.is_idle(now)]:
            del self._leases[name]
        self._alone.prune(now)

    def _lease(self, client: str, endpoint: str) -> Lease:
        lease = self._leases.get((client, endpoint))
        if lease is None:
            if len(self._leases) >= MOST:
                del self._leases[next(iter(self._leases))]
            buckets = shared_buckets(self.limits(client, endpoint), client)
            lease = self._leases[client, endpoint] = Lease(buckets, _now())
        return lease

    async def _ask(self, lease: Lease, limits: tuple[Limit, ...]) -> Decision | None:
        """Return a decision by the shared buckets, or None when they failed, for this request or the one before it."""
        until = _now() + PATIENCE_MICROSECONDS
        async with lease.lock:
            while (decision := decide(lease, limits, _now())) is None:
                asked_at = _now()
                if self.degraded or asked_at < lease.alone_until or asked_at >= until:
                    return None
                try:
                    grant = await self._buckets.take(lease.buckets, lease.wanted(asked_at))
                except BucketsUnavailableError as error:
                    lease.failed(_now())
                    self._fail(error)
                else:
                    lease.renew(grant, asked_at, _now())
                    if not self.degraded:  # answers that were on their way end no loss
                        self._detector.succeeded(_now())
        return decision

    def _fail(self, error: BucketsUnavailableError) -> None:
        self._telemetry.faults.count(error.fault.value)
        if error.fault not in _OF_THE_REQUEST:
            self._count(error)

    def _count(self, error: BucketsUnavailableError) -> None:
        if self._detector.failed(_now()):
            self.outage = Outage(error.fault, _now() / 1_000_000)
            self._leases.clear()
            self._telemetry.degraded.set(1)
            self._telemetry.losses.count(error.fault.value)
            _log.warning(
                "the shared buckets are lost: this worker throttles alone",
                fault=error.fault.value,
                error=str(error.__cause__),
            )


def _now() -> int:
    return time.monotonic_ns() // 1000
