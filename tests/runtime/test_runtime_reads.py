"""Reads through memory: never older than what the reader may expect, and mostly without a store."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from runtime.domain.entries import EntryNotFoundError, Json
from runtime.domain.preconditions import Conditions, Tags
from runtime.http.representations import Representation, represent
from runtime.ports import OutcomeUnknownError
from runtime.services.cache import Cache
from runtime.services.entries import Entries
from tests.runtime.fakes import MemoryChanges, MemoryEntries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from runtime.domain.entries import Entry
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
ANYTHING = Conditions(if_match=Tags(anything=True))
URL = "/v1/namespaces/n/entries/k"


class SlowEntries(MemoryEntries):
    """A store whose reads have looked, and take their time to answer while ``gate`` is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.gate.set()
        self.looked = asyncio.Event()

    async def read(self, namespace: str, key: str) -> Entry | None:
        found = await super().read(namespace, key)
        self.looked.set()
        await self.gate.wait()
        return found


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
    yield Entries(store, settings.database.retry, cache, represent)
    following.cancel()
    await asyncio.wait([following])


async def revision(entries: Entries[Representation]) -> int:
    return (await entries.read("n", "k")).revision


async def test_a_second_read_does_not_ask_the_store(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as entries:
        written, _ = await entries.write("n", "k", Json("1"), Conditions())
        assert [await entries.read("n", "k") for _ in range(5)] == [written] * 5
        for _ in range(5):
            with pytest.raises(EntryNotFoundError):
                await entries.read("n", "other")
    assert store.reads == 2


async def test_a_writer_reads_its_own_changes_at_once(store: SlowEntries, settings: Settings) -> None:
    deaf = MemoryChanges(store)
    async with worker(store, settings, deaf) as entries:
        for number in range(1, 4):
            await entries.write("n", "k", Json("1"), ANYTHING if number > 1 else Conditions())
            assert await revision(entries) == number
        await entries.remove("n", "k", ANYTHING)
        with pytest.raises(EntryNotFoundError):
            await entries.read("n", "k")


async def test_a_change_whose_outcome_is_unknown_is_looked_up(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as entries:
        await entries.write("n", "k", Json("1"), Conditions())
        await revision(entries)
        reads = store.reads
        store.failures = [OutcomeUnknownError("the connection broke")]
        with pytest.raises(OutcomeUnknownError):
            await entries.write("n", "k", Json("2"), ANYTHING)
        await revision(entries)
        assert store.reads == reads + 1


async def test_a_slow_read_does_not_bring_back_what_was_replaced_meanwhile(
    store: SlowEntries, settings: Settings
) -> None:
    async with worker(store, settings) as entries:
        await entries.write("n", "k", Json("1"), Conditions())
        store.gate.clear()
        slow = asyncio.create_task(revision(entries))
        await store.looked.wait()
        await entries.write("n", "k", Json("2"), ANYTHING)
        store.gate.set()
        assert await slow == 1  # it began before the change
        assert await revision(entries) == 2


async def test_other_workers_read_a_change_that_they_have_heard_of(store: SlowEntries, settings: Settings) -> None:
    async with worker(store, settings) as writer, worker(store, settings) as reader:
        await writer.write("n", "k", Json("1"), Conditions())
        assert await revision(reader) == 1
        await writer.write("n", "k", Json("2"), ANYTHING)
        async with asyncio.timeout(30):
            while await revision(reader) != 2:
                await asyncio.sleep(0.001)


async def test_while_no_change_is_heard_every_read_asks_the_store(store: SlowEntries, settings: Settings) -> None:
    changes = MemoryChanges(store)
    changes.away = True
    async with worker(store, settings, changes) as entries:
        await store.write("n", "k", Json("1"), Conditions())
        assert await revision(entries) == 1
        await store.write("n", "k", Json("2"), ANYTHING)
        assert await revision(entries) == 2
        assert store.reads == 2


async def test_a_reader_that_holds_the_revision_is_told_so_from_memory(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await entries.write("n", "k", Json("1"), Conditions())
    read = await client.get(URL)
    for _ in range(3):
        again = await client.get(URL, headers={"if-none-match": read.headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", '"1"')
    assert entries.reads == 1


async def test_the_condition_of_a_change_is_judged_by_the_store(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await entries.write("n", "k", Json("1"), Conditions())
    await client.get(URL)
    await entries.write("n", "k", Json("2"), ANYTHING)
    response = await client.put(URL, json={"value": 3}, headers={"if-match": '"1"'})
    assert (response.status_code, response.headers["etag"]) == (412, '"2"')
