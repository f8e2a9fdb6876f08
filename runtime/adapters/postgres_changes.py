"""A feed of changes from PostgreSQL: LISTEN on a connection of its own, and a regular query for missed changes.

LISTEN does not work through a pooler in transaction mode, so the connection is direct. A notification arrives within
milliseconds of the commit, but may be lost: every ``HEARTBEAT_SECONDS`` the feed also queries, on the same connection,
the changes after the last known one, which proves that the connection still works.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import asyncpg
import structlog

from runtime.adapters.postgres_errors import translated
from runtime.ports import UnavailableError

if TYPE_CHECKING:
    from runtime.environment import Address
    from runtime.ports import Follower
    from runtime.settings import Database

CHANNEL = "entries"  # of migration 0002

HEARTBEAT_SECONDS = 1.0
ANSWER_SECONDS = 1.5
"""The longest wait for the answer to a heartbeat; with the pause before it, less than the cache's STALE_SECONDS."""

RECONNECT_SECONDS = 0.5

_REVISION = "SELECT revision FROM last_revision"
_SINCE = "SELECT revision, namespace, key FROM events WHERE revision > $1 ORDER BY revision"
_log = structlog.get_logger(__name__)


class PostgresChanges:
    """A :class:`runtime.ports.ChangeFeed` on one direct connection."""

    def __init__(self, address: Address, settings: Database) -> None:
        self._address = address
        self._settings = settings
        self._broken = False

    async def follow(self, follower: Follower) -> None:
        """See :class:`runtime.ports.ChangeFeed`."""
        while True:
            try:
                with translated():
                    await self._follow(follower)
            except (UnavailableError, asyncpg.PostgresError) as error:
                self._report(error.__cause__ or error)
            finally:
                follower.lose()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _follow(self, follower: Follower) -> None:
        connection = await self._connect()
        try:
            await _begin(connection, follower)
            self._recover()
            while True:
                await asyncio.sleep(HEARTBEAT_SECONDS)
                await _catch_up(connection, follower)
        finally:
            connection.terminate()  # close() would wait for answers that nobody needs

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            self._address.url,
            password=self._address.password(),
            timeout=self._settings.connect_timeout_seconds,
            command_timeout=ANSWER_SECONDS,
            server_settings={"application_name": "cbp-changes"},
        )

    def _report(self, error: BaseException) -> None:
        if not self._broken:
            self._broken = True
            _log.warning("the feed of changes is interrupted: reads go to the database", cause=repr(error))

    def _recover(self) -> None:
        if self._broken:
            self._broken = False
            _log.info("the feed of changes works again")


async def _begin(connection: asyncpg.Connection, follower: Follower) -> None:
    def notified(_connection: object, _process: int, _channel: str, payload: str) -> None:
        revision, namespace, key = payload.split(" ")
        follower.changed(int(revision), namespace, key)

    # Listen first, then read the revision: every change is either up to that revision, or announced.
    await connection.add_listener(CHANNEL, notified)
    asked_at = time.monotonic()
    follower.begin(await connection.fetchval(_REVISION))
    follower.confirm(asked_at)


async def _catch_up(connection: asyncpg.Connection, follower: Follower) -> None:
    asked_at = time.monotonic()
    for row in await connection.fetch(_SINCE, follower.revision):
        follower.changed(row["revision"], row["namespace"], row["key"])
    follower.confirm(asked_at)
