"""Requests admitted while Redis fails, by the real throttle on a clock that the test moves (docs/runtime.md, Limits).

Four workers of two replicas are flooded by one client whose quota is 2,000 in 60 seconds: 1,000 and 1,000 a minute.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.domain.buckets import MICROSECONDS_PER_MINUTE
from runtime.ports.throttling import BucketsUnavailableError, Fault
from runtime.routes import THROTTLED
from runtime.services import throttling
from runtime.services.decisions import Admission
from runtime.services.throttling import Throttle
from runtime.settings import Bucket, Throttling
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryBuckets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runtime.ports.throttling import Grant, KeyedBucket

ENDPOINT = "GET /v1/namespaces/{namespace}/entries/{key}"
WORKERS = 4
CAPACITY, REFILL = 1000, 1000
QUOTA = CAPACITY + REFILL
STEP = 10_000
"""Microseconds between two requests to each worker: six times what the quota allows."""

TICK = 25
"""Steps between two probes."""


class Line:
    """What one worker reaches of the shared buckets."""

    def __init__(self, shared: MemoryBuckets) -> None:
        self.shared = shared
        self.fault: Fault | None = None

    async def close(self) -> None: ...

    async def probe(self) -> None:
        if self.fault is not Fault.BROKEN_KEY:  # probes have a key of their own
            self._fail()

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        self._fail()
        return await self.shared.take(buckets, wanted)

    def _fail(self) -> None:
        if self.fault is not None:
            raise BucketsUnavailableError(self.fault)


class Flood:
    """One client that sends to every worker, and the times at which it was admitted."""

    def __init__(self) -> None:
        self.shared = MemoryBuckets()
        self.lines = [Line(self.shared) for _ in range(WORKERS)]
        self.admitted: list[int] = []
        self.alone = 0
        self.workers = [self._worker(line) for line in self.lines]

    def monotonic_ns(self) -> int:
        return self.shared.now * 1000

    def run(self, seconds: float, change: Callable[[int], object] = lambda _: None) -> None:
        """Send for a time; ``change`` is called with the number of each step."""
        asyncio.run(self._run(int(seconds * 1_000_000 / STEP), change))

    def break_all(self, fault: Fault | None) -> None:
        for line in self.lines:
            line.fault = fault

    def restart(self, index: int) -> None:
        self.workers[index] = self._worker(self.lines[index])

    def busiest_window(self) -> int:
        """Return the largest number of requests that were admitted in a window of 60 seconds."""
        first, most = 0, 0
        for index, at in enumerate(self.admitted):
            while self.admitted[first] <= at - MICROSECONDS_PER_MINUTE:
                first += 1
            most = max(most, index - first + 1)
        return most

    def _worker(self, line: Line) -> Throttle:
        bucket = Bucket(capacity=CAPACITY, refill_per_minute=REFILL)
        limits = Throttling(address=bucket, client=bucket, endpoint=None, routes=(), replicas=2)
        return Throttle(line, limits, THROTTLED, WORKERS // 2, Telemetry())

    async def _run(self, steps: int, change: Callable[[int], object]) -> None:
        for step in range(steps):
            change(step)
            for worker in self.workers:
                if step % TICK == 0:
                    worker.drop_idle()
                    await worker.probe()
                decision = worker.decide("c", ENDPOINT) or await worker.ask("c", ENDPOINT)
                if decision.admission is Admission.ADMITTED:
                    self.admitted.append(self.shared.now)
                    self.alone += decision.alone
            self.shared.now += STEP


@pytest.fixture
def flood(monkeypatch: pytest.MonkeyPatch) -> Flood:
    flood = Flood()
    monkeypatch.setattr(throttling, "time", flood)
    return flood


def test_a_healthy_redis_admits_the_quota(flood: Flood) -> None:
    flood.run(62)
    assert QUOTA - 20 < flood.busiest_window() <= QUOTA
    assert flood.alone == 0


@pytest.mark.parametrize("fault", [Fault.AWAY, Fault.READ_ONLY, Fault.SLOW])
def test_a_redis_that_is_lost_when_its_buckets_are_empty_admits_the_quota_once_more(flood: Flood, fault: Fault) -> None:
    flood.run(25)
    flood.break_all(fault)
    flood.run(40)
    assert QUOTA + CAPACITY - 20 < flood.busiest_window() <= 2 * QUOTA
    assert flood.alone <= QUOTA


@pytest.mark.parametrize("period", [1, 7, 25, 400])
def test_a_redis_that_comes_and_goes_admits_the_quota_once_more_however_often(flood: Flood, period: int) -> None:
    """PING answered, writes were refused: 9,307 were admitted in 12 seconds, where 1,200 were allowed."""
    flood.run(65, lambda step: flood.break_all(Fault.TOO_FEW_REPLICAS if step // period % 2 else None))
    assert flood.busiest_window() <= 2 * QUOTA
    assert flood.alone <= QUOTA + REFILL // 10


@pytest.mark.parametrize("cut", [1, 2, 3])
def test_workers_that_are_cut_off_admit_their_shares_besides_the_quota_of_the_others(flood: Flood, cut: int) -> None:
    def change(_: int) -> None:
        for line in flood.lines[:cut]:
            line.fault = Fault.AWAY

    flood.run(62, change)
    share = QUOTA * cut // WORKERS
    assert QUOTA + share - 40 <= flood.busiest_window() <= QUOTA + share


def test_a_broken_key_admits_the_shares_of_all_workers_which_are_the_quota(flood: Flood) -> None:
    flood.break_all(Fault.BROKEN_KEY)
    flood.run(62)
    assert QUOTA - 20 < flood.busiest_window() <= QUOTA
    assert not any(worker.degraded for worker in flood.workers)


@pytest.mark.parametrize("times", [1, 3])
def test_each_time_that_redis_forgets_admits_a_capacity_more(flood: Flood, times: int) -> None:
    """A master that is lost with the last second of debits, or a restart without its data."""
    every = 62_000_000 // STEP // (times + 1)
    flood.run(61, lambda step: flood.shared.states.clear() if step and step % every == 0 else None)
    assert QUOTA + (times - 1) * CAPACITY < flood.busiest_window() <= QUOTA + times * CAPACITY


def test_each_worker_that_restarts_while_redis_is_away_admits_its_burst_once_more(flood: Flood) -> None:
    flood.break_all(Fault.AWAY)
    flood.run(5)
    flood.restart(0)
    flood.run(57)
    burst = CAPACITY // WORKERS
    assert QUOTA + burst - 20 < flood.busiest_window() <= QUOTA + burst


FAULTS = st.lists(
    st.tuples(
        st.integers(1, 500),  # steps
        st.lists(st.sampled_from([None, *Fault]), min_size=WORKERS, max_size=WORKERS),
    ),
    max_size=25,
)


@settings(max_examples=15)
@given(FAULTS)
def test_no_schedule_of_faults_admits_more_than_twice_the_quota_in_any_window(
    schedule: list[tuple[int, list[Fault | None]]],
) -> None:
    flood = Flood()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(throttling, "time", flood)
        for steps, faults in schedule:
            for line, fault in zip(flood.lines, faults, strict=True):
                line.fault = fault
            flood.run(steps * STEP / 1_000_000)
        flood.break_all(None)
        flood.run(2)
    assert flood.busiest_window() <= 2 * QUOTA
