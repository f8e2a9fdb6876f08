"""Reads through memory: never older than what the reader may expect, and mostly without a store."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.entries import EntryNotFoundError, OtherHistoryError, PreconditionFailedError, Version
from runtime.http.representations import Representation, represent
from runtime.ports.availability import UnavailableError
from runtime.services.background import Background
from runtime.services.cache import Cache
from runtime.services.entries import Entries
from tests.runtime.changing import ANYTHING, at, change, edit, put
from tests.runtime.fakes import EPOCH, MemoryChanges, MemoryEntries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import httpx

    from runtime.domain.entries import Change, Found
    from runtime.domain.preconditions import Conditions
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/n/entries/k"


class SlowEntries(MemoryEntries):
    """A store whose reads have looked, and take their time to answer while ``gate`` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.looked = asyncio.Event()

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        found = await super().read(namespace, key, at_least)
        self.looked.set()
        await self.gate.wait()
        return found


class LaggingEntries(MemoryEntries):
    """A store that answers from the snapshot ``past``, if there is one, as a standby that is behind does."""

    def __init__(self) -> None:
        super().__init__()
        self.past: Found | None = None

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        found = await super().read(namespace, key, at_least)
        if self.past is None or (at_least is not None and at_least.revision > self.past.version.revision):
            return found
        return self.past


@pytest.fixture
async def entries() -> MemoryEntries:
    """The store of the service over HTTP: it has one entry before the service starts."""
    entries = MemoryEntries()
    await put(entries, "n", "k")
    return entries


@pytest.fixture
def store() -> SlowEntries:
    return SlowEntries()


@asynccontextmanager
async def worker(
    store: MemoryEntries, settings: Settings, changes: MemoryChanges | None = None
) -> AsyncIterator[Entries[Representation]]:
    """The entries of one worker, which hears of changes."""
    cache: Cache[Representation] = Cache(1_000_000)
    following = asyncio.create_task((changes or MemoryChanges(store)).follow(cache))
    await asyncio.sleep(0)
    yield Entries(store, settings.database, cache, represent, Background(64))
    following.cancel()
    await asyncio.wait([following])


def to(value: str | None, conditions: Conditions | None = None) -> Change:
    """Return the change of the one key to a value."""
    return change(edit("n", "k", value, conditions))


async def revision(entries: Entries[Representation], at_least: Version | None = None) -> int:
    return (await entries.read("n", "k", at_least)).value.version.revision


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; the bound is for a system that is broken, not for one that is slow."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_second_read_does_not_ask_the_store(store: SlowEntries, settings: Settings) -> None:
    await put(store, "n", "k")
    async with worker(store, settings) as entries:
        assert [await revision(entries) for _ in range(5)] == [1] * 5
        for _ in range(5):
            with pytest.raises(EntryNotFoundError):
                await entries.read("n", "other")
    assert store.reads == 2


async def test_a_writer_reads_its_own_changes_at_once(store: SlowEntries, settings: Settings) -> None:
    deaf = MemoryChanges(store)
    async with worker(store, settings, deaf) as entries:
        for number in range(1, 4):
            await entries.write(to("1", ANYTHING if number > 1 else None))
            assert await revision(entries) == number
        await entries.remove(to(None, ANYTHING))
        with pytest.raises(EntryNotFoundError):
            await entries.read("n", "k")


async def test_a_change_whose_outcome_is_unknown_is_looked_up(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as entries:
        await entries.write(to("1"))
        await revision(entries)
        reads = store.reads
        store.failures = [UnavailableError("the database is busy")]
        with pytest.raises(UnavailableError):
            await entries.write(to("2", ANYTHING))
        await revision(entries)
        assert store.reads == reads + 1


async def test_a_refused_change_is_looked_up_too(store: SlowEntries, settings: Settings) -> None:
    """The refusal tells a version that the worker may not have heard of yet."""
    changes = MemoryChanges(store)
    async with worker(store, settings, changes) as entries:
        await entries.write(to("1"))
        assert await revision(entries) == 1
        await put(store, "n", "k", "2", ANYTHING)
        with pytest.raises(PreconditionFailedError):
            await entries.write(to("3", at(Version(EPOCH, 1))))
        assert await revision(entries) == 2


async def test_a_slow_read_does_not_bring_back_what_was_replaced_meanwhile(
    store: SlowEntries, settings: Settings
) -> None:
    async with worker(store, settings) as entries:
        await entries.write(to("1"))
        store.gate.clear()
        slow = asyncio.create_task(revision(entries))
        await store.looked.wait()
        await entries.write(to("2", ANYTHING))
        store.gate.set()
        assert await slow == 1  # it began before the change
        assert await revision(entries) == 2


async def test_no_read_joins_one_that_a_change_has_outdated(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as entries:
        await entries.write(to("1"))
        store.gate.clear()
        slow = asyncio.create_task(revision(entries))
        await store.looked.wait()
        written, _ = await entries.write(to("2", ANYTHING))
        asking = [
            asyncio.create_task(revision(entries, written.version)),
            asyncio.create_task(revision(entries)),
        ]
        await until(lambda: store.reads >= 3)
        store.gate.set()
        assert (await slow, [await each for each in asking]) == (1, [2, 2])


async def test_other_workers_read_a_change_that_they_have_heard_of(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as writer, worker(store, settings) as reader:
        await writer.write(to("1"))
        assert await revision(reader) == 1
        await writer.write(to("2", ANYTHING))
        async with asyncio.timeout(30):
            while await revision(reader) != 2:
                await asyncio.sleep(0.001)


async def test_while_no_change_is_heard_every_read_asks_the_store(store: SlowEntries, settings: Settings) -> None:
    changes = MemoryChanges(store)
    changes.away = True
    async with worker(store, settings, changes) as entries:
        await put(store, "n", "k")
        assert await revision(entries) == 1
        await put(store, "n", "k", "2", ANYTHING)
        assert await revision(entries) == 2
        assert store.reads == 2


async def test_many_readers_of_a_cold_key_ask_the_store_once(store: SlowEntries, settings: Settings) -> None:
    await put(store, "n", "k")
    async with worker(store, settings) as entries:
        store.gate.clear()
        readers = [asyncio.create_task(revision(entries)) for _ in range(50)]
        await store.looked.wait()
        store.gate.set()
        assert [await reader for reader in readers] == [1] * 50
    assert store.reads == 1


async def test_readers_of_any_version_and_of_one_share_their_reads_of_a_cold_key(
    store: SlowEntries, settings: Settings, told: Cache[Representation]
) -> None:
    version = (await put(store, "n", "k")).version
    entries = Entries(store, settings.database, told, represent, Background(64))
    store.gate.clear()
    asked = (None, version, Version("ffffffff", 1))
    readers = [asyncio.create_task(revision(entries, each)) for _ in range(20) for each in asked]
    await until(lambda: store.reads == 3)
    store.gate.set()
    answers = await asyncio.gather(*readers, return_exceptions=True)
    assert [answer if answer == 1 else type(answer) for answer in answers] == [1, 1, OtherHistoryError] * 20
    assert store.reads == 3


async def test_a_reader_that_hangs_up_does_not_end_the_read_of_the_others(
    store: SlowEntries, settings: Settings
) -> None:
    await put(store, "n", "k")
    async with worker(store, settings) as entries:
        store.gate.clear()
        first, second = (asyncio.create_task(revision(entries)) for _ in range(2))
        await store.looked.wait()
        first.cancel()
        await asyncio.wait([first])
        store.gate.set()
        assert (first.cancelled(), await second, store.reads) == (True, 1, 1)


async def test_many_readers_of_a_cold_key_share_a_failure_and_the_next_one_asks_again(
    store: SlowEntries, settings: Settings
) -> None:
    await put(store, "n", "k")
    async with worker(store, settings) as entries:
        store.failures = [UnavailableError("the database is busy")]
        answers = await asyncio.gather(*(revision(entries) for _ in range(5)), return_exceptions=True)
        assert [str(answer) for answer in answers] == ["the database is busy"] * 5
        assert await revision(entries) == 1


@pytest.fixture
def lagging() -> LaggingEntries:
    return LaggingEntries()


@pytest.fixture
def told() -> Cache[Representation]:
    """The memory of a worker whose feed a test drives; it has told nothing yet but that it lives."""
    cache: Cache[Representation] = Cache(1_000_000)
    cache.begin(Version(EPOCH, 0))
    cache.confirm(time.monotonic())
    return cache


async def test_a_reader_never_gets_less_than_the_version_that_it_asks_for(
    lagging: LaggingEntries, settings: Settings, told: Cache[Representation]
) -> None:
    entries = Entries(lagging, settings.database, told, represent, Background(64))
    first = (await put(lagging, "n", "k")).version
    assert await revision(entries) == 1
    lagging.past = await lagging.read("n", "k")
    second = (await put(lagging, "n", "k", "2", ANYTHING)).version
    assert await revision(entries) == 1  # from memory, as nothing else was told
    assert await revision(entries, first) == 1
    assert await revision(entries, second) == 2


async def test_a_version_that_the_worker_has_heard_of_is_answered_from_memory(
    store: SlowEntries, settings: Settings, told: Cache[Representation]
) -> None:
    entries = Entries(store, settings.database, told, represent, Background(64))
    version = (await put(store, "n", "k")).version
    assert [await revision(entries, version) for _ in range(3)] == [1] * 3
    assert store.reads == 3
    told.changed(0, 1, [("n", "k")])
    assert [await revision(entries, version) for _ in range(3)] == [1] * 3
    assert store.reads == 4
    for unknown in (Version("ffffffff", 1), Version(EPOCH, 2)):
        with pytest.raises(OtherHistoryError):
            await revision(entries, unknown)


async def test_a_snapshot_that_is_older_than_the_feed_is_answered_and_not_kept(
    lagging: LaggingEntries, settings: Settings, told: Cache[Representation]
) -> None:
    entries = Entries(lagging, settings.database, told, represent, Background(64))
    await put(lagging, "n", "k")
    lagging.past = await lagging.read("n", "k")
    await put(lagging, "n", "k", "2", ANYTHING)
    told.changed(0, 2, [("n", "k")])
    assert await revision(entries) == 1
    lagging.past = None
    assert await revision(entries) == 2


@pytest.fixture
def horizon() -> Horizon:
    """What a worker knows when the primary has told three positions, a second apart: 10, 11 and 12."""
    horizon = Horizon(3)
    for second in range(3):
        horizon.confirm(second, second, Version(EPOCH, 10 + second), datetime.now(UTC))
    return horizon


def test_a_standby_that_answers_is_no_further_behind_than_the_settings_say(horizon: Horizon) -> None:
    assert [horizon.required(now) for now in (2, 3.5, 5, 5.5)] == [
        Version(EPOCH, 10),
        Version(EPOCH, 11),
        Version(EPOCH, 12),
        None,
    ]


def test_a_standby_that_answers_has_the_changes_of_the_worker_that_reads_from_it(horizon: Horizon) -> None:
    """Otherwise a client would not read its own change."""
    horizon.made(Version(EPOCH, 17), uuid4())
    assert horizon.required(2) == Version(EPOCH, 17)


def test_a_standby_that_answers_is_no_further_behind_also_when_an_old_version_is_asked_for(horizon: Horizon) -> None:
    assert horizon.required(2, Version(EPOCH, 5)) == Version(EPOCH, 10)
    assert horizon.required(2, Version(EPOCH, 20)) == Version(EPOCH, 20)
    assert horizon.required(2, Version("ffffffff", 5)) is None


def test_no_standby_answers_until_the_primary_has_told_a_position_of_the_new_history(horizon: Horizon) -> None:
    horizon.made(Version(EPOCH, 17), uuid4())
    horizon.advance(Version("ffffffff", 4))
    assert horizon.required(2) is None
    horizon.confirm(2, 2, Version("ffffffff", 4), datetime.now(UTC))
    assert horizon.required(2) == Version("ffffffff", 4)


async def test_another_history_is_read_anew(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as entries:
        await entries.write(to("1"))
        assert await revision(entries) == 1
        store.begin_history("ffffffff")
        async with asyncio.timeout(30):
            while (await entries.read("n", "k")).value.tag != '"ffffffff-1"':
                await asyncio.sleep(0.001)


async def test_a_reader_that_holds_the_version_is_told_so_from_memory(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    read = await client.get(URL)
    asked = entries.reads
    for _ in range(3):
        again = await client.get(URL, headers={"if-none-match": read.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"0a1b2c3d-1"')
    assert entries.reads == asked


async def test_the_condition_of_a_change_is_judged_by_the_store(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await client.get(URL)
    await put(entries, "n", "k", "2", ANYTHING)
    response = await client.put(URL, json={"value": 3}, headers={"if-match": '"0a1b2c3d-1"'})
    assert (response.status_code, response.headers["etag"]) == (412, '"0a1b2c3d-2"')
