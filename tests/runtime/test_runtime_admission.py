"""Admission on a simulated clock: what an overload adds is refused soon, and what is admitted is answered soon."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle
from random import Random
from typing import TYPE_CHECKING

import pytest

from runtime.ports.availability import CircuitState, OverloadedError, TransientError
from runtime.services.admission import CALLS, INTERVAL_SECONDS, PATIENCE_SECONDS, Admission
from runtime.services.asking import Asking
from runtime.services.changes import Changes
from tests.runtime.changing import change, edit
from tests.runtime.fakes import MemoryEntries
from tests.simulation.clock import run as simulated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.entries import Change
    from runtime.ports.entries import Result
    from runtime.settings import Settings

CONNECTIONS = 10
CALL_SECONDS = 0.02
PER_SECOND = CONNECTIONS / CALL_SECONDS
"""The calls that the connections can make."""


@dataclass
class Load:
    """What became of calls that arrived at random."""

    admission: Admission
    chance: Random
    since: float
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    refusals: set[bool] = field(default_factory=set)
    """Whether those that were refused were deferrable."""

    async def call(self, *, deferrable: bool = False) -> None:
        began = time.monotonic()
        try:
            async with self.admission.turn(deferrable=deferrable):
                assert self.admission.in_use <= CONNECTIONS
                await asyncio.sleep(self.chance.expovariate(1 / CALL_SECONDS))
        except OverloadedError:
            became = self.refused
            self.refusals |= {deferrable} if began >= self.since else set()
        else:
            became = self.answered
        if began >= self.since:
            became.append(time.monotonic() - began)

    async def arrive(self, share: float, seconds: float, deferrable: float = 0.0) -> None:
        """Let calls arrive for a while, at a share of the capacity; a part of them is ``deferrable``."""
        async with asyncio.TaskGroup() as group:
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                group.create_task(self.call(deferrable=self.chance.random() < deferrable))
                await asyncio.sleep(self.chance.expovariate(share * PER_SECOND))


def loaded(share: float, seconds: float = 4, deferrable: float = 0.0) -> Load:
    """Return what became of the calls after a second, in which an overload is recognised."""

    async def run() -> Load:
        load = Load(Admission(CONNECTIONS), Random(7), time.monotonic() + 1)  # noqa: S311  # no secret
        await load.arrive(share, seconds + 1, deferrable)
        assert (load.admission.in_use, load.admission.waiting) == (0, 0)
        return load

    return simulated("admission", run())


def percentile(seconds: list[float], share: float) -> float:
    return sorted(seconds)[int(share * (len(seconds) - 1))]


def test_five_times_what_can_be_served_leaves_the_work_done_and_its_latency_as_they_were() -> None:
    normal, flooded = loaded(0.8), loaded(5)
    assert not normal.refused
    assert len(flooded.answered) >= 0.9 * PER_SECOND * 4
    assert percentile(flooded.answered, 0.99) < 2 * percentile(normal.answered, 0.99)
    assert percentile(flooded.refused, 0.99) < 2 * CALLS * CALL_SECONDS


def test_who_would_wait_for_too_long_is_refused_at_once() -> None:
    flooded = loaded(5)
    assert percentile(flooded.refused, 0.9) == 0.0


def test_three_callers_for_each_connection_are_all_answered_for_ever() -> None:
    """Each sends one request after another, so that the queue never empties."""

    async def run() -> int:
        admission, end = Admission(CONNECTIONS), time.monotonic() + 4

        async def ask() -> None:
            while time.monotonic() < end:
                async with admission.turn():
                    await asyncio.sleep(CALL_SECONDS)

        await asyncio.gather(*(ask() for _ in range(3 * CONNECTIONS)))
        return admission.refused

    assert simulated("callers", run()) == 0


def test_in_an_overload_reads_have_the_turns_of_lists() -> None:
    normal, flooded = loaded(0.8, deferrable=0.5), loaded(2, deferrable=0.75)
    assert not normal.refused
    assert flooded.refusals == {True}
    assert len(flooded.answered) >= 0.9 * PER_SECOND * 4


def test_a_burst_is_answered_whole_in_its_order() -> None:
    async def run() -> list[int]:
        admission, order = Admission(CONNECTIONS), list[int]()

        async def call(number: int) -> None:
            async with admission.turn():
                order.append(number)
                await asyncio.sleep(CALL_SECONDS)

        burst = int(0.9 * INTERVAL_SECONDS * PER_SECOND)
        await asyncio.gather(*map(call, range(burst)))
        assert len(order) == burst
        return order

    order = simulated("burst", run())
    assert order == sorted(order)


def test_an_interruption_is_no_overload() -> None:
    """A server that stands still for a while is asked by all who still wait, as soon as it goes on."""

    async def run() -> None:
        admission, held = Admission(CONNECTIONS), asyncio.Event()

        async def call() -> float:
            began = time.monotonic()
            async with admission.turn():
                await held.wait()
            return time.monotonic() - began

        early = [asyncio.create_task(call()) for _ in range(3 * CONNECTIONS)]
        await asyncio.sleep(2 * PATIENCE_SECONDS)
        late = [asyncio.create_task(call()) for _ in range(20 * CONNECTIONS)]
        await asyncio.sleep(PATIENCE_SECONDS / 2)
        held.set()
        answers = await asyncio.gather(*early, *late, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, OverloadedError)]
        assert len(refused) == admission.refused == 2 * CONNECTIONS
        assert not any(isinstance(answer, OverloadedError) for answer in answers[len(early) :])

    simulated("interruption", run())


@pytest.mark.parametrize("seed", range(5))
def test_callers_who_leave_take_no_turn_with_them(seed: int) -> None:
    async def run() -> None:
        load = Load(Admission(CONNECTIONS), Random(seed), time.monotonic())  # noqa: S311  # no secret

        async def leaves() -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(load.chance.choice((0, CALL_SECONDS, PATIENCE_SECONDS))):
                    await load.call()

        for _ in range(5):
            await asyncio.gather(*(leaves() for _ in range(20 * CONNECTIONS)))
            assert (load.admission.in_use, load.admission.waiting) == (0, 0)

    simulated(f"leaving {seed}", run())


class SlowEntries(MemoryEntries):
    """A store that takes a while for each group of changes."""

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        await asyncio.sleep(CALL_SECONDS)
        return await super().change(changes)


@pytest.mark.parametrize("share", [0.8, 5])
def test_changes_beyond_what_can_be_made_are_refused_soon_and_none_of_them_is_made(
    settings: Settings, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.services.changes.GROUP_CHANGES", 4)

    async def run() -> None:
        store = SlowEntries()
        changes, began = Changes(store, settings.database), time.monotonic()
        took: list[float] = []
        refused = 0

        async def make(number: int) -> None:
            nonlocal refused
            sent = time.monotonic()
            try:
                await changes.make(change(edit("n", f"k{number}")))
            except OverloadedError:
                refused += 1
                assert ("n", f"k{number}") not in store.entries
            if sent > began + 1:
                took.append(time.monotonic() - sent)

        async with asyncio.TaskGroup() as group:
            for number in range(int(share * 4 / CALL_SECONDS * 4)):
                group.create_task(make(number))
                await asyncio.sleep(CALL_SECONDS / (4 * share))
        assert (refused > 0) == (share > 1)
        assert len(store.entries) >= 0.9 * min(1, share) * 4 * 4 / CALL_SECONDS
        assert percentile(took, 0.99) < 2 * CALLS * CALL_SECONDS
        assert changes.circuit.state is CircuitState.CLOSED

    simulated("changes", run())


@pytest.mark.anyio
async def test_calls_that_were_not_sent_open_no_circuit(settings: Settings) -> None:
    async def crowded() -> None:
        raise OverloadedError

    asking = Asking(settings.database)
    for _ in range(20):
        with pytest.raises(OverloadedError):
            await asking.ask(crowded)
    assert asking.circuit.state is CircuitState.CLOSED


@pytest.mark.anyio
async def test_a_call_that_failed_and_found_too_many_waiting_for_its_repetition_failed(settings: Settings) -> None:
    outcomes = cycle((TransientError("the connection broke"), OverloadedError()))

    async def broken() -> None:
        raise next(outcomes)

    asking = Asking(settings.database)
    assert settings.database.circuit_breaker is not None
    for _ in range(settings.database.circuit_breaker.failure_threshold):
        with pytest.raises(TransientError):
            await asking.ask(broken)
    assert asking.circuit.state is CircuitState.OPEN
