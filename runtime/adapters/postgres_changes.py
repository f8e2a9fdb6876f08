"""The feed of changes: LISTEN on a connection of its own, and a regular look at what it may have missed.

A session that listens cannot go through a pooler in transaction mode, so the connection is a direct one. A notification
arrives within milliseconds of the commit. It is not trusted alone: every ``HEARTBEAT_SECONDS`` the same connection is
asked for the changes after the last one known, which also proves that it still works.
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
"""The longest wait for the answer to a heartbeat: with the pause before it, less than what memory is good for."""

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
            connection.terminate()  # nothing is on its way that anybody waits for

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
            _log.warning("changes are not heard: reads go to the database", cause=repr(error))

    def _recover(self) -> None:
        if self._broken:
            self._broken = False
            _log.info("changes are heard again")


async def _begin(connection: asyncpg.Connection, follower: Follower) -> None:
    def notified(_connection: object, _process: int, _channel: str, payload: str) -> None:
        revision, namespace, key = payload.split(" ")
        follower.changed(int(revision), namespace, key)

    # Listening comes first: a change is either before the revision that is read then, or announced.
    await connection.add_listener(CHANNEL, notified)
    asked_at = time.monotonic()
    follower.begin(await connection.fetchval(_REVISION))
    follower.confirm(asked_at)


async def _catch_up(connection: asyncpg.Connection, follower: Follower) -> None:
    asked_at = time.monotonic()
    for row in await connection.fetch(_SINCE, follower.revision):
        follower.changed(row["revision"], row["namespace"], row["key"])
    follower.confirm(asked_at)
