"""Groups of changes: transport alone, so that every change is judged by itself and made at most once."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runtime.domain.entries import (
    Action,
    ChangeExpiredError,
    EditsRefusedError,
    EntryNotFoundError,
    IdReusedError,
    PreconditionFailedError,
    PreconditionRequiredError,
    Version,
)
from runtime.ports.availability import OutcomeUnknownError, TransientError, UnavailableError
from runtime.services import changes as module
from runtime.services.changes import GROUP_BYTES, GROUP_CHANGES, Changes
from tests.runtime.changing import ANYTHING, NEW, at, change, edit, put
from tests.runtime.fakes import EPOCH, MemoryEntries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.entries import Change, Made
    from runtime.ports.entries import Result
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
AWAY = TransientError("the database cannot be reached")
BROKE = OutcomeUnknownError("the connection broke")
Outcome = tuple["Made", ...] | BaseException


class SlowStore(MemoryEntries):
    """A store that takes groups, and makes them when ``gate`` is open; ``breaks`` lose the answers of made ones."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.sent: list[list[Change]] = []
        self.breaks = 0

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        self.sent.append(list(changes))
        await self.gate.wait()
        results = await super().change(changes)
        if self.breaks:
            self.breaks -= 1
            raise BROKE
        return results


@dataclass
class Clock:
    """The monotonic clock of the sender and of its store's failures, which only a test moves."""

    now: float = field(default_factory=time.monotonic)

    def monotonic(self) -> float:
        return self.now


class LateStore(MemoryEntries):
    """A store that fails with ``failure``, a second later each time."""

    def __init__(self, clock: Clock, failure: Exception) -> None:
        super().__init__()
        self.calls = 0
        self._clock = clock
        self._failure = failure

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        self.calls += 1
        self._clock.now += 1
        raise self._failure


@pytest.fixture
def attempts(settings: Settings) -> int:
    assert settings.database.retry.attempts is not None
    return settings.database.retry.attempts


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
def sender(store: SlowStore, settings: Settings) -> Changes:
    return Changes(store, settings.database)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


async def outcome(task: asyncio.Task[tuple[Made, ...]]) -> Outcome:
    """Return the result of a change; the bound is for a sender that forgot it, not for a slow one."""
    async with asyncio.timeout(30):
        (answer,) = await asyncio.gather(task, return_exceptions=True)
    return answer


async def made(sender: Changes, changes: Sequence[Change]) -> list[Outcome]:
    """Make changes at the same time, and return their results in order."""
    return [await outcome(task) for task in [asyncio.create_task(sender.make(each)) for each in changes]]


async def waiting(sender: Changes, changes: Sequence[Change]) -> list[asyncio.Task[tuple[Made, ...]]]:
    """Let changes wait at a store that does not answer."""
    tasks = [asyncio.create_task(sender.make(each)) for each in changes]
    for _ in range(3):
        await asyncio.sleep(0)
    return tasks


async def occupied(sender: Changes, deadline: float | None = None) -> list[asyncio.Task[tuple[Made, ...]]]:
    """Let the sender wait at a store that does not answer."""
    return await waiting(sender, [_until(deadline, "k0") if deadline else change(edit("n", "k0"))])


def creations(number: int, value: str = "1") -> list[Change]:
    return [change(edit("n", f"k{n}", value)) for n in range(number)]


async def test_changes_that_wait_at_the_same_time_are_sent_together(store: SlowStore, sender: Changes) -> None:
    results = await made(sender, creations(10))
    assert [result[0].version.revision for result in results if isinstance(result, tuple)] == list(range(1, 11))
    assert store.groups == [10]


async def test_each_change_of_a_group_is_judged_alone_and_has_its_own_revision(
    store: SlowStore, sender: Changes
) -> None:
    first = (await put(store, "n", "old")).version
    store.groups.clear()
    results = await made(
        sender,
        [
            change(edit("n", "a", "1", NEW)),
            change(edit("n", "old", "2")),
            change(edit("n", "old", "2", at(Version(EPOCH, 9)))),
            change(edit("n", "gone", None)),
            change(edit("n", "old", "2", at(first))),
            change(edit("n", "old", "3", at(first))),
            change(edit("n", "a", None, ANYTHING)),
        ],
    )
    assert store.groups == [7]
    kinds = [
        (result[0].action, result[0].version.revision) if isinstance(result, tuple) else type(result)
        for result in results
    ]
    assert kinds == [
        (Action.CREATE, 2),
        PreconditionRequiredError,
        PreconditionFailedError,
        EntryNotFoundError,
        (Action.REPLACE, 3),
        PreconditionFailedError,
        (Action.DELETE, 4),
    ]


async def test_the_edits_of_one_change_share_a_revision_and_are_made_together_or_not_at_all(
    store: SlowStore, sender: Changes
) -> None:
    both = change(edit("n", "a", "1", NEW), edit("m", "b", "1", NEW))
    refused = change(edit("n", "c", "1", NEW), edit("n", "a", "2", NEW))
    (first, second) = await made(sender, [both, refused])
    assert isinstance(first, tuple)
    assert [each.version.revision for each in first] == [1, 1]
    assert isinstance(second, EditsRefusedError)
    assert [refusal.index for refusal in second.refusals] == [1]
    assert store.entries.keys() == {("n", "a"), ("m", "b")}


async def test_one_group_is_under_way_and_everything_else_becomes_the_next(store: SlowStore, sender: Changes) -> None:
    store.gate.clear()
    tasks = await occupied(sender)
    later = [change(edit("n", f"later{n}")) for n in range(8)]
    tasks += await waiting(sender, later)
    assert [len(group) for group in store.sent] == [1]
    store.gate.set()
    assert all([isinstance(await outcome(task), tuple) for task in tasks])
    assert [len(group) for group in store.sent] == [1, 8]
    assert store.sent[1] == later


@pytest.mark.parametrize("rounds", range(5))
async def test_a_change_that_arrives_as_the_last_group_ends_is_sent(sender: Changes, rounds: int) -> None:
    async def after_some_rounds_of_the_loop() -> tuple[Made, ...]:
        for _ in range(rounds):
            await asyncio.sleep(0)
        return await sender.make(change(edit("n", "late")))

    tasks = [asyncio.create_task(sender.make(each)) for each in creations(1)]
    late = asyncio.create_task(after_some_rounds_of_the_loop())
    assert all([isinstance(await outcome(task), tuple) for task in (*tasks, late)])


async def test_a_group_is_bounded_in_number(store: SlowStore, sender: Changes) -> None:
    results = await made(sender, creations(2 * GROUP_CHANGES + 1))
    assert all(isinstance(result, tuple) for result in results)
    assert [len(group) for group in store.sent] == [GROUP_CHANGES, GROUP_CHANGES, 1]


async def test_a_group_is_bounded_in_bytes_and_a_change_that_is_larger_goes_alone(
    store: SlowStore, sender: Changes
) -> None:
    part = '"' + "x" * (GROUP_BYTES // 3) + '"'
    large = '"' + "x" * (GROUP_BYTES + 1) + '"'
    changes = creations(5, part)
    changes.insert(2, change(edit("n", "large", large)))
    results = await made(sender, changes)
    assert all(isinstance(result, tuple) for result in results)
    assert [len(group) for group in store.sent] == [2, 1, 2, 1]


async def test_a_change_whose_caller_has_gone_is_not_sent(store: SlowStore, sender: Changes) -> None:
    store.gate.clear()
    tasks = await occupied(sender)
    gone, stays = await waiting(sender, [change(edit("n", "gone")), change(edit("n", "stays"))])
    gone.cancel()
    store.gate.set()
    assert all([isinstance(await outcome(task), tuple) for task in [*tasks, stays]])
    assert isinstance(await outcome(gone), asyncio.CancelledError)
    assert {key for _, key in store.entries} == {"k0", "stays"}


async def test_a_caller_that_goes_while_its_change_is_under_way_disturbs_no_other(
    store: SlowStore, sender: Changes
) -> None:
    store.gate.clear()
    gone, stays = await waiting(sender, creations(2))
    gone.cancel()
    store.gate.set()
    assert isinstance(await outcome(stays), tuple)
    assert [len(group) for group in store.sent] == [2]


async def test_a_change_whose_caller_has_gone_is_not_sent_again(store: SlowStore, sender: Changes) -> None:
    store.gate.clear()
    store.failures = [AWAY]
    gone, stays = await waiting(sender, creations(2))
    gone.cancel()
    store.gate.set()
    assert isinstance(await outcome(stays), tuple)
    assert [len(group) for group in store.sent] == [2, 1]
    assert {key for _, key in store.entries} == {"k1"}


async def test_what_changed_nothing_is_sent_again_as_often_as_the_settings_say(
    store: SlowStore, sender: Changes, attempts: int
) -> None:
    store.failures = [AWAY] * (attempts - 1)
    assert all(isinstance(result, tuple) for result in await made(sender, creations(3)))
    store.sent.clear()
    store.failures = [AWAY] * attempts
    assert await made(sender, [change(edit("n", "other"))] * 1) == [AWAY]
    assert (len(store.sent), store.failures) == (attempts, [])


async def test_what_is_not_transient_is_not_sent_again(store: SlowStore, sender: Changes) -> None:
    busy = UnavailableError("the database is busy")
    store.failures = [busy]
    assert await made(sender, creations(3)) == [busy] * 3
    assert (len(store.sent), store.entries) == (1, {})
    assert all(isinstance(result, tuple) for result in await made(sender, creations(3)))


async def test_a_defect_is_the_answer_to_its_group_and_the_next_group_is_sent(
    store: SlowStore, sender: Changes
) -> None:
    defect = ZeroDivisionError("a defect")
    store.failures = [defect]
    assert await made(sender, creations(2)) == [defect] * 2
    assert all(isinstance(result, tuple) for result in await made(sender, creations(2)))


async def test_a_change_that_was_made_before_the_connection_broke_is_answered_as_made(
    store: SlowStore, sender: Changes
) -> None:
    first = (await put(store, "n", "k")).version
    store.sent.clear()
    store.breaks = 2
    changes = [change(edit("n", "k", "2", at(first))), change(edit("n", "new", "1", NEW)), change(edit("n", "x", None))]
    replaced, created, absent = await made(sender, changes)
    assert isinstance(replaced, tuple)
    assert isinstance(created, tuple)
    assert (replaced[0].action, replaced[0].version.revision) == (Action.REPLACE, 2)
    assert (created[0].action, created[0].version.revision) == (Action.CREATE, 3)
    assert isinstance(absent, EntryNotFoundError)
    assert [[each.id for each in group] for group in store.sent] == [[each.id for each in changes]] * 3
    assert store.version == Version(EPOCH, 3)


async def test_a_change_that_was_not_made_before_the_connection_broke_is_made_once(
    store: SlowStore, sender: Changes, attempts: int
) -> None:
    """Every kind of failure may follow: the outcome stays unknown until the store answers."""
    store.failures = [BROKE, AWAY, UnavailableError("the database is busy")] * attempts
    ((result),) = await made(sender, creations(1))
    assert isinstance(result, tuple)
    assert result[0].version == store.version == Version(EPOCH, 1)


async def test_the_id_of_another_change_is_refused_also_within_one_group(store: SlowStore, sender: Changes) -> None:
    id_ = uuid4()
    first, same, other = await made(sender, [change(edit("n", "k", value), id_=id_) for value in ("1", "1", "2")])
    assert isinstance(first, tuple)
    assert same == first
    assert isinstance(other, IdReusedError)
    assert store.version == Version(EPOCH, 1)


@pytest.mark.parametrize(
    ("failure", "attempts", "answer"),
    [(AWAY, 100, ChangeExpiredError), (BROKE, 1, OutcomeUnknownError)],
)
async def test_nothing_is_sent_after_its_deadline_and_the_answer_says_whether_it_may_have_been_made(
    clock: Clock, settings: Settings, failure: Exception, attempts: int, answer: type[Exception]
) -> None:
    store = LateStore(clock, failure)
    often = {"attempts": attempts, "budget_retries": 100}
    retry = settings.database.retry.model_copy(update=often)
    sender = Changes(store, settings.database.model_copy(update={"retry": retry}))
    early, late = (_until(clock.now + seconds, key) for seconds, key in ((2, "early"), (5, "late")))
    assert [type(result) for result in await made(sender, [early, late])] == [answer] * 2
    assert store.calls == 5


async def test_a_change_that_waited_past_its_deadline_is_not_sent(
    store: SlowStore, sender: Changes, clock: Clock
) -> None:
    store.gate.clear()
    ever = time.monotonic() + 3600  # the store has a clock of its own
    tasks = await occupied(sender, ever)
    late, stays = await waiting(sender, [_until(clock.now + 5, "late"), _until(ever, "stays")])
    clock.now += 5
    store.gate.set()
    assert all([isinstance(await outcome(task), tuple) for task in [*tasks, stays]])
    assert isinstance(await outcome(late), ChangeExpiredError)
    assert {edit.key for group in store.sent for each in group for edit in each.edits} == {"k0", "stays"}


def _until(deadline: float, key: str) -> Change:
    return replace(change(edit("n", key)), deadline=deadline)
