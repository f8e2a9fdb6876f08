"""What PostgreSQL alone keeps or does: events, histories, partitions, timeouts, migrations, failures."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import pytest

from runtime.adapters import postgres_migrations
from runtime.adapters.postgres import PAGE_BYTES, PostgresEntries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import Migration, MigrationError, migrate, migrations
from runtime.adapters.postgres_requests import CHANGE, change_arguments
from runtime.domain.entries import ChangeExpiredError, Context, PreconditionFailedError, Version
from runtime.environment import Address
from runtime.maintenance.events import keep_events
from runtime.ports.availability import OutcomeUnknownError, TransientError, UnavailableError
from tests.conftest import in_database
from tests.runtime.changing import ANYTHING, at, change, edit, put
from tests.runtime.forwarder import forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.embedded.postgres import PostgresServer
    from runtime.settings import Database, Settings

pytestmark = pytest.mark.anyio


@pytest.fixture
def database(settings: Settings) -> Database:
    return settings.database


@pytest.fixture
async def connection(migrated_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the role that serves."""
    connection = await asyncpg.connect(migrated_url)
    yield connection
    await connection.close()


@pytest.fixture
async def empty(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database without a schema."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def administrator(postgres: PostgresServer, migrated_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(in_database(postgres.admin_url, migrated_url.rpartition("/")[2]))
    yield connection
    await connection.close()


@pytest.fixture
def horizon() -> Horizon:
    return Horizon(3)


@pytest.fixture
async def store(migrated_url: str, database: Database, horizon: Horizon) -> AsyncIterator[PostgresEntries]:
    async with opened(migrated_url, database, horizon) as store:
        yield store


@asynccontextmanager
async def opened(url: str, database: Database, horizon: Horizon | None = None) -> AsyncIterator[PostgresEntries]:
    store = PostgresEntries(Address(url), None, database, horizon or Horizon(3))
    await store.open()
    try:
        yield store
    finally:
        await store.close()


async def test_every_edit_leaves_one_event_in_the_order_of_revisions(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    await put(store, "a", "k")
    await asyncio.gather(*(put(store, "a", f"k{n}", "[1.0]") for n in range(10)))
    await put(store, "a", "k", "2", ANYTHING)
    await put(store, "a", "k", None, ANYTHING)
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", None, ANYTHING)
    await store.change([change(edit("b", "j"), edit("b", "k"))])
    rows = await connection.fetch("SELECT * FROM events ORDER BY revision, ordinal")
    assert [(row["revision"], row["ordinal"]) for row in rows] == [(n, 0) for n in range(1, 15)] + [(14, 1)]
    assert [row["occurred_at"] for row in rows] == sorted(row["occurred_at"] for row in rows)
    of_key = [(row["action"], row["value"]) for row in rows if (row["namespace"], row["key"]) == ("a", "k")]
    assert of_key == [("create", "1"), ("replace", "2"), ("delete", None)]


async def test_a_change_is_recorded_with_its_id_and_its_origin(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    made = change(edit("a", "k"), context=Context("somebody", "request-1", "a reason"))
    await store.change([made, change(edit("a", "j"))])
    rows = await connection.fetch("SELECT change, actor, request_id, reason FROM events ORDER BY revision")
    assert tuple(rows[0]) == (made.id, "somebody", "request-1", "a reason")
    assert tuple(rows[1])[1:] == ("anonymous", None, None)


REFUSED = [
    "UPDATE events SET action = 'create'",
    "DELETE FROM events",
    "TRUNCATE events",
    "DELETE FROM events_1",
    "INSERT INTO events SELECT * FROM events",
    "UPDATE entries SET value = '2'",
    "DELETE FROM entries",
    "UPDATE histories SET epoch = 'x'",
    "ALTER TABLE events DISABLE TRIGGER USER",
    "DROP TABLE events",
    "CREATE TABLE t (x integer)",
    "SELECT make_event_partitions(1, 1)",
]


@pytest.mark.parametrize("statement", REFUSED)
async def test_the_role_that_serves_can_change_nothing_but_by_recorded_changes(
    store: PostgresEntries, connection: asyncpg.Connection, statement: str
) -> None:
    await put(store, "a", "k")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE events SET action = 'create'", "DELETE FROM events", "TRUNCATE events"])
async def test_history_can_only_grow(store: PostgresEntries, owner: asyncpg.Connection, statement: str) -> None:
    await put(store, "a", "k")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the table events is append-only"):
        await owner.execute(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET value = '2'",
        "DELETE FROM entries",
        "INSERT INTO entries SELECT 'b', key, value, revision, updated_at, size FROM entries",
        "UPDATE entries_0 SET value = '2'; UPDATE entries_1 SET value = '2'; UPDATE entries_2 SET value = '2'",
    ],
)
async def test_no_entry_changes_by_hand_without_an_event(
    store: PostgresEntries, owner: asyncpg.Connection, statement: str
) -> None:
    await put(store, "a", "k")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=r"entries change by change_entries\(\)"):
        await owner.execute(statement)


async def test_the_function_of_the_release_before_still_makes_changes(
    store: PostgresEntries, migrated_url: str
) -> None:
    """Its pods run beside the new ones during a roll-out."""
    connection = await asyncpg.connect(migrated_url)
    try:
        outcome = await connection.fetchval(
            "SELECT outcome FROM change_entries(NULL, NULL, ARRAY[gen_random_uuid()], ARRAY['me'], ARRAY[NULL::text],"
            " ARRAY[NULL::text], ARRAY[NULL::timestamptz], ARRAY[1], ARRAY['a'], ARRAY['k'], ARRAY['1'],"
            " ARRAY[NULL::text], ARRAY[NULL::text])"
        )
    finally:
        await connection.close()
    entry = (await store.read("a", "k")).entry
    assert (outcome, entry and entry.value) == ("create", "1")


async def test_a_page_ends_once_its_values_fill_it_and_holds_one_entry_at_least(store: PostgresEntries) -> None:
    large = f'"{"x" * (PAGE_BYTES - 1)}"'
    for key in ("a", "b", "c"):
        await put(store, "n", key, large if key == "b" else "1")
    pages = [await store.scan("n", after, 3) for after in ("", "b")]
    assert [[entry.key for entry in page.entries] for page in pages] == [["a", "b"], ["c"]]
    assert [page.next for page in pages] == ["b", None]


async def test_a_page_reads_the_values_that_it_returns_and_no_other(
    migrated_url: str, database: Database, administrator: asyncpg.Connection
) -> None:
    # Each value is stored out of line, in pages of its own: those of unread values are not touched.
    value = f'"{"".join(str(uuid4()) for _ in range(30_000))}"'
    tables = await administrator.fetch("SELECT oid::regclass::text FROM pg_class WHERE relname ~ '^entries_[0-9]+$'")
    for (table,) in tables:
        await administrator.execute(f"ALTER TABLE {table} SET (toast.autovacuum_enabled = off)")  # it reads them too
    async with opened(migrated_url, database) as store:
        for key in "abcdefgh":
            await put(store, "n", key, value)
    blocks = [await _blocks_of_values(administrator)]
    for limit in (2, 8):
        async with opened(migrated_url, database) as store:
            assert len((await store.scan("n", "", limit)).entries) == min(limit, 4)  # the fourth one fills the page
        blocks.append(await _blocks_of_values(administrator))
    written, read_two, read_four = blocks
    assert 0 < read_four - read_two < 3 * (read_two - written)


async def _blocks_of_values(administrator: asyncpg.Connection) -> int:
    """Return the blocks of values out of line that were ever touched, once all other sessions have ended.

    A session tells what it touched when it ends.
    """
    others = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND backend_type = 'client backend' AND pid != pg_backend_pid()"
    )
    while await administrator.fetchval(others):
        await asyncio.sleep(0.01)
    read = "SELECT sum(toast_blks_read + toast_blks_hit) FROM pg_statio_all_tables WHERE relname LIKE 'entries_%'"
    return int(await administrator.fetchval(read))


async def test_events_past_their_retention_are_dropped_behind_a_checkpoint(
    store: PostgresEntries, owner: asyncpg.Connection
) -> None:
    await owner.execute("DROP TABLE events_1, events_1000001; SELECT make_event_partitions(3, 6)")
    for key in ("a", "b", "c"):
        await put(store, "n", key)
    await put(store, "n", "a", "2", ANYTHING)
    await put(store, "n", "b", None, ANYTHING)
    last = await put(store, "n", "d")
    drop = "SELECT drop_expired_events($1)"
    assert await owner.fetchval(drop, timedelta(hours=1)) is None
    assert await owner.fetchval(drop, timedelta(0)) == "events_1"
    assert await owner.fetchval(drop, timedelta(0)) is None  # the last events stay, to count on from them
    assert await owner.fetchval("SELECT array_agg(revision ORDER BY revision) FROM events") == [4, 5, 6]
    rebuilt = await owner.fetch("SELECT key, value, revision FROM rebuilt_entries() ORDER BY key")
    assert [tuple(row) for row in rebuilt] == [("a", "2", 4), ("c", "1", 3), ("d", "1", 6)]
    assert (await put(store, "n", "e")).version == replace(last.version, revision=7)
    assert (await put(store, "n", "f")).version.revision == 8
    assert await owner.fetchval(drop, timedelta(0)) == "events_4"
    rebuilt = await owner.fetch("SELECT key, revision FROM rebuilt_entries() ORDER BY key")
    assert [tuple(row) for row in rebuilt] == [("a", 4), ("c", 3), ("d", 6), ("e", 7), ("f", 8)]
    confirm = "SELECT confirm_history($1, 5, $2, true)"
    assert await owner.fetchval(confirm, last.version.epoch, uuid4()) == last.version.epoch  # dropped, not lost


async def test_events_that_do_not_make_the_entries_are_not_dropped(
    store: PostgresEntries, owner: asyncpg.Connection
) -> None:
    await owner.execute("DROP TABLE events_1, events_1000001; SELECT make_event_partitions(1, 3)")
    await put(store, "n", "a")
    await put(store, "n", "b")
    await owner.execute("SET cbp.change = 'recorded'; UPDATE entries SET value = '2' WHERE key = 'a'")
    with pytest.raises(asyncpg.RaiseError, match=r"the entries differ .* events_1 is kept"):
        await owner.fetchval("SELECT drop_expired_events($1)", timedelta(0))
    assert await owner.fetchval("SELECT count(*) FROM events") == 2


async def test_the_high_water_mark_outlives_the_events(store: PostgresEntries, owner: asyncpg.Connection) -> None:
    await put(store, "n", "a")
    await owner.execute("INSERT INTO checkpoints (revision) VALUES (1); DROP TABLE events_1")
    assert (await put(store, "n", "b")).version.revision == 2


async def test_maintenance_keeps_the_partitions_and_a_person_begins_a_history(
    store: PostgresEntries, owner: asyncpg.Connection, owner_url: str, database: Database
) -> None:
    made = await put(store, "n", "a")
    await owner.execute("DROP TABLE events_1000001")
    await keep_events(Address(owner_url), database)
    partitions = "SELECT array_agg(relname::text ORDER BY relname) FROM pg_class WHERE relname ~ '^events_\\d+$'"
    assert await owner.fetchval(partitions) == ["events_1", "events_1000001", "events_2000001"]
    await owner.execute("SELECT confirm_history(NULL, NULL, NULL, true, $$a restore$$)")
    assert (await store.read("n", "a")).version.epoch != made.version.epoch
    assert await owner.fetchval("SELECT reason FROM histories ORDER BY number DESC LIMIT 1") == "a restore"


async def test_namespaces_are_spread_over_the_partitions_of_the_settings(
    store: PostgresEntries, connection: asyncpg.Connection, database: Database
) -> None:
    for n in range(40):
        await put(store, f"n{n}", "k")
    used = await connection.fetchval("SELECT count(DISTINCT tableoid) FROM entries")
    assert used == database.partitions


async def test_another_number_of_partitions_is_refused_with_what_to_do(
    store: PostgresEntries, owner_url: str, database: Database
) -> None:
    with pytest.raises(MigrationError, match=r"has 3 hash partitions and the settings ask for 5: set .*sharding"):
        await migrate(Address(owner_url), database.model_copy(update={"partitions": 5}))


async def test_migrations_that_start_together_apply_once(
    database_url: str, database: Database, empty: asyncpg.Connection
) -> None:
    applied = await asyncio.gather(*(migrate(Address(database_url), database) for _ in range(4)))
    assert sorted(applied, key=len) == [(), (), (), migrations()]
    versions = await empty.fetch("SELECT version FROM schema_migrations ORDER BY version")
    assert [row["version"] for row in versions] == [migration.version for migration in migrations()]


async def test_a_migration_that_was_changed_after_its_release_is_refused(
    store: PostgresEntries, owner_url: str, database: Database, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE schema_migrations SET checksum = 'other' WHERE version = 1")
    with pytest.raises(MigrationError, match=r"^migration 0001 \(entries\) was applied with another text"):
        await migrate(Address(owner_url), database)


async def test_the_schema_of_a_newer_release_is_served_and_a_gap_in_it_is_not(
    store: PostgresEntries, owner_url: str, database: Database, owner: asyncpg.Connection, monkeypatch: Any
) -> None:
    last = migrations()[-1].version
    await owner.execute("INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, 'later', 'x')", last + 2)
    assert await migrate(Address(owner_url), database) == ()
    known = (*migrations(), Migration(last + 1, "forgotten", "SELECT 1"))
    monkeypatch.setattr(postgres_migrations, "migrations", lambda: known)
    with pytest.raises(
        MigrationError, match=rf"^migration {last + 1:04} \(forgotten\) is older than one that was already"
    ):
        await migrate(Address(owner_url), database)


async def test_a_failing_migration_leaves_nothing_behind(
    database_url: str, database: Database, empty: asyncpg.Connection, monkeypatch: Any
) -> None:
    broken = (*migrations(), Migration(migrations()[-1].version + 1, "broken", "CREATE TABLE half (); SELECT 1 / 0"))
    monkeypatch.setattr(postgres_migrations, "migrations", lambda: broken)
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(Address(database_url), database)
    assert await empty.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


async def test_the_role_carries_the_statement_timeout_as_the_settings_have_it_now(
    store: PostgresEntries, owner_url: str, database: Database
) -> None:
    for seconds in (5, 7):
        await migrate(Address(owner_url), database.model_copy(update={"statement_timeout_seconds": seconds}))
        connection = await asyncpg.connect(owner_url)
        assert await connection.fetchval("SHOW statement_timeout") == f"{seconds}s"
        await connection.close()


async def test_a_connection_that_the_server_closed_while_it_was_idle_is_replaced(
    store: PostgresEntries, administrator: asyncpg.Connection
) -> None:
    made = await put(store, "a", "k")
    await store.read("a", "k")
    await _terminate_others(administrator)
    with suppress(TransientError):  # the news of its end may still be under way: the service tries again then
        await store.read("a", "k")
    assert (await store.read("a", "k")).version == made.version


async def test_connections_of_which_one_was_ended_when_it_was_used_are_all_replaced(
    migrated_url: str, database: Database
) -> None:
    async with forwarding(migrated_url) as forwarder, opened(forwarder.url, database) as store:
        made = await put(store, "a", "k")
        await asyncio.gather(*(store.read("a", "k") for _ in range(database.read_pool_size)))
        forwarder.refuse_when_used()
        with pytest.raises(TransientError):
            await store.read("a", "k")
        assert (await store.read("a", "k")).version == made.version


async def test_a_read_whose_connection_breaks_is_a_transient_failure_and_a_change_has_an_unknown_outcome(
    store: PostgresEntries, administrator: asyncpg.Connection
) -> None:
    async with administrator.transaction():
        await administrator.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
        calls = [store.read("a", "k"), put(store, "a", "k")]
        running = asyncio.gather(*calls, return_exceptions=True)
        await _until_waiting(administrator, len(calls))
        await _terminate_others(administrator)
        assert [type(outcome) for outcome in await running] == [TransientError, OutcomeUnknownError]
    assert (await store.read("a", "k")).entry is None


async def test_the_truth_is_told_when_a_change_is_sent_again_after_its_commit(
    store: PostgresEntries, owner: asyncpg.Connection, administrator: asyncpg.Connection
) -> None:
    first = await put(store, "a", "k")
    # A deferred constraint runs within the commit: this one holds it until the connection is terminated.
    await owner.execute(
        "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;"
        "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON events DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION linger()"
    )
    repeated = change(edit("a", "k", "2", at(first.version)))
    running = asyncio.create_task(store.change([repeated]))
    await _until_waiting(administrator)
    await _terminate_others(administrator)
    with pytest.raises(OutcomeUnknownError):
        await running
    await administrator.execute("DROP TRIGGER linger ON events")
    (made,) = await store.change([repeated])
    (again,) = await store.change([repeated])
    assert isinstance(made, tuple)
    assert made == again
    assert made[0].version.revision == 2


async def test_the_changes_of_a_busy_database_are_refused_in_time(
    store: PostgresEntries, administrator: asyncpg.Connection
) -> None:
    async with administrator.transaction():
        await administrator.execute(f"SELECT pg_advisory_xact_lock({0x636270}, 1)")
        with pytest.raises(UnavailableError, match="kept the database busy for too long") as caught:
            await put(store, "a", "k")
        assert not isinstance(caught.value, TransientError | OutcomeUnknownError)
        assert (await store.read("a", "k")).entry is None  # reads have connections of their own, and need no lock
    await put(store, "a", "k")


async def test_a_client_that_vanishes_inside_a_change_holds_the_lock_for_a_moment(
    store: PostgresEntries, migrated_url: str, administrator: asyncpg.Connection
) -> None:
    vanished = await asyncpg.connect(migrated_url)
    transaction = vanished.transaction()
    await transaction.start()  # as with Execute sent and Sync missing: the transaction stays open
    await vanished.fetch(CHANGE, *change_arguments([change(edit("a", "k"))], Horizon(3)))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            made = await put(store, "a", "k")
        except UnavailableError:
            continue
        break
    assert made.version.revision == 1  # what the vanished client began is undone
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await vanished.close(timeout=1)


async def test_a_change_that_waited_for_too_long_is_not_made(
    store: PostgresEntries, horizon: Horizon, administrator: asyncpg.Connection
) -> None:
    now = time.monotonic()
    horizon.confirm(now, now, (await store.read("a", "k")).version, datetime.now(UTC) + timedelta(seconds=10))
    (result,) = await store.change([change(edit("a", "k"), seconds=5)])
    assert isinstance(result, tuple)  # the server's clock decides, and it is 10 seconds behind what was heard of it
    horizon.confirm(now, now, (await store.read("a", "k")).version, datetime.now(UTC) - timedelta(seconds=10))
    (result,) = await store.change([change(edit("a", "j"), seconds=5)])
    assert isinstance(result, ChangeExpiredError)
    assert (await store.read("a", "j")).entry is None


async def test_a_defect_in_one_change_leaves_the_others_of_its_group_alone(store: PostgresEntries) -> None:
    results = await store.change([change(edit("a", "j")), change(edit("a", "k", "no JSON")), change(edit("a", "l"))])
    assert [type(result) for result in results] == [tuple, asyncpg.InvalidTextRepresentationError, tuple]
    assert [entry.key for entry in (await store.scan("a", "", 9)).entries] == ["j", "l"]


async def test_an_exhausted_pool_is_unavailable_after_the_connect_timeout(
    migrated_url: str, database: Database, administrator: asyncpg.Connection
) -> None:
    small = database.model_copy(update={"read_pool_size": 1, "connect_timeout_seconds": 1})
    async with opened(migrated_url, small) as store:
        async with administrator.transaction():
            await administrator.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(store.read("a", "k"))
            await _until_waiting(administrator)
            with pytest.raises(UnavailableError) as caught:
                await store.read("a", "k")
            assert not isinstance(caught.value, TransientError)
        assert (await reading).entry is None


async def test_a_database_that_is_away_is_transient(database: Database) -> None:
    async with opened("postgresql://api:secret@127.0.0.1:1/none", database) as store:
        with pytest.raises(TransientError, match=r"^the database cannot be reached$"):
            await store.read("a", "k")


async def test_a_history_goes_on_when_nothing_is_known_to_be_lost(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    made = await put(store, "a", "k")
    for known in (
        (None, None, None),
        (made.version.epoch, 0, None),
        (made.version.epoch, 1, None),
        (made.version.epoch, 1, await connection.fetchval("SELECT change FROM events")),
    ):
        assert await connection.fetchval("SELECT confirm_history($1, $2, $3, false)", *known) == made.version.epoch


async def test_a_new_history_begins_when_a_known_change_is_not_there(
    store: PostgresEntries, connection: asyncpg.Connection
) -> None:
    made = await put(store, "a", "k")
    confirm = "SELECT confirm_history($1, $2, $3, true)"
    epochs = [made.version.epoch]
    epochs += [await connection.fetchval(confirm, epochs[-1], 2, None)]
    epochs += [await connection.fetchval(confirm, "ffffffff", 1, None)]
    epochs += [await connection.fetchval(confirm, epochs[-1], 1, uuid4())]
    assert len(set(epochs)) == 4
    assert (await store.read("a", "k")).version == Version(epochs[-1], 1)
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", "2", at(made.version))
    # A worker that has not heard of it yet does not begin another one.
    assert await connection.fetchval("SELECT confirm_history($1, 1, NULL, true)", epochs[0]) == epochs[-1]


async def test_a_promotion_begins_a_new_history_unless_nothing_was_lost(
    store: PostgresEntries, connection: asyncpg.Connection, owner: asyncpg.Connection
) -> None:
    made = await put(store, "a", "k")
    epoch, change_id = made.version.epoch, await connection.fetchval("SELECT change FROM events")
    await owner.execute("UPDATE histories SET timeline = timeline + 1")  # as if this server had been promoted since
    assert await connection.fetchval("SELECT epoch FROM store_position()") is None
    assert await connection.fetchval("SELECT confirm_history($1, 1, $2, true)", epoch, change_id) == epoch
    assert await connection.fetchval("SELECT epoch FROM store_position()") == epoch
    for known, lossless in ((None, True), (epoch, False)):
        await owner.execute("UPDATE histories SET timeline = timeline + 1")
        renewed = await connection.fetchval("SELECT confirm_history($1, 1, $2, $3)", known, change_id, lossless)
        assert renewed != epoch
        epoch = renewed


async def test_a_database_on_another_server_begins_a_new_history_by_itself(
    store: PostgresEntries, owner: asyncpg.Connection
) -> None:
    made = await put(store, "a", "k")
    await owner.execute("UPDATE histories SET system_identifier = 1")  # as after a dump was restored
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", "2", at(made.version))
    found = await store.read("a", "k")
    assert (found.version.revision, found.version.epoch != made.version.epoch) == (1, True)
    await owner.execute("UPDATE histories SET system_identifier = 2")
    assert (await store.read("a", "k")).version.epoch not in {made.version.epoch, found.version.epoch}


@pytest.mark.parametrize("beginning", [False, True], ids=["a change", "the beginning of the history"])
async def test_no_change_is_made_in_a_history_that_lost_what_its_worker_knows(
    store: PostgresEntries, horizon: Horizon, beginning: bool
) -> None:
    made = await put(store, "a", "k")
    known = Version("0ld15705", 1) if beginning else Version(made.version.epoch, 7)
    horizon.advance(known)  # as if the database had been put back to an earlier state
    with pytest.raises(PreconditionFailedError):
        await put(store, "a", "k", "2", at(made.version))
    assert (await put(store, "a", "j")).version.epoch not in {made.version.epoch, known.epoch}


async def test_a_read_of_a_database_that_lost_the_beginning_of_the_known_history_begins_a_new_one(
    store: PostgresEntries, horizon: Horizon
) -> None:
    made = await put(store, "a", "k")
    horizon.advance(Version("0ld15705", 1))
    found = await store.read("a", "k")
    assert (found.version.revision, found.version.epoch != made.version.epoch) == (1, True)


async def test_events_come_into_partitions_that_were_made_ahead(
    store: PostgresEntries, owner: asyncpg.Connection
) -> None:
    await owner.execute("DROP TABLE events_1, events_1000001")
    await put(store, "a", "k")
    await put(store, "a", "j")
    assert await owner.fetchval("SELECT count(*) FROM events_default") == 2
    assert await owner.fetchval("SELECT make_event_partitions(2, 2)") == 2
    assert await owner.fetchval("SELECT count(*) FROM events_default") == 0
    for n in range(3):
        await put(store, "a", f"k{n}")
    assert await owner.fetchval("SELECT count(*) FROM events_1") == 2
    assert await owner.fetchval("SELECT count(*) FROM events_3") == 2
    assert await owner.fetchval("SELECT make_event_partitions(2, 2)") == 2
    assert await owner.fetchval("SELECT count(*) FROM events_default") == 0
    assert await owner.fetchval("SELECT array_agg(revision ORDER BY revision) FROM events") == [1, 2, 3, 4, 5]


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
