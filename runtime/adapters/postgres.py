"""An entry store in PostgreSQL, through asyncpg pools.

It works through a pooler in transaction mode: it sets no session state, so none has to be reset. Every call is one
statement, so that no client is ever inside a transaction.
"""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import asyncpg
import structlog

from runtime.adapters.postgres_connecting import connect
from runtime.adapters.postgres_errors import BROKEN, GUARD_BROKEN, HISTORY_UNCONFIRMED, translated
from runtime.adapters.postgres_history import PostgresHistory
from runtime.adapters.postgres_requests import CHANGE, GUARDED_CHANGE, calls, change_arguments, guard_refusal, results
from runtime.domain.entries import Entry, Found, Json, Layered, Layers, OtherHistoryError, Page, Version, Whole
from runtime.domain.namespaces import (
    LARGEST_BYTES,
    MOST_ENTRIES,
    MOST_EXAMINED,
    MOST_LAYERS,
    Summaries,
    Summary,
    namespace_too_large,
    stacked,
    summaries,
)
from runtime.ports.availability import CircuitState, OutcomeUnknownError, Pool, Reason, UnavailableError
from runtime.services.admission import Admission
from runtime.services.circuit_breaker import CircuitBreaker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from runtime.adapters.postgres_horizon import Horizon
    from runtime.domain.entries import Change
    from runtime.domain.namespaces import Names
    from runtime.environment import Address
    from runtime.ports.entries import Result
    from runtime.settings import Database

_READ = """
SELECT position.epoch, position.revision AS last, entry.* FROM store_position() AS position
LEFT JOIN (SELECT namespace, key, value, revision, updated_at FROM entries WHERE namespace = $1 AND key = $2) AS entry
    ON true
"""

# A page ends early once its values fill $4 bytes; it always has the first entry. The inner query reads one row more
# than the page, so that "found" tells whether another page follows, and the stored sizes instead of the values. No
# character of a key is above "z", so that "{" ends the keys of a prefix.
_SCAN = """
SELECT position.epoch, position.revision AS last, page.found, entry.namespace, entry.key, entry.value, entry.revision,
    entry.updated_at
FROM store_position() AS position LEFT JOIN (
    SELECT key, count(*) OVER () AS found, row_number() OVER byte_order AS place,
        sum(size) OVER byte_order - size AS bytes_before
    FROM (
        SELECT key, size FROM entries WHERE namespace = $1 AND key > $2 AND key >= $5 AND key < $5 || '{'
        ORDER BY key LIMIT $3 + 1
    ) AS candidates
    WINDOW byte_order AS (ORDER BY key)
) AS page ON place <= $3 AND bytes_before < $4
LEFT JOIN entries AS entry ON entry.namespace = $1 AND entry.key = page.key
ORDER BY page.key
"""

# The first row tells whether the values have at most $2 bytes in $3 entries; only then do they follow. The empty key is
# that of the namespace's definition.
_WHOLE = """
SELECT position.epoch, position.revision AS last, namespace_revision($1) AS version, whole.fits,
    EXISTS (SELECT FROM entries WHERE namespace = $1 AND key = '') AS defined, entry.*
FROM store_position() AS position CROSS JOIN (
    SELECT coalesce(sum(size), 0) <= $2 AND count(*) <= $3 AS fits
    FROM (SELECT size FROM entries WHERE namespace = $1 AND key > '' ORDER BY key LIMIT $3 + 1) AS sizes
) AS whole
LEFT JOIN (
    SELECT namespace, key, value, revision, updated_at FROM entries WHERE namespace = $1 AND key > ''
) AS entry ON whole.fits
ORDER BY entry.key
"""

# At most $4 layers by their depth, each with its entries if all of them have at most $2 bytes in $3 entries.
# $5 asks for their actors.
_LAYERS = """
WITH RECURSIVE layers (layer, depth) AS (
    SELECT $1::text COLLATE "C", 1
    UNION ALL SELECT (e.value ->> 'parent') COLLATE "C", depth + 1
    FROM layers JOIN entries AS e ON e.namespace = layers.layer AND e.key = ''
    WHERE e.value ->> 'parent' IS NOT NULL AND depth < $4
)
SELECT position.epoch, position.revision AS last, layers.layer, namespace_revision(layers.layer) AS version, whole.fits,
    EXISTS (SELECT FROM entries WHERE namespace = layers.layer AND key = '') AS defined, entry.*, made.actor
FROM store_position() AS position CROSS JOIN (
    SELECT coalesce(sum(size), 0) <= $2 AND count(*) <= $3 AS fits
    FROM (SELECT size FROM layers JOIN entries ON namespace = layer WHERE key > '' LIMIT $3 + 1) AS sizes
) AS whole CROSS JOIN layers
LEFT JOIN LATERAL (
    SELECT namespace, key, value, revision, updated_at FROM entries WHERE namespace = layers.layer AND key > ''
) AS entry ON whole.fits
LEFT JOIN events AS made
    ON $5 AND (made.revision, made.namespace, made.key) = (entry.revision, entry.namespace, entry.key)
ORDER BY layers.depth, entry.key
"""

# The names are found one after the other, each by a look into the index. $2 of them are read, and one more, which tells
# whether others follow.
_NAMESPACES = """
WITH RECURSIVE covered AS (
    SELECT * FROM unnest($3::text[], $4::text[]) AS covered (first, last)
), names (name) AS (
    SELECT $1::text COLLATE "C"
    UNION ALL
    SELECT (SELECT min(following.namespace) FROM covered CROSS JOIN LATERAL (
        SELECT namespace FROM entries WHERE namespace > name AND namespace BETWEEN first AND last
        ORDER BY namespace LIMIT 1
    ) AS following) FROM names WHERE name IS NOT NULL
), page AS (SELECT name FROM names WHERE name > $1 LIMIT $2 + 1)
SELECT position.epoch, position.revision AS last, page.name, definition.revision, CASE WHEN definition.key = '' THEN
    json_build_object('owner', value -> 'owner', 'description', value -> 'description', 'labels', value -> 'labels',
        'parent', value -> 'parent') END AS members
FROM store_position() AS position LEFT JOIN page ON true
LEFT JOIN entries AS definition ON definition.namespace = page.name AND definition.key = ''
ORDER BY page.name
"""

CONFIRM = "SELECT confirm_history($1, $2, $3, $4)"

PAGE_BYTES = 4 * 1024 * 1024

STANDBY_SECONDS = 0.5
"""The longest that a read waits for a standby, so that the primary can still answer it in time."""

_log = structlog.get_logger(__name__)


class PostgresEntries:
    """An ``EntryStore``, with a pool for reads, one for changes, and one for reads of a standby.

    Reads go to ``standby``, if there is one, while it is known to be at most ``replica_lag_seconds`` behind.
    """

    def __init__(self, primary: Address, standby: Address | None, settings: Database, horizon: Horizon) -> None:
        self._addresses = primary, standby
        self._settings = settings
        self._horizon = horizon
        self.history = PostgresHistory(self)
        self._reads: _Pool
        self._changes: _Pool
        self._standby: _Pool | None = None
        self._standby_circuit = CircuitBreaker(settings.circuit_breaker, STANDBY_SECONDS)

    async def open(self) -> None:
        """Prepare the pools without opening a connection: a worker must start while the database is unavailable."""
        primary, standby = self._addresses
        self._changes = await self._pool(primary, self._settings.pool_size)
        self._reads = await self._pool(primary, self._settings.read_pool_size)
        if standby is not None:
            self._standby = await self._pool(standby, self._settings.read_pool_size)

    async def close(self) -> None:
        """Close every connection; wait at most the connect timeout for those in use."""
        for pool in filter(None, (self._reads, self._changes, self._standby)):
            try:
                async with asyncio.timeout(self._settings.connect_timeout_seconds):
                    await pool.connections.close()
            except TimeoutError:
                pool.connections.terminate()

    def pools(self) -> Mapping[str, Pool]:
        """See :class:`runtime.ports.entries.EntryStore`."""
        pools = {"reads": self._reads, "changes": self._changes, "standby": self._standby}
        return {name: pool.use for name, pool in pools.items() if pool is not None}

    @property
    def circuits(self) -> Mapping[str, CircuitBreaker]:
        """See :class:`runtime.ports.entries.EntryStore`."""
        return {"database-standby": self._standby_circuit}

    def reading(self, *, deferrable: bool = False) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Lend a connection of those for reads, with errors translated, for what is kept beside the entries.

        One that is ``deferrable`` waits behind those that are not.
        """
        return self._connection(self._reads, deferrable=deferrable)

    def changing(self) -> AbstractAsyncContextManager[asyncpg.Connection]:
        """Lend a connection of those for changes, with errors translated."""
        return self._connection(self._changes)

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        """See :class:`runtime.ports.entries.EntryStore`."""
        rows, version = await self.fetch(at_least, _READ, namespace, key)
        return Found(_entry(rows[0], version.epoch), version)

    async def scan(
        self, namespace: str, after: str, limit: int, at_least: Version | None = None, prefix: str = ""
    ) -> Page:
        """See :class:`runtime.ports.entries.EntryStore`; a page ends once its values fill ``PAGE_BYTES``."""
        rows, version = await self.fetch(at_least, _SCAN, namespace, after, limit, PAGE_BYTES, prefix, deferrable=True)
        entries = tuple(entry for row in rows if (entry := _entry(row, version.epoch)) is not None)
        return Page(entries, entries[-1].key if entries and len(entries) < rows[0]["found"] else None, version)

    async def whole(self, namespace: str, at_least: Version | None = None) -> Whole:
        """See :class:`runtime.ports.entries.EntryStore`."""
        rows, snapshot = await self.fetch(at_least, _WHOLE, namespace, LARGEST_BYTES, MOST_ENTRIES)
        if not rows[0]["fits"]:
            raise namespace_too_large(namespace)
        entries = tuple(entry for row in rows if (entry := _entry(row, snapshot.epoch)) is not None)
        version = Version(snapshot.epoch, rows[0]["version"])
        return Whole(namespace, rows[0]["defined"], entries, version, snapshot)

    async def layers(self, namespace: str, at_least: Version | None = None, *, actors: bool = False) -> Layers:
        """See :class:`runtime.ports.entries.EntryStore`."""
        rows, snapshot = await self.fetch(
            at_least, _LAYERS, namespace, LARGEST_BYTES, MOST_ENTRIES, MOST_LAYERS, actors
        )
        if not rows[0]["fits"]:
            raise namespace_too_large(namespace)
        found = [Layered(entry, row["actor"]) for row in rows if (entry := _entry(row, snapshot.epoch)) is not None]
        names = tuple(dict.fromkeys(row["layer"] for row in rows))
        version = Version(snapshot.epoch, max(row["version"] for row in rows))
        return Layers(names, stacked(found), rows[0]["defined"], version, snapshot)

    async def namespaces(
        self,
        names: Sequence[Names],
        after: str,
        limit: int,
        labels: Mapping[str, str],
        at_least: Version | None = None,
    ) -> Summaries:
        """See :class:`runtime.ports.entries.EntryStore`."""
        most = MOST_EXAMINED if labels else limit
        bounds = [each.first for each in names], [each.last for each in names]
        rows, version = await self.fetch(at_least, _NAMESPACES, after, most, *bounds, deferrable=True)
        named = [row for row in rows if row["name"] is not None]
        found = [
            Summary(row["name"], row["members"], row["revision"] and Version(version.epoch, row["revision"]))
            for row in named[:most]
        ]
        return summaries(found, limit, labels, version, more=len(named) > most)

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        """See :class:`runtime.ports.entries.EntryStore`."""
        found: list[Result] = []
        for group in calls(changes):
            try:
                found += await self._change_together(group)
            except UnavailableError as error:
                if found:  # those before it have been made
                    raise OutcomeUnknownError("the connection broke after changes had been sent") from error
                raise
        return found

    async def _change_together(self, changes: Sequence[Change]) -> Sequence[Result]:
        try:
            return await self._change(changes)
        except asyncpg.PostgresError as error:
            if error.sqlstate == GUARD_BROKEN:
                return [guard_refusal(error)]
            if len(changes) == 1:
                raise
            # One of them met a defect, and nothing was made: each by itself, so that it alone fails.
            return [await self._alone(change) for change in changes]

    async def _alone(self, change: Change) -> Result:
        try:
            return (await self._change((change,)))[0]
        except asyncpg.PostgresError as error:
            defect: Exception = error
            return defect
        except UnavailableError as error:  # those before it may have been made
            raise OutcomeUnknownError("the connection broke after changes had been sent") from error

    async def _change(self, changes: Sequence[Change]) -> Sequence[Result]:
        deadline = max(change.deadline for change in changes)
        query = CHANGE if changes[0].guard is None else GUARDED_CHANGE
        made = results(changes, await self.call(query, deadline, lambda: change_arguments(changes, self._horizon)))
        for change, result in zip(changes, made, strict=True):
            if isinstance(result, tuple) and not change.trial:
                self._horizon.made(result[0].version, change.id)
        return made

    async def call(
        self, query: str, deadline: float, arguments: Callable[[], tuple[object, ...]]
    ) -> list[asyncpg.Record]:
        """Return the rows of a statement that changes something, and may need the history to be confirmed first.

        Raises :class:`OutcomeUnknownError` when the connection breaks after it was sent.
        """
        async with self._connection(self._changes, deadline - time.monotonic()) as connection:
            try:
                return await _send(connection, query, deadline, arguments())
            except asyncpg.PostgresError as error:
                if error.sqlstate != HISTORY_UNCONFIRMED:
                    raise
                await self._confirm(connection)
                return await _send(connection, query, deadline, arguments())

    async def _confirm(self, connection: asyncpg.Connection) -> None:
        mark = self._horizon.mark
        known = (None, None, None) if mark is None else (mark.version.epoch, mark.version.revision, mark.change)
        epoch = await connection.fetchval(CONFIRM, *known, self._settings.lossless_failover)
        if epoch != known[0]:
            self._horizon.advance(Version(epoch, 0))

    async def fetch(
        self, at_least: Version | None, query: str, *arguments: object, primary: bool = False, deferrable: bool = False
    ) -> tuple[list[asyncpg.Record], Version]:
        """Return the rows and the version of their snapshot: a standby's if it is recent enough and not busy.

        Each row has the position as ``epoch`` and ``last``. ``primary`` excludes the standby. A query that is
        ``deferrable`` waits behind those that are not.
        """
        required = None if primary else self._horizon.required(time.monotonic(), at_least)
        standby = self._standby
        if standby and not standby.admission.full and required is not None and self._standby_circuit.permits():
            rows = await self._fetch_from_standby(standby, query, *arguments)
            if rows and rows[0]["epoch"] == required.epoch and rows[0]["last"] >= required.revision:
                return rows, Version(required.epoch, rows[0]["last"])
        async with self._connection(self._reads, deferrable=deferrable) as connection:
            known = self._horizon.mark
            rows = await connection.fetch(query, *arguments)
            # Another history is a later one, or an earlier one that this database was put back to.
            if rows[0]["epoch"] is None or (known is not None and rows[0]["epoch"] != known.version.epoch):
                await self._confirm(connection)
                rows = await connection.fetch(query, *arguments)
        version = Version(rows[0]["epoch"], rows[0]["last"])
        if at_least is not None and (version.epoch != at_least.epoch or version.revision < at_least.revision):
            raise OtherHistoryError(f"the store is at revision {version}")
        self._horizon.advance(version)
        return rows, version

    async def _fetch_from_standby(self, standby: _Pool, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Return rows, or none from a standby that is away: the primary answers in its place."""
        try:
            async with asyncio.timeout(STANDBY_SECONDS), self._connection(standby) as connection:
                rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
        except UnavailableError as error:
            self._standby_failed(error.reason)
            return []
        except TimeoutError:
            self._standby_failed(Reason.SLOW)
            return []
        if self._standby_circuit.state is not CircuitState.CLOSED:
            _log.info("the standby answers reads again")
        self._standby_circuit.succeeded()
        return rows

    def _standby_failed(self, reason: Reason) -> None:
        before = self._standby_circuit.state
        self._standby_circuit.failed(reason)
        if before is CircuitState.CLOSED and self._standby_circuit.state is not CircuitState.CLOSED:
            _log.warning("the standby is away: the primary answers its reads", reason=reason.value)

    async def _pool(self, address: Address, size: int) -> _Pool:
        connections = await asyncpg.create_pool(
            connect=lambda _dsn, **options: connect(address, **options),
            min_size=0,
            max_size=size,
            max_inactive_connection_lifetime=self._settings.idle_timeout_seconds,
            timeout=self._settings.connect_timeout_seconds,
            command_timeout=self._settings.statement_timeout_seconds,
            reset=_keep,
            server_settings={"application_name": "cbp-runtime"},
        )
        return _Pool(connections, connections.get_max_size(), Admission(size))

    @asynccontextmanager
    async def _connection(
        self, pool: _Pool, seconds: float = math.inf, *, deferrable: bool = False
    ) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection once it is this caller's turn; wait for it at most ``seconds``, and the connect timeout."""
        with translated():
            async with pool.admission.turn(deferrable=deferrable):
                wait = min(self._settings.connect_timeout_seconds, max(seconds, 0.001))
                connection = await pool.connections.acquire(timeout=wait)
                try:
                    yield connection
                except BaseException as error:
                    if isinstance(error, asyncpg.PostgresError) and not isinstance(error, BROKEN):
                        raise
                    with suppress(asyncpg.InterfaceError):  # it was closed and released already
                        connection.terminate()  # a release would wait for a server that may not answer
                    # The others may be as dead as this one: a silent network leaves every connection half-open, and a
                    # pooler ends each session when it is used, if it cannot log in to the server any more.
                    await pool.connections.expire_connections()
                    raise
                finally:
                    await pool.connections.release(connection)


class _Pool(NamedTuple):
    """A pool of asyncpg, and the admission of as many calls as it has connections."""

    connections: asyncpg.Pool
    size: int
    admission: Admission

    @property
    def use(self) -> Pool:
        admission = self.admission
        return Pool(self.size, admission.in_use, admission.waiting, admission.refused)


async def _send(
    connection: asyncpg.Connection, query: str, deadline: float, arguments: tuple[object, ...]
) -> list[asyncpg.Record]:
    try:
        rows: list[asyncpg.Record] = await connection.fetch(
            query, *arguments, timeout=max(deadline - time.monotonic(), 0.001)
        )
    except asyncpg.DataError:
        raise  # a subclass of InterfaceError, but a defect of the caller
    except BROKEN as error:
        reason = Reason.SLOW if isinstance(error, TimeoutError) else Reason.AWAY
        raise OutcomeUnknownError("the connection broke after changes had been sent", reason) from error
    return rows


def _entry(row: asyncpg.Record, epoch: str) -> Entry | None:
    if row["key"] is None:
        return None
    return Entry(row["namespace"], row["key"], Json(row["value"]), Version(epoch, row["revision"]), row["updated_at"])


async def _keep(_connection: asyncpg.Connection) -> None:
    """Replace asyncpg's reset, which costs a round trip per request and has nothing to undo here."""
