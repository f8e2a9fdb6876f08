"""The audit trail in PostgreSQL (migration 0005), over the connections for reads of an entry store.

Sealing reads what was committed, in the order of revisions, and appends it to the chain in one transaction, under an
advisory lock of its own: one worker of one replica seals at a time, and a change never waits for it. Nothing remembers
how far it came but the chain itself, so that a worker that is killed inside leaves nothing out and nothing twice.
"""

from __future__ import annotations

import heapq
import json
from typing import TYPE_CHECKING, Any

from runtime.domain.audit import CHANGE, HISTORY, canonical, written
from runtime.ports.audit import Sealed, SealedPage, SignedHead, Trail

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    import asyncpg

    from runtime.adapters.postgres import PostgresEntries
    from runtime.domain.audit import Note
    from runtime.ports.audit import AuditFilter

_NOTE = "SELECT note_audit($1, $2, $3)"

_STATE = """
SELECT head.sequence, coalesce(extract(epoch FROM clock_timestamp() - least(
    (SELECT occurred_at FROM events
        WHERE revision >= head.revision AND (revision, ordinal) > (head.revision, head.ordinal)
        ORDER BY revision, ordinal LIMIT 1),
    (SELECT min(at) FROM audit_notes),
    (SELECT began_at FROM histories WHERE number > head.history ORDER BY number LIMIT 1))), 0)::float AS unsealed,
    coalesce(extract(epoch FROM clock_timestamp() - (
        SELECT at::timestamptz FROM audit_records
        WHERE sequence > (SELECT coalesce(max(sequence), 0) FROM audit_anchors) ORDER BY sequence LIMIT 1)), 0)::float
    AS unanchored
FROM audit_head() AS head
"""

# A client that vanishes inside would hold the lock of sealing until the server notices.
_LIMIT = "SET LOCAL transaction_timeout = '5s'"
_LOCK = "SELECT pg_try_advisory_xact_lock(x'636270'::integer, 6)"
_HEAD = "SELECT * FROM audit_head()"

# A value is hashed as it was written, digit by digit; canonical JSON would make equal what differs beyond a double.
_EVENTS = """
SELECT e.revision, e.ordinal, e.change, e.namespace, e.key, e.action, e.occurred_at AS at, e.actor,
    e.request_id, e.reason, encode(sha256(convert_to(e.value::text, 'UTF8')), 'hex') AS after,
    CASE WHEN e.action <> 'create' THEN (
        SELECT encode(sha256(convert_to(b.value::text, 'UTF8')), 'hex')
        FROM value_at(e.namespace, e.key, e.revision - 1) AS b
    ) END AS before
FROM events AS e WHERE e.revision >= $1 AND (e.revision, e.ordinal) > ($1, $2) ORDER BY e.revision, e.ordinal LIMIT $3
"""
# A row is of one statement's changes, one of which at least is its own: others may repeat changes of another one.
_ORIGINS = "SELECT revisions, clients FROM audit_origins WHERE last > $1 ORDER BY last LIMIT $2"
_NOTES = "SELECT number, at, members FROM audit_notes ORDER BY number LIMIT $1"
_HISTORIES = """
SELECT number AS history, epoch, reason, began_at AS at FROM histories WHERE number > $1 ORDER BY number LIMIT $2
"""
_APPEND = "SELECT append_audit($1, $2, $3)"

_FIRST = """
SELECT coalesce(max(sequence), 0) + 1 AS first,
    coalesce((array_agg(encode(link, 'hex') ORDER BY sequence DESC))[1], repeat('00', 32)) AS previous
FROM audit_checkpoints
"""
_ANCHORS = """
SELECT sequence, statement, signature FROM audit_anchors WHERE sequence > $1 ORDER BY sequence LIMIT $2
"""


class PostgresAudit:
    """An :class:`runtime.ports.audit.AuditTrail`."""

    def __init__(self, store: PostgresEntries) -> None:
        self._store = store

    async def note(self, notes: Sequence[tuple[Note, float]]) -> None:
        """See :class:`runtime.ports.audit.AuditTrail`."""
        async with self._store.reading() as connection:
            await record(connection, notes)

    async def state(self) -> Trail:
        """See :class:`runtime.ports.audit.AuditTrail`."""
        async with self._store.reading() as connection:
            row = await connection.fetchrow(_STATE)
        return Trail(row["sequence"], max(row["unsealed"], 0.0), max(row["unanchored"], 0.0))

    async def seal(self, most: int) -> int:
        """See :class:`runtime.ports.audit.AuditTrail`."""
        async with self._store.reading() as connection, connection.transaction():
            await connection.execute(_LIMIT)
            if not await connection.fetchval(_LOCK):
                return 0
            head = await connection.fetchrow(_HEAD)
            events = await connection.fetch(_EVENTS, head["revision"], head["ordinal"], most)
            origins = await connection.fetch(_ORIGINS, head["revision"] - 1, 2 * most) if events else ()
            notes = await connection.fetch(_NOTES, most)
            histories = await connection.fetch(_HISTORIES, head["history"], most)
            clients = {revision: client for row in origins for revision, client in zip(*row, strict=True) if client}
            changes = (_change(row, clients.get(row["revision"])) for row in events)
            records = _merged(changes, map(_noted, notes), map(_history, histories))
            if records:
                await connection.execute(_APPEND, head["sequence"], records, [row["number"] for row in notes])
        return len(records)

    async def page(self, wanted: AuditFilter) -> SealedPage:
        """See :class:`runtime.ports.audit.AuditTrail`."""
        asked = {
            "at >=": wanted.since,
            "at <": wanted.until,
            "actor =": wanted.actor,
            "namespace =": wanted.namespace,
            "kind =": wanted.kind,
            "outcome =": wanted.outcome,
        }
        given = {column: value for column, value in asked.items() if value is not None}
        conditions = "".join(f" AND {column} ${number}" for number, column in enumerate(given, 3))
        query = (
            "SELECT sequence, record, encode(link, 'hex') AS link FROM audit_records"  # noqa: S608 - names of columns
            f" WHERE sequence > $1{conditions} ORDER BY sequence LIMIT $2"
        )
        async with self._store.reading(deferrable=True) as connection:
            first = await connection.fetchrow(_FIRST)
            rows = await connection.fetch(query, wanted.after, wanted.limit + 1, *given.values())
        records = tuple(Sealed(*row) for row in rows[: wanted.limit])
        return SealedPage(records, len(rows) > wanted.limit, first["first"], first["previous"])

    async def anchors(self, after: int, limit: int) -> Sequence[SignedHead]:
        """See :class:`runtime.ports.audit.AuditTrail`."""
        async with self._store.reading(deferrable=True) as connection:
            return [SignedHead(*row) for row in await connection.fetch(_ANCHORS, after, limit)]


async def record(connection: asyncpg.Connection, notes: Sequence[tuple[Note, float]]) -> None:
    """Record notes, each with the seconds that have passed since, in the transaction that is open if there is one."""
    members = [canonical(note.members()).decode() for note, _ in notes]
    await connection.execute(_NOTE, [note.note for note, _ in notes], [age for _, age in notes], members)


def _merged(*records: Iterable[tuple[datetime, dict[str, Any]]]) -> list[str]:
    """Return records by their time as canonical JSON; those of one kind stay in their own order."""
    ordered = heapq.merge(*records, key=lambda item: item[0])
    return [canonical({**members, "at": written(at)}).decode() for at, members in ordered]


def _change(row: asyncpg.Record, client: str | None) -> tuple[datetime, dict[str, Any]]:
    members = {name: value for name, value in row.items() if value is not None}
    if client is not None:
        members["client"] = client
    outcome, at = members.pop("action"), members.pop("at")
    return at, {**members, "kind": CHANGE, "outcome": outcome, "change": str(row["change"])}


def _noted(row: asyncpg.Record) -> tuple[datetime, dict[str, Any]]:
    return row["at"], json.loads(row["members"])


def _history(row: asyncpg.Record) -> tuple[datetime, dict[str, Any]]:
    members = {name: row[name] for name in ("history", "epoch", "reason")}
    return row["at"], {**members, "kind": HISTORY, "outcome": "begun"}
