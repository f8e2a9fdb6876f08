"""The contract of a change feed, on the fake and on PostgreSQL, and what becomes of PostgreSQL's when it breaks."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_changes import PostgresChanges
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.entries import Mark, Version
from runtime.environment import Address
from runtime.http.representations import Representation, represent
from runtime.ports.availability import UnavailableError
from runtime.services.background import Background
from runtime.services.cache import STALE_SECONDS, Cache
from runtime.services.entries import Entries
from tests.conftest import in_database
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.fakes import MemoryChanges, MemoryEntries
from tests.runtime.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from runtime.embedded.postgres import PostgresServer
    from runtime.ports.entries import ChangeFeed, EntryStore
    from runtime.settings import Database, Settings

pytestmark = pytest.mark.anyio
LISTENERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'cbp-changes' AND datname = current_database()"


class Follower:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.version: Version | None = None
        self.begun: list[Version] = []
        self.told: list[tuple[int, int, str]] = []
        self.confirmed: list[float] = []
        self.losses = 0

    @property
    def revision(self) -> int:
        return -1 if self.version is None else self.version.revision

    def begin(self, version: Version) -> None:
        self.begun.append(version)
        self.version = version

    def changed(self, after: int, revision: int, names: Iterable[tuple[str, str]]) -> None:
        if self.version is not None and after <= self.version.revision < revision:
            self.version = replace(self.version, revision=revision)
            self.told.append((after, revision, " ".join("/".join(name) for name in names)))

    def confirm(self, asked_at: float) -> None:
        self.confirmed.append(asked_at)

    def lose(self) -> None:
        self.losses += 1


class MemoryHighWater:
    """A high-water mark in memory; ``away`` is a Redis that does not answer."""

    def __init__(self) -> None:
        self.mark: Mark | None = None
        self.away = False

    async def read(self) -> Mark | None:
        if self.away:
            raise UnavailableError("Redis does not answer")
        return self.mark

    async def raise_to(self, mark: Mark) -> None:
        if self.away:
            raise UnavailableError("Redis does not answer")
        self.mark = mark


@pytest.fixture
def database(settings: Settings) -> Database:
    return settings.database


@pytest.fixture
def high_water() -> MemoryHighWater:
    return MemoryHighWater()


@pytest.fixture
async def postgres_store(migrated_url: str, database: Database) -> AsyncIterator[PostgresEntries]:
    """The store of another worker."""
    store = PostgresEntries(Address(migrated_url), None, database, Horizon(3))
    await store.open()
    yield store
    await store.close()


@pytest.fixture
async def administrator(postgres: PostgresServer, migrated_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(in_database(postgres.admin_url, migrated_url.rpartition("/")[2]))
    yield connection
    await connection.close()


@pytest.fixture(params=["memory", "postgres"])
def address(request: pytest.FixtureRequest) -> Address | None:
    return Address(request.getfixturevalue("migrated_url")) if request.param == "postgres" else None


@pytest.fixture
async def pair(address: Address | None, database: Database, high_water: MemoryHighWater) -> AsyncIterator[Pair]:
    if address is None:
        entries = MemoryEntries()
        yield entries, MemoryChanges(entries)
        return
    store = PostgresEntries(address, None, database, Horizon(3))
    await store.open()
    yield store, PostgresChanges(address, database, Horizon(3), high_water)
    await store.close()


@pytest.fixture
def feed(migrated_url: str, database: Database, high_water: MemoryHighWater) -> PostgresChanges:
    return PostgresChanges(Address(migrated_url), database, Horizon(3), high_water)


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
    await put(store, "n", "before")
    follower = Follower()
    async with following(feed, follower):
        await until(lambda: bool(follower.confirmed))
        await put(store, "n", "k")
        await put(store, "n", "k", "2", ANYTHING)
        await put(store, "n", "k", None, ANYTHING)
        await until(lambda: follower.revision == 4)
        await asyncio.gather(*(put(store, "m", f"k{n}") for n in range(20)))
        await store.change([change(edit("o", "j"), edit("o", "k")), change(edit("p", "k"))])
        await until(lambda: follower.revision == 26)
    assert [version.revision for version in follower.begun] == [1]
    names = " ".join(names for _, _, names in follower.told).split()
    assert names[:3] == ["n/k"] * 3
    assert set(names[3:]) == {f"m/k{n}" for n in range(20)} | {"o/j", "o/k", "p/k"}
    ends = [1, *(revision for _, revision, _ in follower.told)]
    assert [after for after, _, _ in follower.told] == ends[:-1]


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
    postgres_store: PostgresEntries, administrator: asyncpg.Connection, feed: PostgresChanges
) -> None:
    follower = Follower()
    await put(postgres_store, "n", "j")
    async with following(feed, follower):
        await until(lambda: bool(follower.confirmed))
        await administrator.execute(
            "INSERT INTO events SELECT 2, 0, gen_random_uuid(), 'n', 'k', action, value, now(), actor FROM events"
        )
        await until(lambda: follower.told == [(1, 2, "n/k")])


async def test_more_names_than_one_notification_holds_are_asked_for(
    postgres_store: PostgresEntries, feed: PostgresChanges
) -> None:
    follower = Follower()
    keys = [f"k{n}-{'x' * 240}" for n in range(60)]
    async with following(feed, follower):
        await until(lambda: bool(follower.confirmed))
        await postgres_store.change([change(edit("n", key)) for key in keys])
        await until(lambda: follower.revision == 60)
    assert " ".join(names for _, _, names in follower.told).split() == [f"n/{key}" for key in keys]


async def test_a_listener_that_is_terminated_goes_on_where_it_was(
    postgres_store: PostgresEntries, administrator: asyncpg.Connection, feed: PostgresChanges
) -> None:
    follower = Follower()
    async with following(feed, follower):
        await until(lambda: bool(follower.begun))
        await administrator.execute("SELECT pg_terminate_backend($1, 5000)", await administrator.fetchval(LISTENERS))
        await put(postgres_store, "n", "k")
        await until(lambda: follower.told == [(0, 1, "n/k")])
        assert (len(follower.begun), follower.losses) == (1, 1)
        await put(postgres_store, "n", "k", "2", ANYTHING)
        await until(lambda: follower.told == [(0, 1, "n/k"), (1, 2, "n/k")])


async def test_a_server_that_was_away_from_the_beginning_is_followed_when_it_comes(
    postgres_store: PostgresEntries, migrated_url: str, database: Database, high_water: MemoryHighWater
) -> None:
    follower = Follower()
    async with forwarding(migrated_url) as way:
        await way.cut()
        feed = PostgresChanges(Address(way.url), database, Horizon(3), high_water)
        async with following(feed, follower):
            await until(lambda: follower.losses > 0)
            assert follower.begun == []
            await way.open()
            await until(lambda: bool(follower.confirmed))


async def test_a_new_history_is_begun_by_whoever_knows_what_the_database_lost(
    postgres_store: PostgresEntries, feed: PostgresChanges, high_water: MemoryHighWater
) -> None:
    made = await put(postgres_store, "n", "k")
    high_water.mark = Mark(Version(made.version.epoch, 7), uuid4())
    follower = Follower()
    async with following(feed, follower):
        await until(lambda: bool(follower.begun))
    (begun,) = follower.begun
    assert (begun.epoch != made.version.epoch, begun.revision) == (True, 1)
    assert high_water.mark.version == begun


async def test_a_database_that_is_put_back_under_a_running_feed_begins_a_new_history(
    postgres_store: PostgresEntries, administrator: asyncpg.Connection, feed: PostgresChanges
) -> None:
    follower = Follower()
    made = await put(postgres_store, "n", "j")
    await put(postgres_store, "n", "k")
    async with following(feed, follower):
        await until(lambda: bool(follower.begun))
        await administrator.execute(
            "ALTER TABLE events DISABLE TRIGGER USER; DELETE FROM events WHERE revision = 2;"
            "SET cbp.change = 'recorded'; DELETE FROM entries WHERE revision = 2"
        )
        await put(postgres_store, "n", "other")  # revision 2 is given again, by a worker that knows less
        await until(lambda: len(follower.begun) == 2)
    assert follower.begun[1].epoch != made.version.epoch


async def test_the_last_change_is_kept_outside_of_the_database(
    postgres_store: PostgresEntries, feed: PostgresChanges, high_water: MemoryHighWater
) -> None:
    repeated = change(edit("n", "k"))
    high_water.away = True
    follower = Follower()
    async with following(feed, follower):
        await until(lambda: bool(follower.confirmed))
        await postgres_store.change([repeated])
        await until(lambda: follower.revision == 1)
        high_water.away = False
        await until(lambda: high_water.mark == Mark(follower.version or Version("", 0), repeated.id))


async def test_no_read_is_older_than_the_bound_when_the_listeners_server_is_frozen(
    postgres_store: PostgresEntries, administrator: asyncpg.Connection, feed: PostgresChanges, database: Database
) -> None:
    cache: Cache[Representation] = Cache(1_000_000)
    entries = Entries(postgres_store, database, cache, represent, Background(64))
    await put(postgres_store, "n", "k")
    async with following(feed, cache):
        await until(lambda: cache.contents().live)
        assert (await entries.read("n", "k")).value.version.revision == 1
        listener = await administrator.fetchval(LISTENERS)
        os.kill(listener, signal.SIGSTOP)
        try:
            await put(postgres_store, "n", "k", "2", ANYTHING)  # by another worker, as far as the cache can tell
            written_at = time.monotonic()
            async with asyncio.timeout(30):
                while True:
                    asked_at = time.monotonic()
                    if (await entries.read("n", "k")).value.version.revision == 2:
                        break
                    assert asked_at < written_at + STALE_SECONDS
                    await asyncio.sleep(0.01)
        finally:
            os.kill(listener, signal.SIGCONT)


async def test_a_cut_connection_is_noticed_at_once_and_reads_go_to_the_store(
    postgres_store: PostgresEntries, migrated_url: str, database: Database, high_water: MemoryHighWater
) -> None:
    cache: Cache[Representation] = Cache(1_000_000)
    entries = Entries(postgres_store, database, cache, represent, Background(64))
    await put(postgres_store, "n", "j")
    await put(postgres_store, "n", "k")
    async with forwarding(migrated_url) as way:
        feed = PostgresChanges(Address(way.url), database, Horizon(3), high_water)
        async with following(feed, cache):
            await until(lambda: cache.contents().live)
            await entries.read("n", "j")
            await entries.read("n", "k")
            await way.cut()
            await until(lambda: not cache.contents().live)
            await put(postgres_store, "n", "k", "2", ANYTHING)
            assert (await entries.read("n", "k")).value.version.revision == 3
            await way.open()
            await until(lambda: cache.contents().live)
            assert cache.version is not None
            assert cache.version.revision == 3
            assert cache.contents().entries == 1  # what changed meanwhile was evicted, and nothing else


async def test_a_server_in_recovery_is_followed_by_questions(
    postgres_store: PostgresEntries, administrator: asyncpg.Connection, feed: PostgresChanges
) -> None:
    # The questions ask a function of the server, which here answers as a standby does.
    await administrator.execute(
        "CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true';"
    )
    await administrator.execute(
        "ALTER DATABASE "
        + (await administrator.fetchval("SELECT quote_ident(current_database())"))
        + " SET search_path = public, pg_catalog"
    )
    follower = Follower()
    async with following(feed, follower):
        await until(lambda: bool(follower.confirmed))
        assert await administrator.fetch("SELECT FROM pg_listening_channels()") == []
        await put(postgres_store, "n", "k")
        await until(lambda: follower.told == [(0, 1, "n/k")])
