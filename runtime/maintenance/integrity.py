"""The integrity of a restored database: its tables and indexes, its history, and the chain of its audit trail.

Upstream: https://www.postgresql.org/docs/current/amcheck.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

from runtime.adapters.postgres_migrations import become_owner
from runtime.maintenance.history import MOST_FAULTS, compare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_TABLES = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'm', 't') AND relpersistence = 'p' ORDER BY 1"
)
_ROWS = "SELECT format('%s: block %s: %s', $1::text, blkno, msg) FROM verify_heapam($1::text::regclass) LIMIT $2"
_INDEXES = """
SELECT c.oid::regclass::text FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid
JOIN pg_am AS a ON a.oid = c.relam
WHERE a.amname = 'btree' AND c.relkind = 'i' AND c.relpersistence = 'p' AND i.indisready AND i.indisvalid ORDER BY 1
"""
_INDEX = "SELECT bt_index_check($1::text::regclass, true)"

# A link follows from the record and the link before it (migration 0005); retention leaves the last one that it dropped.
_CHAIN = """
SELECT sequence FROM (
    SELECT sequence, record, link, lag(sequence, 1, last) OVER ordered AS previous,
        lag(link, 1, last_link) OVER ordered AS before
    FROM audit_records CROSS JOIN (
        SELECT coalesce(max(sequence), 0) AS last,
            coalesce((array_agg(link ORDER BY sequence DESC))[1], decode(repeat('00', 32), 'hex')) AS last_link
        FROM audit_checkpoints
    ) AS dropped
    WINDOW ordered AS (ORDER BY sequence)
) AS chain
WHERE sequence <> previous + 1 OR link <> sha256(before || sha256(convert_to(record, 'UTF8')))
ORDER BY sequence LIMIT $1
"""
_ANCHORS = """
SELECT sequence FROM audit_anchors JOIN audit_records USING (sequence)
WHERE statement::json ->> 'link' <> encode(link, 'hex') ORDER BY sequence LIMIT $1
"""


async def verify(connection: asyncpg.Connection) -> list[str]:
    """Return a sentence for each fault, by a session of the superuser, which becomes the database's owner."""
    found = [fault async for fault in _stored(connection)]
    await become_owner(connection)
    found += (await compare(connection))[0]
    for sequence in await _numbers(connection, _CHAIN):
        found.append(f"audit record {sequence} does not follow from the one before it")
    for sequence in await _numbers(connection, _ANCHORS):
        found.append(f"audit record {sequence} is not the one that was anchored")
    return found


async def _stored(connection: asyncpg.Connection) -> AsyncIterator[str]:
    """Yield the faults of tables and of their indexes, each of which has to have an entry for every row."""
    await connection.execute("CREATE EXTENSION IF NOT EXISTS amcheck")
    for (table,) in await connection.fetch(_TABLES):
        try:
            for (fault,) in await connection.fetch(_ROWS, table, MOST_FAULTS):
                yield fault
        except asyncpg.DataCorruptedError as error:
            yield f"{table}: {error}"
    for (index,) in await connection.fetch(_INDEXES):
        try:
            await connection.fetchval(_INDEX, index)
        except (asyncpg.IndexCorruptedError, asyncpg.DataCorruptedError) as error:
            yield f"{index}: {error}"


async def _numbers(connection: asyncpg.Connection, query: str) -> list[int]:
    return [number for (number,) in await connection.fetch(query, MOST_FAULTS)]
