"""The test that the database can be restored: from its archive, and from a volume snapshot, in turn.

A scratch Cluster is restored beside the database, its integrity verified, and what it lacks measured against the
primary. The result is a row of ``restore_tests`` (migration 0012) in the primary, which the exporter of its pods serves
as metrics. The scratch Cluster is deleted in any case: one that a killed run has left, by the next run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import structlog

from runtime.adapters.postgres_migrations import session
from runtime.maintenance.integrity import verify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from runtime.environment import Address
    from runtime.maintenance.scratch import Access, Scratch
    from runtime.settings import Database

ARCHIVE, SNAPSHOT = "archive", "snapshot"
CONNECT_SECONDS = 30

_LAST = "SELECT source FROM restore_tests ORDER BY began_at DESC LIMIT 1"
_BEGIN = "INSERT INTO restore_tests (began_at, source) VALUES (clock_timestamp(), $1) RETURNING began_at"
_END = """
UPDATE restore_tests SET finished_at = clock_timestamp(), seconds = $2, lost_seconds = $3, revision = $4, faults = $5
WHERE began_at = $1
"""
# A promotion writes the history file of the new timeline: its time, in whole seconds that are rounded up here, is when
# the recovery had reached its end.
_RECOVERED = """
SELECT last_revision() AS revision, (SELECT max(sequence) FROM audit_records) AS sequence,
    (SELECT encode(link, 'hex') FROM audit_records ORDER BY sequence DESC LIMIT 1) AS link,
    (pg_stat_file(
        'pg_wal/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || '.history'
    )).modification + interval '1 second' AS ended
"""
_LOST = """
SELECT coalesce(extract(epoch FROM $2::timestamptz - min(occurred_at)), 0)::float FROM events
WHERE revision > $1 AND occurred_at <= $2
"""
_SEALED = "SELECT encode(link, 'hex') FROM audit_records WHERE sequence = $1"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A test that came to its end: ``faults`` are sentences, and the seconds those of migration 0012."""

    source: str
    seconds: float
    lost_seconds: float
    revision: int
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Recovered:
    """The end of a restored database: its last revision, the last link of its audit trail, and when recovery ended."""

    revision: int
    sequence: int | None
    link: str | None
    ended: datetime


_log = structlog.get_logger(__name__)


async def restore(
    scratch: Scratch,
    cluster: str,
    address: Address,
    settings: Database,
    longest_seconds: float,
    connect: Callable[[Access], Awaitable[asyncpg.Connection]] | None = None,
) -> Outcome:
    """Restore, verify and record, and delete the scratch Cluster.

    ``cluster`` is the name of the database's Cluster, ``address`` its primary, ``connect`` opens a session of the
    superuser in the restored database.

    Raises :class:`runtime.maintenance.kubernetes.KubernetesError` when it is not restored within ``longest_seconds``,
    and asyncpg's and the operating system's errors.
    """
    scratch.remove()
    try:
        async with session(address, settings) as primary:
            source, snapshot = await _source(primary, scratch, cluster)
            began_at = await primary.fetchval(_BEGIN, source)
        _log.info("the database is being restored", source=source)
        began = scratch.now()
        scratch.make(snapshot)
        scratch.wait(longest_seconds)
        seconds = scratch.now() - began
        restored = await (connect or _connect)(scratch.access())
        try:
            recovered = _Recovered(**await restored.fetchrow(_RECOVERED))
            faults = await verify(restored)
        finally:
            await restored.close()
        async with session(address, settings) as primary:
            lost = await primary.fetchval(_LOST, recovered.revision, recovered.ended)
            faults += await _foreign(primary, recovered)
            await primary.execute(_END, began_at, seconds, lost, recovered.revision, len(faults))
    finally:
        scratch.remove()
    return Outcome(source, seconds, lost, recovered.revision, tuple(faults))


async def _source(primary: asyncpg.Connection, scratch: Scratch, cluster: str) -> tuple[str, dict[str, str] | None]:
    """Return the source of this test: the other one than of the last test, where there is a snapshot."""
    snapshot = scratch.newest_snapshot(cluster)
    if snapshot is None or await primary.fetchval(_LAST) == SNAPSHOT:
        return ARCHIVE, None
    return SNAPSHOT, snapshot


async def _connect(access: Access) -> asyncpg.Connection:
    return await asyncpg.connect(
        host=access.host,
        user=access.user,
        password=access.password,
        database=access.database,
        ssl=access.tls,
        timeout=CONNECT_SECONDS,
    )


async def _foreign(primary: asyncpg.Connection, recovered: _Recovered) -> list[str]:
    """Return a fault where the audit trail that was restored is not the primary's; retention may have dropped it."""
    there = await primary.fetchval(_SEALED, recovered.sequence)
    if there is None or there == recovered.link:
        return []
    return [f"audit record {recovered.sequence} is another one in the primary: this is no copy of its database"]
