"""The contract of a change feed, on the fake and on PostgreSQL, and what becomes of PostgreSQL's when it breaks."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_changes import PostgresChanges
from runtime.adapters.postgres_migrations import migrate
from runtime.domain.entries import Json
from runtime.domain.preconditions import Conditions, Tags
from runtime.environment import Address
from runtime.http.representations import Representation, represent
from runtime.services.cache import STALE_SECONDS, Cache
from runtime.services.entries import Entries
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryChanges, MemoryEntries
from tests.runtime.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from runtime.ports import ChangeFeed, EntryStore
    from runtime.settings import Database, Settings

pytestmark = pytest.mark.anyio
ANYTHING = Conditions(if_match=Tags(anything=True))
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'cbp-changes' AND datname = current_database()"


class Follower:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.revision = 0
        self.begun: list[int] = []
        self.told: list[tuple[int, str, str]] = []
        self.confirmed: list[float] = []
        self.losses = 0

    def begin(self, revision: int) -> None:
        self.begun.append(revision)
        self.revision = revision

    def changed(self, revision: int, namespace: str, key: str) -> None:
        if revision == self.revision + 1:
            self.revision = revision
            self.told.append((revision, namespace, key))

    def confirm(self, asked_at: float) -> None:
        self.confirmed.append(asked_at)

    def lose(self) -> None:
        self.losses += 1


@pytest.fixture
def database(settings: Settings) -> Database:
    return settings.database


@pytest.fixture
async def postgres_store(database_url: str, database: Database) -> AsyncIterator[PostgresEntries]:
    await migrate(Address(database_url), database)
    store = PostgresEntries(Address(database_url), database, Telemetry())
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(params=["memory", "postgres"])
def address(request: pytest.FixtureRequest) -> Address | None:
    return Address(request.getfixturevalue("database_url")) if request.param == "postgres" else None


@pytest.fixture
async def pair(address: Address | None, database: Database) -> AsyncIterator[Pair]:
    if address is None:
        entries = MemoryEntries()
        yield entries, MemoryChanges(entries)
        return
    await migrate(address, database)
    store = PostgresEntries(address, database, Telemetry())
    await store.open()
    yield store, PostgresChanges(address, database)
    await store.close()


Pair = tuple["EntryStore", "ChangeFeed"]


@asynccontextmanager
async def following(feed: ChangeFeed, follower: Follower | Cache[Representation]) -> AsyncIterator[None]:
    task = asyncio.create_task(feed.follow(follower))
    yield
    task.cancel()
    await asyncio.wait([task])


async def until(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; the bound is for a system that is broken, not for one that is slow."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def test_every_change_is_told_in_the_order_of_the_revisions(pair: Pair) -> None:
    store, feed = pair
    await store.write("n", "before", Json("1"), Conditions())
    follower = Follower()
    async with following(feed, follower):
        await until(lambda: bool(follower.confirmed))
        await store.write("n", "k", Json("1"), Conditions())
        await store.write("n", "k", Json("2"), ANYTHING)
        await store.remove("n", "k", ANYTHING)
        await asyncio.gather(*(store.write("m", f"k{n}", Json("1"), Conditions()) for n in range(20)))
        await until(lambda: follower.revision == 24)
    assert follower.begun == [1]
    assert follower.told[:3] == [(2, "n", "k"), (3, "n", "k"), (4, "n", "k")]
    assert {key for _, _, key in follower.told[3:]} == {f"k{n}" for n in range(20)}


async def test_a_feed_confirms_that_it_lives_again_and_again_and_says_when_it_ends(pair: Pair) -> None:
    _, feed = pair
    follower = Follower()
    started = time.monotonic()
    async with following(feed, follower):
        await until(lambda: len(follower.confirmed) >= 3)
        assert follower.losses == 0
    assert started <= follower.confirmed[0] < follower.confirmed[1] < follower.confirmed[2] <= time.monotonic()
    assert follower.losses == 1


async def test_a_change_that_was_not_announced_is_told_by_the_next_heartbeat(
    postgres_store: PostgresEntries, connection: asyncpg.Connection, database_url: str, database: Database
) -> None:
    await connection.execute("DROP TRIGGER events_are_announced ON events")
    follower = Follower()
    async with following(PostgresChanges(Address(database_url), database), follower):
        await until(lambda: bool(follower.confirmed))
        await postgres_store.write("n", "k", Json("1"), Conditions())
        await until(lambda: follower.told == [(1, "n", "k")])


async def test_a_listener_that_is_terminated_begins_again_at_the_revision_of_then(
    postgres_store: PostgresEntries, connection: asyncpg.Connection, database_url: str, database: Database
) -> None:
    follower = Follower()
    async with following(PostgresChanges(Address(database_url), database), follower):
        await until(lambda: bool(follower.begun))
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", await connection.fetchval(LISTENERS))
        await postgres_store.write("n", "k", Json("1"), Conditions())
        await until(lambda: len(follower.begun) == 2)
        assert (follower.begun, follower.losses) == ([0, 1], 1)
        await postgres_store.write("n", "k", Json("2"), ANYTHING)
        await until(lambda: follower.told == [(2, "n", "k")])


async def test_a_server_that_was_away_from_the_beginning_is_followed_when_it_comes(
    postgres_store: PostgresEntries, database_url: str, database: Database
) -> None:
    follower = Follower()
    async with forwarding(database_url) as way:
        await way.cut()
        async with following(PostgresChanges(Address(way.url), database), follower):
            await until(lambda: follower.losses > 0)
            assert follower.begun == []
            await way.open()
            await until(lambda: bool(follower.confirmed))


async def test_no_read_is_older_than_the_bound_when_the_listeners_server_is_frozen(
    postgres_store: PostgresEntries, connection: asyncpg.Connection, database_url: str, database: Database
) -> None:
    cache: Cache[Representation] = Cache(1_000_000)
    entries = Entries(postgres_store, database.retry, cache, represent)
    await postgres_store.write("n", "k", Json("1"), Conditions())
    async with following(PostgresChanges(Address(database_url), database), cache):
        await until(lambda: cache.contents().live)
        assert (await entries.read("n", "k")).revision == 1
        listener = await connection.fetchval(LISTENERS)
        os.kill(listener, signal.SIGSTOP)
        try:
            await postgres_store.write("n", "k", Json("2"), ANYTHING)  # by another worker, as far as the cache can tell
            written_at = time.monotonic()
            async with asyncio.timeout(30):
                while True:
                    asked_at = time.monotonic()
                    if (await entries.read("n", "k")).revision == 2:
                        break
                    assert asked_at < written_at + STALE_SECONDS
                    await asyncio.sleep(0.01)
        finally:
            os.kill(listener, signal.SIGCONT)


async def test_a_cut_connection_is_noticed_at_once_and_what_was_kept_is_forgotten(
    postgres_store: PostgresEntries, database_url: str, database: Database
) -> None:
    cache: Cache[Representation] = Cache(1_000_000)
    entries = Entries(postgres_store, database.retry, cache, represent)
    await postgres_store.write("n", "k", Json("1"), Conditions())
    async with forwarding(database_url) as way, following(PostgresChanges(Address(way.url), database), cache):
        await until(lambda: cache.contents().live)
        await entries.read("n", "k")
        assert cache.contents().entries == 1
        await way.cut()
        await until(lambda: not cache.contents().live)
        assert cache.contents().entries == 0
        await postgres_store.write("n", "k", Json("2"), ANYTHING)
        assert (await entries.read("n", "k")).revision == 2
        await way.open()
        await until(lambda: cache.contents().live)
        assert cache.revision == 2
