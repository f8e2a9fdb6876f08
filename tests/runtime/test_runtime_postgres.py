"""What PostgreSQL alone keeps or does: events, partitions, timeouts, migrations, failures."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from runtime.adapters import postgres_migrations
from runtime.adapters.postgres import PAGE_BYTES, PostgresEntries
from runtime.adapters.postgres_migrations import Migration, MigrationError, migrate, migrations
from runtime.domain.entries import Json, PreconditionFailedError
from runtime.domain.preconditions import Conditions, Tags
from runtime.environment import Address
from runtime.ports import OutcomeUnknownError, TransientError, UnavailableError
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.settings import Database, Settings

pytestmark = pytest.mark.anyio
ANYTHING = Conditions(if_match=Tags(anything=True))


@pytest.fixture
def database(settings: Settings) -> Database:
    return settings.database


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the service's own role, to look behind the store."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def store(database_url: str, database: Database) -> AsyncIterator[PostgresEntries]:
    await migrate(Address(database_url), database)
    store = PostgresEntries(Address(database_url), database, Telemetry())
    await store.open()
    yield store
    await store.close()


async def test_every_change_leaves_one_event_in_revision_order(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    await store.write("a", "k", Json("1"), Conditions())
    await asyncio.gather(*(store.write("a", f"k{n}", Json("[1.0]"), Conditions()) for n in range(10)))
    await store.write("a", "k", Json("2"), ANYTHING)
    await store.remove("a", "k", ANYTHING)
    with pytest.raises(PreconditionFailedError):
        await store.remove("a", "k", ANYTHING)
    rows = await connection.fetch("SELECT revision, key, action, value, occurred_at FROM events ORDER BY revision")
    assert [row["revision"] for row in rows] == list(range(1, 14))
    assert [row["occurred_at"] for row in rows] == sorted(row["occurred_at"] for row in rows)
    of_key = [(row["action"], row["value"]) for row in rows if row["key"] == "k"]
    assert of_key == [("create", "1"), ("replace", "2"), ("delete", None)]


@pytest.mark.parametrize("statement", ["UPDATE events SET action = 'create'", "DELETE FROM events", "TRUNCATE events"])
async def test_history_can_only_grow(store: PostgresEntries, connection: asyncpg.Connection, statement: str) -> None:
    await store.write("a", "k", Json("1"), Conditions())
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the table events is append-only"):
        await connection.execute(statement)


async def test_a_page_ends_once_its_values_fill_it_and_holds_one_entry_at_least(store: PostgresEntries) -> None:
    large = Json(f'"{"x" * (PAGE_BYTES - 1)}"')
    for key in ("a", "b", "c"):
        await store.write("n", key, large if key == "b" else Json("1"), Conditions())
    pages = [await store.scan("n", after, 3) for after in ("", "b")]
    assert [[entry.key for entry in page.entries] for page in pages] == [["a", "b"], ["c"]]
    assert [page.next for page in pages] == ["b", None]


async def test_namespaces_are_spread_over_the_partitions_of_the_settings(
    store: PostgresEntries, connection: asyncpg.Connection, database: Database
) -> None:
    for n in range(40):
        await store.write(f"n{n}", "k", Json("1"), Conditions())
    used = await connection.fetchval("SELECT count(DISTINCT tableoid) FROM entries")
    assert used == database.partitions


async def test_another_number_of_partitions_is_refused_with_what_to_do(
    store: PostgresEntries, database_url: str, database: Database
) -> None:
    with pytest.raises(MigrationError, match=r"has 3 hash partitions and the settings ask for 5: set .*sharding"):
        await migrate(Address(database_url), database.model_copy(update={"partitions": 5}))


async def test_migrations_that_start_together_apply_once(
    database_url: str, database: Database, connection: asyncpg.Connection
) -> None:
    applied = await asyncio.gather(*(migrate(Address(database_url), database) for _ in range(4)))
    assert sorted(applied, key=len) == [(), (), (), migrations()]
    versions = await connection.fetch("SELECT version FROM schema_migrations ORDER BY version")
    assert [row["version"] for row in versions] == [migration.version for migration in migrations()]


async def test_a_migration_that_was_changed_after_its_release_is_refused(
    store: PostgresEntries, database_url: str, database: Database, connection: asyncpg.Connection
) -> None:
    await connection.execute("UPDATE schema_migrations SET checksum = 'other' WHERE version = 1")
    with pytest.raises(MigrationError, match=r"^migration 0001 \(entries\) was applied with another text"):
        await migrate(Address(database_url), database)


async def test_the_schema_of_a_newer_release_is_served_and_a_gap_in_it_is_not(
    store: PostgresEntries, database_url: str, database: Database, connection: asyncpg.Connection, monkeypatch: Any
) -> None:
    await connection.execute("INSERT INTO schema_migrations (version, name, checksum) VALUES (9, 'later', 'x')")
    assert await migrate(Address(database_url), database) == ()
    known = (*migrations(), Migration(5, "forgotten", "SELECT 1"))
    monkeypatch.setattr(postgres_migrations, "migrations", lambda: known)
    with pytest.raises(MigrationError, match=r"^migration 0005 \(forgotten\) is older than one that was already"):
        await migrate(Address(database_url), database)


async def test_a_failing_migration_leaves_nothing_behind(
    database_url: str, database: Database, connection: asyncpg.Connection, monkeypatch: Any
) -> None:
    broken = (*migrations(), Migration(9, "broken", "CREATE TABLE half (); SELECT 1 / 0"))
    monkeypatch.setattr(postgres_migrations, "migrations", lambda: broken)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(Address(database_url), database)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


async def test_the_role_carries_the_statement_timeout_as_the_settings_have_it_now(
    store: PostgresEntries, database_url: str, database: Database
) -> None:
    for seconds in (5, 7):
        await migrate(Address(database_url), database.model_copy(update={"statement_timeout_seconds": seconds}))
        connection = await asyncpg.connect(database_url)
        assert await connection.fetchval("SHOW statement_timeout") == f"{seconds}s"
        await connection.close()


async def test_a_connection_that_the_server_closed_while_it_was_idle_is_replaced(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    entry, _ = await store.write("a", "k", Json("1"), Conditions())
    await _terminate_others(connection)
    with suppress(TransientError):  # the news of its end may still be under way: the service tries again then
        await store.read("a", "k")
    assert await store.read("a", "k") == entry


async def test_a_connection_lost_before_the_commit_is_a_transient_failure(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    async with connection.transaction():
        await connection.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
        calls = [store.read("a", "k"), store.write("a", "k", Json("1"), Conditions())]
        running = asyncio.gather(*calls, return_exceptions=True)
        await _until_waiting(connection, len(calls))
        await _terminate_others(connection)
        assert [type(outcome) for outcome in await running] == [TransientError, TransientError]
    assert await store.read("a", "k") is None


async def test_an_exhausted_pool_is_unavailable_after_the_connect_timeout_and_yet_ready(
    database_url: str, database: Database, connection: asyncpg.Connection
) -> None:
    await migrate(Address(database_url), database)
    small = database.model_copy(update={"pool_size": 1, "connect_timeout_seconds": 1})
    store = PostgresEntries(Address(database_url), small, Telemetry())
    await store.open()
    async with connection.transaction():
        await connection.execute("SELECT revision FROM last_revision FOR UPDATE")
        writer = asyncio.create_task(store.write("a", "k", Json("1"), Conditions()))
        await _until_waiting(connection)
        with pytest.raises(UnavailableError) as caught:
            await store.read("a", "k")
        assert not isinstance(caught.value, TransientError)
        await store.ping()
    assert (await writer)[0].revision == 1
    await store.close()


async def test_a_statement_that_takes_too_long_is_unavailable_and_changes_nothing(
    database_url: str, database: Database, connection: asyncpg.Connection
) -> None:
    await migrate(Address(database_url), database)
    store = PostgresEntries(
        Address(database_url), database.model_copy(update={"statement_timeout_seconds": 1}), Telemetry()
    )
    await store.open()
    async with connection.transaction():
        await connection.execute("SELECT revision FROM last_revision FOR UPDATE")
        with pytest.raises(UnavailableError) as caught:
            await store.write("a", "k", Json("1"), Conditions())
        assert not isinstance(caught.value, TransientError)
    assert await store.read("a", "k") is None
    await store.close()


async def test_a_connection_lost_during_the_commit_is_an_unknown_outcome(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    # A deferred constraint runs within the commit: this one holds it until the connection is terminated.
    await connection.execute(
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION linger()"
    )
    writer = asyncio.create_task(store.write("a", "k", Json("1"), Conditions()))
    await _until_waiting(connection)
    await _terminate_others(connection)
    with pytest.raises(OutcomeUnknownError):
        await writer


async def test_a_database_that_is_away_is_transient(database: Database) -> None:
    store = PostgresEntries(Address("postgresql://api:secret@127.0.0.1:1/none"), database, Telemetry())
    await store.open()
    with pytest.raises(TransientError, match=r"^the database cannot be reached$"):
        await store.ping()
    await store.close()


async def _until_waiting(connection: asyncpg.Connection, sessions: int = 1) -> None:
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active'"
        " AND wait_event_type IN ('Lock', 'Timeout')"
    )
    while await connection.fetchval(waiting) < sessions:
        await asyncio.sleep(0.01)
        await connection.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees one snapshot otherwise


async def _terminate_others(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
