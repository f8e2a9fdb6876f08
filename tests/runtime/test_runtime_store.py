"""The contract of an entry store, on the fake and on PostgreSQL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_migrations import migrate
from runtime.domain.entries import EntryNotFoundError, Json, PreconditionFailedError, PreconditionRequiredError
from runtime.domain.preconditions import Conditions, Tags, entity_tag
from runtime.environment import Address
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryEntries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.ports import EntryStore
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
ANYTHING = Conditions(if_match=Tags(anything=True))
NEW = Conditions(if_none_match=Tags(anything=True))


@pytest.fixture(params=["memory", "postgres"])
def address(request: pytest.FixtureRequest) -> Address | None:
    return Address(request.getfixturevalue("database_url")) if request.param == "postgres" else None


@pytest.fixture
async def store(address: Address | None, settings: Settings) -> AsyncIterator[EntryStore]:
    if address is None:
        yield MemoryEntries()
        return
    await migrate(address, settings.database)
    store = PostgresEntries(address, settings.database, Telemetry())
    await store.open()
    yield store
    await store.close()


def at(revision: int) -> Conditions:
    return Conditions(if_match=Tags(frozenset({entity_tag(revision)})))


async def test_what_was_written_is_read(store: EntryStore) -> None:
    value = Json('{"limit":123456789012345678901234567890,"rate":1.10,"text":"ä\\n\\"","big":1E400}')
    written, created = await store.write("payments", "limits", value, Conditions())
    assert (written.value, written.revision, created) == (value, 1, True)
    assert await store.read("payments", "limits") == written
    assert await store.read("payments", "other") is None
    assert await store.read("other", "limits") is None


async def test_revisions_grow_over_all_namespaces_and_are_never_used_again(store: EntryStore) -> None:
    first, _ = await store.write("a", "k", Json("1"), Conditions())
    second, _ = await store.write("b", "k", Json("1"), Conditions())
    third, created = await store.write("a", "k", Json("2"), at(first.revision))
    await store.remove("a", "k", at(third.revision))
    fifth, _ = await store.write("a", "k", Json("3"), NEW)
    assert [second.revision, third.revision, created, fifth.revision] == [2, 3, False, 5]


async def test_times_never_go_back(store: EntryStore) -> None:
    first, _ = await store.write("a", "k", Json("1"), Conditions())
    second, _ = await store.write("a", "k", Json("2"), ANYTHING)
    assert first.updated_at <= second.updated_at
    assert second.updated_at.tzinfo is not None


async def test_a_change_is_judged_by_its_conditions(store: EntryStore) -> None:
    entry, _ = await store.write("a", "k", Json("1"), NEW)
    with pytest.raises(PreconditionRequiredError):
        await store.write("a", "k", Json("2"), Conditions())
    with pytest.raises(PreconditionFailedError):
        await store.write("a", "k", Json("2"), NEW)
    with pytest.raises(PreconditionFailedError):
        await store.remove("a", "k", at(entry.revision + 1))
    with pytest.raises(PreconditionFailedError):
        await store.write("a", "other", Json("2"), ANYTHING)
    assert await store.read("a", "k") == entry


async def test_a_refused_change_uses_no_revision(store: EntryStore) -> None:
    with pytest.raises(PreconditionFailedError):
        await store.write("a", "k", Json("1"), ANYTHING)
    with pytest.raises(EntryNotFoundError):
        await store.remove("a", "k", Conditions())
    entry, _ = await store.write("a", "k", Json("1"), Conditions())
    assert entry.revision == 1


async def test_what_was_removed_is_gone(store: EntryStore) -> None:
    await store.write("a", "k", Json("1"), Conditions())
    await store.remove("a", "k", ANYTHING)
    assert await store.read("a", "k") is None
    with pytest.raises(EntryNotFoundError):
        await store.remove("a", "k", Conditions())


async def test_pages_follow_each_other_in_key_order(store: EntryStore) -> None:
    keys = ["B", "_x", "a", "a-b", "a.b", "b"]
    for key in reversed(keys):
        await store.write("a", key, Json(f'"{key}"'), Conditions())
    await store.write("b", "c", Json("1"), Conditions())
    seen, after = [], ""
    for size in (2, 4):
        page = await store.scan("a", after, size)
        seen += [entry.key for entry in page.entries]
        assert page.next == (seen[-1] if len(seen) < len(keys) else None)
        after = page.next or ""
    assert seen == sorted(keys) == keys
    assert (await store.scan("a", "b", 10)).entries == ()
    assert (await store.scan("nothing", "", 10)).entries == ()


async def test_of_many_creators_one_wins(store: EntryStore) -> None:
    outcomes = await asyncio.gather(
        *(store.write("a", "k", Json(str(n)), NEW) for n in range(20)), return_exceptions=True
    )
    assert sum(not isinstance(outcome, BaseException) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, PreconditionFailedError) for outcome in outcomes) == 19


async def test_no_increment_of_many_writers_is_lost(store: EntryStore) -> None:
    await store.write("a", "counter", Json("0"), NEW)

    async def increment() -> None:
        while True:
            entry = await store.read("a", "counter")
            assert entry is not None
            try:
                await store.write("a", "counter", Json(str(int(entry.value) + 1)), at(entry.revision))
            except PreconditionFailedError:
                continue
            return

    await asyncio.gather(*(increment() for _ in range(20)))
    entry = await store.read("a", "counter")
    assert entry is not None
    assert (entry.value, entry.revision) == ("20", 21)
