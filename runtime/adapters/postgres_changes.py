"""A feed of changes from PostgreSQL: LISTEN on a connection of its own, and a regular question for missed changes.

LISTEN does not work through a pooler in transaction mode, so the connection is direct. A notification arrives within
milliseconds of the commit, but may be lost: every ``HEARTBEAT_SECONDS`` the feed also asks, on the same connection, for
the position and for the changes after the last known one, which proves that the connection still works and that the
known history goes on. A server in recovery refuses LISTEN: there the feed asks more often.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import asyncpg
import structlog

from runtime.adapters.postgres import CONFIRM
from runtime.adapters.postgres_connecting import connect
from runtime.adapters.postgres_errors import TEXTS, translated
from runtime.adapters.postgres_migrations import migrations
from runtime.domain.entries import Mark, Version
from runtime.ports.availability import Outage, Reason, Schema, TransientError, UnavailableError

if TYPE_CHECKING:
    from runtime.adapters.postgres_horizon import Horizon
    from runtime.environment import Address
    from runtime.ports.entries import Follower, HighWater
    from runtime.settings import Database

CHANNEL = "entries"  # of migration 0003

HEARTBEAT_SECONDS = 1.0
POLL_SECONDS = 0.25
"""The pause between two questions to a server in recovery, which announces nothing."""

ANSWER_SECONDS = 1.5
"""The longest wait for the answer to a heartbeat; with the pause before it, less than the cache's STALE_SECONDS."""

RECONNECT_SECONDS = 0.5

MARK_SECONDS = 0.05
"""The pause between two marks of one worker that are kept outside of the database."""

# $1, $2, $3: the epoch, revision and id of the last known change. "kept" tells whether it is part of this history.
_POSITION = """
SELECT position.epoch, position.revision, clock_timestamp() AS server_time, pg_is_in_recovery() AS recovering,
    (SELECT change FROM events WHERE events.revision = position.revision AND ordinal = 0) AS change,
    $1::text IS NULL
        OR $1 = position.epoch AND $2::bigint <= position.revision
            AND ($3::uuid IS NULL OR EXISTS (SELECT FROM events WHERE events.revision = $2 AND change = $3)
                OR $2 <= (SELECT max(checkpoints.revision) FROM checkpoints))
        OR EXISTS (SELECT FROM histories WHERE epoch = $1 AND epoch <> position.epoch) AS kept
FROM store_position() AS position
"""
_BETWEEN = """
SELECT namespace, key FROM events WHERE revision > $1 AND revision <= $2 ORDER BY revision, ordinal LIMIT $3
"""

MOST_CHANGES = 10_000
"""The most changes that are caught up with one by one; after more than these everything may be outdated."""

_SCHEMA = """
SELECT max(version) AS version,
    (SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('public.entries')) AS partitions
FROM schema_migrations
"""

_log = structlog.get_logger(__name__)


class PostgresChanges:
    """A :class:`runtime.ports.entries.ChangeFeed` on one direct connection."""

    def __init__(self, address: Address, settings: Database, horizon: Horizon, high_water: HighWater) -> None:
        self._address = address
        self._settings = settings
        self._horizon = horizon
        self._high_water = high_water
        self.outage: Outage | None = None
        self.schema = Schema(None, migrations()[-1].version)

    async def follow(self, follower: Follower) -> None:
        """See :class:`runtime.ports.entries.ChangeFeed`."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_marks())
            await self._follow_always(follower)

    async def _follow_always(self, follower: Follower) -> None:
        while True:
            try:
                with translated():
                    await self._follow(follower)
            except UnavailableError as error:
                self._report(error.reason, error.__cause__ or error)
            except asyncpg.PostgresError as error:
                self._report(Reason.AWAY, error)
            finally:
                follower.lose()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow(self, follower: Follower) -> None:
        connection = await self._connect()
        try:
            more = asyncio.Event()
            await self._require_schema(connection)
            listening = await _listen(connection, follower, self._horizon, more)
            await self._confirm(connection, await self._outside())
            while True:
                more.clear()
                await self._ask(connection, follower)
                self._recover()
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS if listening else POLL_SECONDS):
                        await more.wait()
        finally:
            connection.terminate()  # close() would wait for answers that nobody needs

    async def _require_schema(self, connection: asyncpg.Connection) -> None:
        """Compare the database's last migration with this release's, and its partitions with those of the settings.

        A later migration is right during a roll-out.
        """
        needed = self.schema.needed
        row, stated = await connection.fetchrow(_SCHEMA), self._settings.partitions
        found = row["version"]
        self.schema = Schema(found, needed)
        if found is None or found < needed:
            raise UnavailableError(TEXTS[Reason.SCHEMA_MISSING], Reason.SCHEMA_MISSING)
        if row["partitions"] != stated:
            text = f"the entries have {row['partitions']} partitions, and the settings say {stated}"
            raise UnavailableError(text, Reason.OTHER_PARTITIONS)

    async def _ask(self, connection: asyncpg.Connection, follower: Follower) -> None:
        """Query the position, and pass the changes since the last one to the follower."""
        asked_at = time.monotonic()
        row = await self._position(connection, self._horizon.mark)
        answered_at = time.monotonic()
        version = Version(row["epoch"], row["revision"])
        known = follower.version
        if known is None or known.epoch != version.epoch or known.revision > version.revision:
            follower.begin(version)
        elif known.revision < version.revision:
            rows = await connection.fetch(_BETWEEN, known.revision, version.revision, MOST_CHANGES)
            if len(rows) == MOST_CHANGES:
                follower.begin(version)
            else:
                follower.changed(known.revision, version.revision, [(each["namespace"], each["key"]) for each in rows])
        self._horizon.advance(version, row["change"])
        if not row["recovering"]:
            self._horizon.confirm(asked_at, answered_at, version, row["server_time"])
        follower.confirm(asked_at)

    async def _position(self, connection: asyncpg.Connection, mark: Mark | None) -> asyncpg.Record:
        """Return the position of a confirmed history; a database that lost the ``mark`` begins a new one."""
        row = await connection.fetchrow(_POSITION, *_parts(mark))
        if row["epoch"] is None or not (row["kept"] or row["recovering"]):
            epoch = await connection.fetchval(CONFIRM, *_parts(mark), self._settings.lossless_failover)
            _log.warning("the history of the database was confirmed", epoch=epoch, known=str(mark and mark.version))
            row = await connection.fetchrow(_POSITION, *_parts(mark))
            if row["epoch"] is None:
                raise TransientError("the database is being promoted")
        return row

    async def _confirm(self, connection: asyncpg.Connection, mark: Mark | None) -> None:
        """Compare the database with a change that is known outside of this worker."""
        if mark is not None:
            await self._position(connection, mark)

    async def _outside(self) -> Mark | None:
        try:
            return await self._high_water.read()
        except UnavailableError:
            return None

    async def _keep_marks(self) -> None:
        """Keep each last known change outside of the database, as soon as it is known."""
        horizon = self._horizon
        while True:
            await horizon.advanced.wait()
            horizon.advanced.clear()
            pause = MARK_SECONDS
            if horizon.mark is not None:
                try:
                    await self._high_water.raise_to(horizon.mark)
                except UnavailableError:
                    horizon.advanced.set()
                    pause = HEARTBEAT_SECONDS
            await asyncio.sleep(pause)

    async def _connect(self) -> asyncpg.Connection:
        return await connect(
            self._address,
            timeout=self._settings.connect_timeout_seconds,
            command_timeout=ANSWER_SECONDS,
            server_settings={"application_name": "cbp-changes"},
        )

    def _report(self, reason: Reason, cause: BaseException) -> None:
        """Log an interruption once, and again when it has another reason."""
        since = time.monotonic() if self.outage is None else self.outage.since
        if self.outage is None or self.outage.reason is not reason:
            log = _log.error if reason.refuses else _log.warning
            log("the feed of changes is interrupted", reason=reason.value, text=TEXTS[reason], cause=repr(cause))
        self.outage = Outage(reason, since)

    def _recover(self) -> None:
        if self.outage is not None:
            self.outage = None
            _log.info("the feed of changes works again")


async def _listen(connection: asyncpg.Connection, follower: Follower, horizon: Horizon, more: asyncio.Event) -> bool:
    """Listen to changes, before the first question for the position; return whether the server announces any.

    ``more`` is set by a notification without names: there are too many, or a new history began.
    """

    def notified(_connection: object, _process: int, _channel: str, payload: str) -> None:
        head, *names = payload.split("\n")
        if not names:
            more.set()
            return
        epoch, after, revision = head.split(" ")
        known = follower.version
        if known is not None and known.epoch == epoch:
            follower.changed(int(after), int(revision), [_name(line) for line in names])
            horizon.advance(Version(epoch, int(revision)))

    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        return False
    await connection.add_listener(CHANNEL, notified)
    return True


def _name(line: str) -> tuple[str, str]:
    namespace, _, key = line.partition(" ")
    return namespace, key


def _parts(mark: Mark | None) -> tuple[object, object, object]:
    if mark is None:
        return None, None, None
    return mark.version.epoch, mark.version.revision, mark.change
