"""PostgreSQL's errors of capacity, locks, time and rights, each provoked on a real server: each has a fixed reason."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_errors import translated
from runtime.adapters.postgres_horizon import Horizon
from runtime.environment import Address
from runtime.ports.availability import Reason, TransientError, UnavailableError
from tests.conftest import in_database
from tests.runtime.changing import put

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.embedded.postgres import PostgresServer
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
READ_ONLY = "ALTER DATABASE {} SET default_transaction_read_only = on"
QUICK = "ALTER DATABASE {} SET statement_timeout = '100ms'"
NO_CONNECTION = "ALTER DATABASE {} CONNECTION LIMIT 0"
SORT = "SELECT count(*) FROM (SELECT n FROM generate_series(1, 300000) n ORDER BY md5(n::text) OFFSET 1) AS sorted"
CLOSED = "ALTER DATABASE {} ALLOW_CONNECTIONS false"


@pytest.fixture
async def administrator(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.admin_url)
    yield connection
    await connection.close()


@pytest.fixture
async def store(migrated_url: str, settings: Settings) -> AsyncIterator[PostgresEntries]:
    """A store without an open connection: the next one has the defaults of then."""
    store = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await store.open()
    yield store
    await store.close()


async def refused(call: object) -> Reason:
    assert asyncio.iscoroutine(call)
    with pytest.raises(UnavailableError) as caught:
        await call
    return caught.value.reason


@pytest.mark.parametrize(("statement", "reason"), [(NO_CONNECTION, Reason.FULL), (CLOSED, Reason.AWAY)])
async def test_a_database_that_lets_no_more_clients_in_is_full_or_away(
    store: PostgresEntries, migrated_url: str, administrator: asyncpg.Connection, statement: str, reason: Reason
) -> None:
    """53300 and 55000."""
    name = migrated_url.rpartition("/")[2]
    await administrator.execute(statement.format(name))
    try:
        assert await refused(store.read("n", "k")) is reason
        assert await refused(put(store, "n", "k")) is reason
    finally:
        await administrator.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true CONNECTION LIMIT -1")
    assert (await store.read("n", "k")).entry is None


async def test_a_read_only_database_refuses_changes_and_answers_reads(
    store: PostgresEntries, migrated_url: str, administrator: asyncpg.Connection
) -> None:
    """25006."""
    await administrator.execute(READ_ONLY.format(migrated_url.rpartition("/")[2]))
    assert await refused(put(store, "n", "k")) is Reason.READ_ONLY
    assert (await store.read("n", "k")).entry is None


async def test_a_statement_that_takes_too_long_is_busy(
    store: PostgresEntries, postgres: PostgresServer, migrated_url: str, administrator: asyncpg.Connection
) -> None:
    """57014."""
    name = migrated_url.rpartition("/")[2]
    await administrator.execute(QUICK.format(name))
    locking = await asyncpg.connect(in_database(postgres.admin_url, name))
    async with locking.transaction():
        await locking.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
        assert await refused(store.read("n", "k")) is Reason.BUSY
    await locking.close()


@pytest.mark.parametrize(
    ("setting", "statement", "reason"),
    [
        ("lock_timeout = '50ms'", "SELECT count(*) FROM entries", Reason.BUSY),  # 55P03
        ("temp_file_limit = 64", SORT, Reason.FULL),  # 53400
    ],
)
async def test_a_session_that_meets_a_bound_of_the_server_is_busy_or_full(
    migrated_url: str, postgres: PostgresServer, setting: str, statement: str, reason: Reason
) -> None:
    address = in_database(postgres.admin_url, migrated_url.rpartition("/")[2])
    locking, session = await asyncpg.connect(address), await asyncpg.connect(address)
    async with locking.transaction():
        await locking.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
        await session.execute(f"SET {setting}; SET work_mem = '64kB'")
        with pytest.raises(UnavailableError) as caught, translated():
            await session.execute(statement)
    assert caught.value.reason is reason
    await locking.close()
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await session.close(timeout=1)


@pytest.mark.parametrize(
    "setting", ["idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout"]
)
async def test_a_session_that_the_server_ended_is_unavailable(migrated_url: str, setting: str) -> None:
    """25P03, 57P05 and 25P04, or the connection that broke, whichever the client reads first."""
    session = await asyncpg.connect(migrated_url)
    if "transaction" in setting:
        await session.execute("BEGIN")
    await session.execute(f"SET {setting} = '50ms'")
    async with asyncio.timeout(30):
        while not session.is_closed():
            await asyncio.sleep(0.01)
    with pytest.raises(UnavailableError), translated():
        await session.fetchval("SELECT 1")


async def test_a_deadlock_is_tried_again(migrated_url: str, postgres: PostgresServer) -> None:
    """40P01."""
    address = in_database(postgres.admin_url, migrated_url.rpartition("/")[2])
    first, second = await asyncpg.connect(address), await asyncpg.connect(address)

    async def lock(session: asyncpg.Connection, keys: tuple[int, int], barrier: asyncio.Barrier) -> None:
        async with session.transaction():
            await session.execute("SET LOCAL deadlock_timeout = '50ms'")
            await session.execute(f"SELECT pg_advisory_xact_lock({keys[0]})")
            await barrier.wait()
            with translated():
                await session.execute(f"SELECT pg_advisory_xact_lock({keys[1]})")

    barrier = asyncio.Barrier(2)
    outcomes = await asyncio.gather(lock(first, (1, 2), barrier), lock(second, (2, 1), barrier), return_exceptions=True)
    assert [type(each) for each in outcomes if each] == [TransientError]
    for session in (first, second):
        await session.close()


async def test_missing_rights_and_missing_tables_are_refusals(
    store: PostgresEntries, migrated_url: str, postgres: PostgresServer, database_url: str, settings: Settings
) -> None:
    """42501 and 42P01, 42883."""
    owner = await asyncpg.connect(in_database(postgres.admin_url, migrated_url.rpartition("/")[2]))
    await owner.execute("REVOKE SELECT ON entries FROM configuration")
    await owner.close()
    assert await refused(store.read("n", "k")) is Reason.ACCESS_DENIED
    empty = PostgresEntries(Address(database_url), None, settings.database, Horizon(3))
    await empty.open()
    assert await refused(empty.read("n", "k")) is Reason.SCHEMA_MISSING
    assert await refused(put(empty, "n", "k")) is Reason.SCHEMA_MISSING
    await empty.close()
