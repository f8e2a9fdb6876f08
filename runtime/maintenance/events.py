"""The job that keeps the partitions of events, by the role that migrates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from runtime.adapters.postgres_migrations import session
from runtime.maintenance.audit import drop_expired

if TYPE_CHECKING:
    from runtime.environment import Address
    from runtime.settings import Database

PARTITION_REVISIONS = 1_000_000
AHEAD_REVISIONS = 2 * PARTITION_REVISIONS
"""The revisions for which partitions are made ahead: more than any day has changes."""

_UNSEALED = """
SELECT EXISTS (
    SELECT FROM audit_head() AS head, events
    WHERE events.revision >= head.revision AND (events.revision, events.ordinal) > (head.revision, head.ordinal)
        AND occurred_at < clock_timestamp() - $1::interval)
"""

_log = structlog.get_logger(__name__)


async def keep_events(address: Address, settings: Database) -> None:
    """Make partitions ahead, and drop those past ``events_retention_days`` behind a verified checkpoint.

    The audit trail, the proposals that are over, the dead letters and the notifications keep the same retention, and no
    event is dropped that is not sealed.

    Raises asyncpg's errors; each partition is made or dropped in a transaction of its own.
    """
    async with session(address, settings) as connection:
        late = await connection.fetchval("SELECT count(*) FROM events_default")
        if late:
            _log.warning("events came into the default partition, because none was made in time", events=late)
        made = await connection.fetchval("SELECT make_event_partitions($1, $2)", PARTITION_REVISIONS, AHEAD_REVISIONS)
        dropped = []
        retention = timedelta(days=settings.events_retention_days)
        unsealed = await connection.fetchval(_UNSEALED, retention)
        if unsealed:
            _log.error("events past their retention are kept, because they are not sealed in the audit trail")
        while not unsealed and (name := await connection.fetchval("SELECT drop_expired_events($1)", retention)):
            dropped.append(name)
        records = await drop_expired(connection, retention)
        proposals = await connection.fetchval("SELECT drop_expired_proposals($1)", retention)
        letters = await connection.fetchval("SELECT drop_expired_dead_letters($1)", retention)
        notifications = await connection.fetchval("SELECT drop_expired_notifications($1)", retention)
    _log.info(
        "the events are within their retention",
        made=made,
        dropped=dropped,
        audit_records=records,
        proposals=proposals,
        dead_letters=letters,
        notifications=notifications,
    )
