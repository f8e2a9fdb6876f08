"""One schedule of the throttle: workers that share a Redis, clients that ask for more than their quota, and faults.

Leases, breaker, local buckets and throttle are the service's own.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runtime.ports.throttling import BucketsUnavailableError, Fault
from runtime.routes import THROTTLED
from runtime.services.decisions import Admission
from runtime.services.throttling import Throttle
from runtime.settings import Bucket, Throttling
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryBuckets
from tests.simulation import clock
from tests.simulation.plan import source
from tests.simulation.schedule import Report
from tests.simulation.truth import ViolationError

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from runtime.ports.throttling import Grant, KeyedBucket

ENDPOINT = "GET /v1/namespaces/{namespace}/entries/{key}"
SECONDS = 75.0
WINDOW_SECONDS = 60.0
TIMEOUT_SECONDS = 0.25
"""The longest wait for Redis, as in ``runtime.adapters.redis_clients``."""

DECISION_SECONDS = 0.8
"""The longest time for a decision: the wait behind other requests of the client, and that for Redis."""

QUOTAS = ((5, 10), (20, 60), (20, 60), (20, 60), (60, 200), (60, 200), (60, 200), (500, 400))
"""Capacities and refills; only a large capacity lets a lease have several tokens."""

FAULTS = (Fault.AWAY, Fault.SLOW, Fault.READ_ONLY, Fault.BROKEN_KEY, Fault.POOL_FULL, None)
"""What a worker meets at Redis; None: Redis forgets every bucket."""

_TELEMETRY = Telemetry()


@dataclass(slots=True)
class Line:
    """What one worker reaches of the shared buckets."""

    shared: MemoryBuckets
    draw: random.Random
    slowest: float
    fault: Fault | None = None

    async def close(self) -> None: ...

    async def probe(self) -> None:
        if self.fault is not Fault.BROKEN_KEY:  # probes have a key of their own
            await self._fail()

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        there, back = (self.slowest * self.draw.random() ** 3 for _ in range(2))
        await self._fail()
        await asyncio.sleep(min(there, TIMEOUT_SECONDS))
        self.shared.now = time.monotonic_ns() // 1000
        grant = await self.shared.take(buckets, wanted)  # also if nobody waits any more
        if there + back > TIMEOUT_SECONDS:
            await asyncio.sleep(max(0.0, TIMEOUT_SECONDS - there))
            raise BucketsUnavailableError(Fault.SLOW)
        await asyncio.sleep(back)
        return grant

    async def _fail(self) -> None:
        if (fault := self.fault) is not None:
            await asyncio.sleep(TIMEOUT_SECONDS if fault is Fault.SLOW else 0.001)
            raise BucketsUnavailableError(fault)


@dataclass(slots=True)
class Admitted:
    """The times of the requests that were admitted, for one client."""

    shared: list[float] = field(default_factory=list)
    alone: dict[str, list[float]] = field(default_factory=dict)
    """By the worker that decided alone, from its start until it was killed."""


class Schedule:
    """A run of one seed."""

    def __init__(self, seed: str) -> None:
        self.report = Report()
        self._draw = draw = source(seed)
        capacity, refill = draw.choice(QUOTAS)
        self._bucket = Bucket(capacity=capacity, refill_per_minute=refill)
        self._shared = MemoryBuckets()
        self._slowest = draw.choice((0.002, 0.05, 0.2, 0.4))
        self._lines = [Line(self._shared, source(f"{seed} {index}"), self._slowest) for index in range(4)]
        self._starts = [0] * len(self._lines)
        self._forgotten = 0
        self._workers: list[Throttle] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._admitted = {client: Admitted() for client in ("a", "b")[: draw.choice((1, 1, 2))]}

    async def run(self) -> Report:
        """Run the schedule and return what came of it."""
        for index in range(len(self._lines)):
            self._start(index)
        faults = asyncio.create_task(self._break())
        rate = 1.5 * (self._bucket.capacity + self._bucket.refill_per_minute) / WINDOW_SECONDS
        try:
            await asyncio.gather(*(self._send(client, rate) for client in self._admitted))
            for client, admitted in self._admitted.items():
                self._check(client, admitted)
        except ViolationError as error:
            self.report.violation = error
            self._note(f"VIOLATION {error}")
        faults.cancel()
        return self.report

    def _start(self, index: int) -> None:
        limits = Throttling(address=self._bucket, client=self._bucket, endpoint=None, routes=(), replicas=2)
        throttle = Throttle(self._lines[index], limits, THROTTLED, len(self._lines) // 2, _TELEMETRY)
        self._workers[index : index + 1] = [throttle]
        self._tasks[index : index + 1] = [asyncio.create_task(throttle.maintain())]

    async def _send(self, client: str, rate: float) -> None:
        requests: list[asyncio.Task[None]] = []
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            pause = self._draw.expovariate(rate) if self._draw.random() < 0.998 else self._draw.uniform(0, 20)
            await asyncio.sleep(pause)
            requests.append(asyncio.create_task(self._request(client, self._draw.randrange(len(self._lines)))))
        await asyncio.gather(*requests)

    async def _request(self, client: str, index: int) -> None:
        worker, start, began = self._workers[index], self._starts[index], time.monotonic()
        decision = worker.decide(client, ENDPOINT) or await worker.ask(client, ENDPOINT)
        took = time.monotonic() - began
        if took > DECISION_SECONDS:
            raise ViolationError(f"a decision took {took:.3f} s")
        admitted = self._admitted[client]
        if decision.admission is Admission.ADMITTED and decision.alone:
            admitted.alone.setdefault(f"w{index}, start {start}", []).append(time.monotonic())
        elif decision.admission is Admission.ADMITTED:
            admitted.shared.append(time.monotonic())
        self._note(f"{client} by w{index}: {decision.admission}{', alone' if decision.alone else ''}")

    async def _break(self) -> None:
        for _ in range(self._draw.choice((0, 1, 3, 6))):
            await asyncio.sleep(self._draw.uniform(0, 15))
            index, whole = self._draw.randrange(len(self._lines)), self._draw.random() < 0.5
            if self._draw.random() < 0.2:
                self._note(f"w{index} is killed and started again")
                self._tasks[index].cancel()
                self._starts[index] += 1
                self._start(index)
                continue
            fault = self._draw.choice(FAULTS)
            self._note(f"fault: {fault or 'Redis forgets'} for {'all' if whole else f'w{index}'}")
            if fault is None:
                self._shared.states.clear()
                self._forgotten += 1
                continue
            lines = self._lines if whole else [self._lines[index]]
            for line in lines:
                line.fault = fault
            await asyncio.sleep(self._draw.choice((self._draw.uniform(0, 1), self._draw.uniform(1, 20))))
            for line in lines:
                line.fault = None
            self._note("fault over")

    def _check(self, client: str, admitted: Admitted) -> None:
        quota = self._bucket.capacity + self._bucket.refill_per_minute
        most = busiest_window(admitted.shared)
        if most > quota + self._forgotten * self._bucket.capacity:
            raise ViolationError(f"{client} was admitted {most} times in {WINDOW_SECONDS:.0f} s, of {quota}")
        for worker, times in admitted.alone.items():
            alone, share = busiest_window(times), quota / len(self._lines)
            if alone > max(share, 1) + 1:
                raise ViolationError(f"{client} was admitted {alone} times by {worker} alone, of a share of {share}")

    def _note(self, text: str) -> None:
        self.report.log.append(f"{time.monotonic() - clock.START_SECONDS:8.3f} {text}")


def busiest_window(times: list[float]) -> int:
    """Return the largest number of ``times`` in a window of 60 seconds."""
    first, most = 0, 0
    ordered = sorted(times)
    for index, at in enumerate(ordered):
        while ordered[first] <= at - WINDOW_SECONDS:
            first += 1
        most = max(most, index - first + 1)
    return most


def run(seed: str) -> Report:
    """Run the schedule of a seed on a simulated clock."""

    async def main() -> Report:
        return await Schedule(seed).run()

    return clock.run(seed, main())
