"""An entry store in PostgreSQL, through an asyncpg pool.

It works through a pooler in transaction mode: it sets no session state, so none has to be reset.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from runtime.adapters.postgres_errors import translated
from runtime.domain.entries import Action, Entry, EntryNotFoundError, Json, Page
from runtime.domain.preconditions import Conditions, permit_change
from runtime.ports import OutcomeUnknownError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.environment import Address
    from runtime.settings import Database
    from runtime.telemetry import Telemetry

_READ = "SELECT namespace, key, value, revision, updated_at FROM entries WHERE namespace = $1 AND key = $2"

# A page ends early once its values fill $4 bytes; it always has the first entry. The scan reads one row more than the
# page, so that "found" tells whether another page follows.
_SCAN = """
SELECT namespace, key, value, revision, updated_at, found FROM (
    SELECT *, count(*) OVER () AS found, row_number() OVER byte_order AS place,
        sum(octet_length(value::text)) OVER byte_order - octet_length(value::text) AS bytes_before
    FROM (SELECT * FROM entries WHERE namespace = $1 AND key > $2 ORDER BY key LIMIT $3 + 1) AS candidates
    WINDOW byte_order AS (ORDER BY key)
) AS page
WHERE place <= $3 AND bytes_before < $4 ORDER BY key
"""

# Every change locks the last revision first, so that changes happen one after another: the next statement reads the
# latest state, no other change can create the same key, and no second lock can cause a deadlock.
_LOCK = "SELECT revision FROM last_revision FOR UPDATE"
_CURRENT = "SELECT revision FROM entries WHERE namespace = $1 AND key = $2"

_WRITE = """
WITH change AS (
    UPDATE last_revision SET revision = revision + 1 RETURNING revision, clock_timestamp() AS occurred_at
), event AS (
    INSERT INTO events SELECT revision, $1, $2, $4, $3::json, occurred_at FROM change
)
INSERT INTO entries SELECT $1, $2, $3::json, revision, occurred_at FROM change
ON CONFLICT (namespace, key) DO UPDATE
    SET value = excluded.value, revision = excluded.revision, updated_at = excluded.updated_at
RETURNING namespace, key, value, revision, updated_at
"""

_REMOVE = """
WITH change AS (
    UPDATE last_revision SET revision = revision + 1 RETURNING revision, clock_timestamp() AS occurred_at
), event AS (
    INSERT INTO events SELECT revision, $1, $2, $3, NULL, occurred_at FROM change
)
DELETE FROM entries WHERE namespace = $1 AND key = $2
"""

PAGE_BYTES = 4 * 1024 * 1024


class PostgresEntries:
    """An :class:`runtime.ports.EntryStore` on one pool of at most ``settings.pool_size`` connections."""

    def __init__(self, address: Address, settings: Database, telemetry: Telemetry) -> None:
        self._address = address
        self._settings = settings
        self._telemetry = telemetry
        self._pool: asyncpg.Pool

    async def open(self) -> None:
        """Prepare the pool without opening a connection: a worker must start while the database is unavailable."""
        self._pool = await asyncpg.create_pool(
            self._address.url,
            password=self._address.password,
            min_size=0,
            max_size=self._settings.pool_size,
            max_inactive_connection_lifetime=self._settings.idle_timeout_seconds,
            timeout=self._settings.connect_timeout_seconds,
            command_timeout=self._settings.statement_timeout_seconds,
            reset=_keep,
            server_settings={"application_name": "cbp-runtime"},
        )
        self._telemetry.pool_size.inc(self._settings.pool_size)

    async def close(self) -> None:
        """Close every connection; wait at most the connect timeout for those in use."""
        try:
            async with asyncio.timeout(self._settings.connect_timeout_seconds):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def ping(self) -> None:
        """Return when the database answers, or at once when every connection is in use: then it is serving requests."""
        if self._pool.get_size() == self._settings.pool_size and not self._pool.get_idle_size():
            return
        async with self._connection() as connection:
            await connection.fetchval("SELECT 1")

    async def read(self, namespace: str, key: str) -> Entry | None:
        """See :class:`runtime.ports.EntryStore`."""
        async with self._connection() as connection:
            row = await connection.fetchrow(_READ, namespace, key)
        return None if row is None else _entry(row)

    async def scan(self, namespace: str, after: str, limit: int) -> Page:
        """See :class:`runtime.ports.EntryStore`; a page ends once its values fill ``PAGE_BYTES``."""
        async with self._connection() as connection:
            rows = await connection.fetch(_SCAN, namespace, after, limit, PAGE_BYTES)
        entries = tuple(_entry(row) for row in rows)
        return Page(entries, entries[-1].key if entries and len(entries) < rows[0]["found"] else None)

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[Entry, bool]:
        """See :class:`runtime.ports.EntryStore`."""
        async with self._change() as connection:
            current = await _lock(connection, namespace, key)
            permit_change(conditions, current)
            action = Action.CREATE if current is None else Action.REPLACE
            row = await connection.fetchrow(_WRITE, namespace, key, value, action)
        return _entry(row), current is None

    async def remove(self, namespace: str, key: str, conditions: Conditions) -> None:
        """See :class:`runtime.ports.EntryStore`."""
        async with self._change() as connection:
            current = await _lock(connection, namespace, key)
            permit_change(conditions, current)
            if current is None:
                raise EntryNotFoundError
            await connection.execute(_REMOVE, namespace, key, Action.DELETE)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        with translated():
            connection = await self._pool.acquire(timeout=self._settings.connect_timeout_seconds)
            self._telemetry.pool_in_use.inc()
            try:
                yield connection
            finally:
                self._telemetry.pool_in_use.dec()
                await self._pool.release(connection)

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[asyncpg.Connection]:
        committing = False
        try:
            async with self._connection() as connection, connection.transaction():
                yield connection
                committing = True
        except UnavailableError as error:
            if committing:
                raise OutcomeUnknownError("the connection broke while the change was being committed") from error
            raise


async def _lock(connection: asyncpg.Connection, namespace: str, key: str) -> int | None:
    await connection.execute(_LOCK)
    revision: int | None = await connection.fetchval(_CURRENT, namespace, key)
    return revision


def _entry(row: asyncpg.Record) -> Entry:
    return Entry(row["namespace"], row["key"], Json(row["value"]), row["revision"], row["updated_at"])


async def _keep(_connection: asyncpg.Connection) -> None:
    """Replace asyncpg's reset, which costs a round trip per request and has nothing to undo here."""
