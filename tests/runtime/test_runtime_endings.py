"""Ends of deliveries: recorded together, each with its own outcome, while their lanes go on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from runtime.domain.deliveries import Subscription
from runtime.domain.namespaces import EVERY_NAME
from runtime.ports.availability import UnavailableError
from runtime.services.deliveries import Deliveries
from runtime.services.endings import MOST_TOGETHER, Endings
from runtime.telemetry import Telemetry
from tests.runtime.changing import change, edit
from tests.runtime.fakes import MemoryAudit, MemoryEntries
from tests.runtime.memory_deliveries import MemoryDeliveries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runtime.domain.deliveries import Delivery
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
FIS = Subscription("fis")


class Counted(MemoryDeliveries):
    """A queue that keeps how many ends each statement records; ``before`` is called before each of them."""

    def __init__(self, entries: MemoryEntries) -> None:
        super().__init__(entries, MemoryAudit())
        self.together: list[int] = []
        self.before: Callable[[], None] = lambda: None

    async def done(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        self.before()
        self.together.append(len(deliveries))
        return await super().done(deliveries)


class Receiver:
    """A receiver that takes every event at once."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    async def deliver(self, _: str, event: bytes) -> None:
        self.events.append(json.loads(event))


@pytest.fixture
def entries() -> MemoryEntries:
    return MemoryEntries()


@pytest.fixture
async def counted(entries: MemoryEntries) -> Counted:
    """A queue with a subscriber that follows from now on."""
    queue = Counted(entries)
    await queue.fan_out(FIS, 0, 1, 1)
    return queue


def worker(queue: Counted, settings: Settings) -> tuple[Deliveries, Receiver, Telemetry]:
    receiver, telemetry = Receiver(), Telemetry()
    return Deliveries(queue, settings.queue, 0.1, "urn:cbp:test", {FIS: receiver}, telemetry), receiver, telemetry


def counts(telemetry: Telemetry) -> dict[str, str]:
    """The deliveries by their outcomes."""
    telemetry.write()
    lines = telemetry.exposition().decode().splitlines()
    found = [line.split('outcome="')[1].split('"} ') for line in lines if line.startswith("queue_deliveries_total{")]
    return {outcome: number for outcome, number in found if number != "0.0"}


async def test_ends_of_a_few_milliseconds_are_one_statement_and_lanes_go_on_meanwhile(
    entries: MemoryEntries, counted: Counted, settings: Settings
) -> None:
    deliveries, receiver, telemetry = worker(counted, settings)
    await entries.change([change(edit(f"n{number % 4}", f"k{number}")) for number in range(12)])
    await deliveries.turn()
    await deliveries.drain()
    assert (len(receiver.events), counted.together) == (12, [12])
    assert counts(telemetry) == {"delivered": "12.0"}


async def test_each_end_has_its_own_outcome_and_a_statement_a_bound(entries: MemoryEntries, counted: Counted) -> None:
    await entries.change([change(edit("n", f"k{number}")) for number in range(MOST_TOGETHER + 10)])
    await counted.fan_out(FIS, 0, 1000, 1000)
    claimed = await counted.claim(["fis"], 1, 1000, 60)
    given = [replace(each, claim=uuid4()) if number % 3 == 0 else each for number, each in enumerate(claimed)]
    telemetry = Telemetry()
    endings = Endings(counted, telemetry)
    ended = [endings.end(each) for each in given]
    await endings.recorded()
    assert [each.result() for each in ended] == [number % 3 != 0 for number in range(len(given))]
    assert counted.together == [MOST_TOGETHER, 10]
    assert counts(telemetry) == {"delivered": "177.0", "lost": "89.0"}


async def test_a_lane_ends_where_its_claim_is_lost(
    entries: MemoryEntries, counted: Counted, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Others have claimed what this worker was about to deliver: it delivers no more of the lane."""
    deliveries, receiver, telemetry = worker(counted, settings)
    await entries.change([change(edit("n", f"k{number}")) for number in range(5)])
    recorded = asyncio.Event()

    async def deliver(_: str, event: bytes) -> None:
        receiver.events.append(json.loads(event))
        if len(receiver.events) == 2:
            await recorded.wait()
            await asyncio.sleep(0)

    def lose() -> None:
        counted.claimed_by_others("fis")
        recorded.set()

    monkeypatch.setattr(receiver, "deliver", deliver)
    counted.before = lose
    await deliveries.turn()
    await deliveries.drain()
    assert len(receiver.events) == 2
    assert counts(telemetry) == {"lost": "2.0"}


@pytest.mark.parametrize("failure", [UnavailableError("the database is away"), ValueError("a defect")])
async def test_deliveries_whose_ends_are_not_recorded_are_made_again_when_the_claim_has_run_out(
    entries: MemoryEntries, counted: Counted, settings: Settings, failure: Exception
) -> None:
    short = settings.model_copy(update={"queue": settings.queue.model_copy(update={"visibility_seconds": 0.2})})
    deliveries, receiver, telemetry = worker(counted, short)
    await entries.change([change(edit("n", "a"), edit("n", "b"))])
    counted.before = lambda: counted.failures.append(failure)
    await deliveries.turn()
    await deliveries.drain()
    counted.before = lambda: None
    assert counts(telemetry) == {}
    async with asyncio.timeout(10):
        while len(await counted.page("fis", None, EVERY_NAME, (0, 0), 10)):
            await deliveries.turn()
            await deliveries.drain()
            await asyncio.sleep(0.01)
    subjects = [each["subject"] for each in receiver.events]
    assert subjects == ["n/a", "n/b", "n/a", "n/b"]
    assert len({each["id"] for each in receiver.events}) == 2


async def test_a_worker_that_stops_records_what_it_has_delivered(
    entries: MemoryEntries, counted: Counted, settings: Settings
) -> None:
    deliveries, receiver, _ = worker(counted, settings)
    await entries.change([change(edit("n", "a"))])
    working = asyncio.create_task(deliveries.repeat())
    async with asyncio.timeout(10):
        while not receiver.events:
            await asyncio.sleep(0)
    working.cancel()
    await asyncio.wait({working})
    assert counted.together == [1]
    assert await counted.page("fis", None, EVERY_NAME, (0, 0), 10) == []
