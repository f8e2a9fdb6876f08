"""The jobs of the audit trail, by the role that migrates: to anchor its head outside, and to keep its retention."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from runtime.adapters.postgres_migrations import session
from runtime.domain.audit import FORMAT, canonical, written
from runtime.maintenance.locked_store import keep
from runtime.maintenance.transit import sign

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    import asyncpg

    from runtime.environment import Address, LockedStore, Signer
    from runtime.settings import Settings

MOST_DROPPED = 100_000
"""The records that one transaction drops at most."""

_HEAD = """
SELECT sequence, encode(link, 'hex') AS link FROM audit_head()
WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM audit_anchors)
"""
_ANCHOR = "INSERT INTO audit_anchors (sequence, statement, signature) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

_log = structlog.get_logger(__name__)


async def anchor(
    address: Address, settings: Settings, signer: Signer, folder: Path | None, store: LockedStore | None = None
) -> int | None:
    """Have the head of the chain signed, keep the anchor outside of the database (``folder``, ``store``), and in it.

    Returns the place of the anchored record; None where nothing was sealed since the last anchor. Outside it is written
    first: a job that is killed in between anchors the same head again, or a later one.

    Each run tells the standbys that there is something to replay.

    Raises :class:`runtime.maintenance.transit.SignerError`, :class:`runtime.maintenance.locked_store.StoreError`, and
    asyncpg's and the operating system's errors.
    """
    async with session(address, settings.database) as connection:
        await tell_standbys(connection)
        head = await connection.fetchrow(_HEAD)
        if head is None:
            return None
        place: int = head["sequence"]
        statement = {
            "format": FORMAT,
            "environment": settings.environment,
            "cluster": settings.cluster,
            "sequence": place,
            "link": head["link"],
            "at": written(datetime.now(UTC)),
        }
        text = canonical(statement)
        signature = sign(signer, text)
        name = f"{settings.environment}-{settings.cluster}-{place:012}.json"
        content = f'{{"statement":{text.decode()},"signature":"{signature}"}}\n'
        if folder is not None and not _write(folder / name, content):
            _log.warning("the anchor was written before: it is left as it is", file=name)
        if store is not None and not keep(store, name, content.encode()):
            _log.warning("the anchor was kept before: it is left as it is", object=name)
        await connection.execute(_ANCHOR, place, text.decode(), signature)
    _log.info("the audit trail is anchored", sequence=place)
    return place


async def tell_standbys(connection: asyncpg.Connection) -> None:
    """Commit a message that nobody reads, and that changes no table.

    A standby that replays no commit for longer than the time between two of them is behind; without them, it might as
    well be the standby of a database that nobody changes.
    See https://www.postgresql.org/docs/current/functions-admin.html#FUNCTIONS-REPLICATION.
    """
    await connection.execute("SELECT pg_logical_emit_message(true, 'cbp', 'the primary is there')")


async def drop_expired(connection: asyncpg.Connection, retention: timedelta) -> int:
    """Drop anchored records past their retention, behind verified checkpoints, and return how many."""
    dropped = 0
    while number := await connection.fetchval("SELECT drop_expired_audit($1, $2)", retention, MOST_DROPPED):
        dropped += number
    return dropped


def _write(file: Path, content: str) -> bool:
    """Write a file that did not exist, since no anchor is ever overwritten; return False if it did."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    return True
