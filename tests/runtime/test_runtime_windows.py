"""The advertised quota holds in every window, leases, workers and restarts included, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.domain.buckets import MICROSECONDS_PER_MINUTE
from runtime.routes import THROTTLED
from runtime.services import throttling
from runtime.services.decisions import Admission
from runtime.services.throttling import Throttle
from runtime.settings import Bucket, Throttling
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryBuckets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.ports.throttling import Grant, KeyedBucket

ENDPOINT = "GET /v1/namespaces/{namespace}/entries/{key}"
CLIENT = "192.0.2.1"
WORKERS = 4
FLOOD_STEP = 50_000
"""Microseconds between two requests of a flood to each worker."""


class DistantBuckets(MemoryBuckets):
    """Shared buckets that are ``away_microseconds`` from the workers, there and back."""

    def __init__(self, away_microseconds: int) -> None:
        super().__init__()
        self._away = away_microseconds

    def monotonic_ns(self) -> int:
        return self.now * 1000

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        self.now += self._away
        grant = await super().take(buckets, wanted)
        self.now += self._away
        return grant


class Workers:
    """The workers of all replicas, and the times of the requests that they admitted."""

    def __init__(self, bucket: Bucket, buckets: DistantBuckets) -> None:
        self.admitted: list[int] = []
        self.buckets = buckets
        self._limits = Throttling(address=bucket, client=bucket, endpoint=None, routes=(), replicas=2)
        self._all = [self._worker() for _ in range(WORKERS)]

    def _worker(self) -> Throttle:
        return Throttle(self.buckets, self._limits, THROTTLED, 2, Telemetry())

    def restart(self, index: int) -> None:
        self._all[index] = self._worker()

    async def request(self, index: int) -> None:
        worker = self._all[index]
        decision = worker.decide(CLIENT, ENDPOINT) or await worker.ask(CLIENT, ENDPOINT)
        if decision.admission is Admission.ADMITTED:
            self.admitted.append(self.buckets.now)

    async def flood(self, seconds: int) -> None:
        end = self.buckets.now + seconds * 1_000_000
        while self.buckets.now < end:
            for index, worker in enumerate(self._all):
                await self.request(index)
                worker.drop_idle()
            self.buckets.now += FLOOD_STEP

    def busiest_window(self) -> int:
        """Return the largest number of requests that were admitted in a window of 60 seconds."""
        first, most = 0, 0
        for index, at in enumerate(self.admitted):
            while self.admitted[first] <= at - MICROSECONDS_PER_MINUTE:
                first += 1
            most = max(most, index - first + 1)
        return most


STEPS = st.lists(
    st.tuples(
        st.integers(0, WORKERS - 1),
        st.integers(1, 40),  # requests
        st.integers(0, 20_000),  # microseconds between two of them
        st.integers(0, 2_000_000),  # microseconds of silence afterwards
        st.booleans(),  # whether the worker is restarted
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(st.integers(200, 500), st.integers(1, 900), st.integers(0, 100_000), STEPS)
def test_no_window_of_sixty_seconds_admits_more_than_the_quota(
    capacity: int, refill: int, away: int, steps: list[tuple[int, int, int, int, bool]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        assert _busiest_window(patch, Bucket(capacity=capacity, refill_per_minute=refill), away, steps) <= (
            capacity + refill
        )


@pytest.mark.parametrize(
    "steps",
    [
        [(0, 8, 1_000, 0, False), (1, 2, 1_000, 240_000, False)],
        [(0, 4, 1_000, 420_000, False)],  # a bucket that refilled to its whole capacity would admit 2,001
    ],
)
def test_leases_that_workers_hold_when_a_window_begins_are_part_of_its_quota(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[int, int, int, int, bool]]
) -> None:
    busiest = _busiest_window(monkeypatch, Bucket(capacity=1000, refill_per_minute=1000), 0, steps)
    assert 1_985 < busiest <= 2_000


def _busiest_window(
    patch: pytest.MonkeyPatch, bucket: Bucket, away: int, steps: list[tuple[int, int, int, int, bool]]
) -> int:
    buckets = DistantBuckets(away)
    patch.setattr(throttling, "time", buckets)
    workers = Workers(bucket, buckets)

    async def run() -> None:
        for worker, requests, gap, silence, restarted in steps:
            for _ in range(requests):
                await workers.request(worker)
                buckets.now += gap
            buckets.now += silence
            if restarted:
                workers.restart(worker)
        await workers.flood(61)

    asyncio.run(run())
    return workers.busiest_window()
