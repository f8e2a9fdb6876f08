"""The job that rebuilds the entries from the last checkpoint and the events, by the role that migrates.

It changes nothing. It reads everything in one snapshot, for which the database keeps old rows until the job ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.adapters.postgres_migrations import session

if TYPE_CHECKING:
    import asyncpg

    from runtime.environment import Address
    from runtime.settings import Database

MOST_FAULTS = 1000
"""The differences of each kind that are named."""

_KEPT = """
SELECT (SELECT coalesce(max(revision), 0) FROM checkpoints) AS horizon, count(*) AS events, last_revision() AS last
FROM events
"""

# Each entry beside what the events make of it, where they differ.
_ENTRIES = """
SELECT coalesce(e.namespace, r.namespace) AS namespace, coalesce(e.key, r.key) AS key, e.revision AS stored,
    r.revision AS rebuilt, e.value::text IS DISTINCT FROM r.value::text AS value,
    e.updated_at IS DISTINCT FROM r.updated_at AS time
FROM entries AS e FULL JOIN rebuilt_entries() AS r ON (e.namespace, e.key) = (r.namespace, r.key)
WHERE (e.value::text, e.revision, e.updated_at, e.size)
    IS DISTINCT FROM (r.value::text, r.revision, r.updated_at, octet_length(r.value::text))
ORDER BY namespace, key LIMIT $1
"""

_GAPS = """
SELECT previous + 1 AS first, revision - 1 AS last FROM (
    SELECT revision, lag(revision, 1, $2) OVER (ORDER BY revision) AS previous
    FROM (SELECT DISTINCT revision FROM events WHERE revision > $2) AS made
) AS neighbours
WHERE revision <> previous + 1 ORDER BY revision LIMIT $1
"""

_ORDINALS = """
SELECT revision, count(*) AS events, max(ordinal) + 1 AS expected FROM events
GROUP BY revision HAVING count(*) <> max(ordinal) + 1 ORDER BY revision LIMIT $1
"""

# An event that could not have been made after the one before it of its key.
_ACTIONS = """
SELECT namespace, key, revision, action FROM (
    SELECT namespace, key, revision, action, lag(action <> 'delete') OVER key_order AS there
    FROM (
        SELECT namespace, key, revision, action FROM events
        UNION ALL SELECT namespace, key, revision, 'kept' FROM checkpoint_entries
    ) AS known
    WINDOW key_order AS (PARTITION BY namespace, key ORDER BY revision)
) AS ordered
WHERE action <> 'kept' AND coalesce(there, false) = (action = 'create')
ORDER BY namespace, key, revision LIMIT $1
"""


async def verify_history(address: Address, settings: Database) -> tuple[list[str], str]:
    """Return a line for each difference between the entries and their history, and a line that sums them up.

    Raises asyncpg's errors.
    """
    async with session(address, settings) as connection:
        return await compare(connection)


async def compare(connection: asyncpg.Connection) -> tuple[list[str], str]:
    """Return the same as :func:`verify_history`, by a session with the rights of the database's owner."""
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        kept = await connection.fetchrow(_KEPT)
        faults = [
            *map(_entry, await connection.fetch(_ENTRIES, MOST_FAULTS)),
            *map(_gap, await connection.fetch(_GAPS, MOST_FAULTS, kept["horizon"])),
            *map(_ordinals, await connection.fetch(_ORDINALS, MOST_FAULTS)),
            *map(_action, await connection.fetch(_ACTIONS, MOST_FAULTS)),
        ]
    basis = (
        f"the checkpoint at revision {kept['horizon']} and the {kept['events']} events up to revision {kept['last']}"
    )
    if not faults:
        return [], f"the entries are as {basis} make them"
    more = " at least" if len(faults) >= MOST_FAULTS else ""
    return faults, f"differences from {basis}:{more} {len(faults)}"


def _entry(row: asyncpg.Record) -> str:
    name, stored, rebuilt = f"{row['namespace']}/{row['key']}", row["stored"], row["rebuilt"]
    if rebuilt is None:
        return f"{name}: the entry is at revision {stored}, and no event makes it"
    if stored is None:
        return f"{name}: the entry is missing, which revision {rebuilt} makes"
    if stored != rebuilt:
        return f"{name}: the entry is at revision {stored}, and its events make revision {rebuilt}"
    differs = "value" if row["value"] else "time" if row["time"] else "size"
    return f"{name}: the entry has another {differs} than revision {rebuilt} makes"


def _gap(row: asyncpg.Record) -> str:
    first, last = row["first"], row["last"]
    return f"revision {first} has no event" if first == last else f"revisions {first} to {last} have no event"


def _ordinals(row: asyncpg.Record) -> str:
    return f"revision {row['revision']} has {row['events']} of its {row['expected']} events"


def _action(row: asyncpg.Record) -> str:
    there = "an entry" if row["action"] == "create" else "no entry"
    return f"{row['namespace']}/{row['key']}: revision {row['revision']} is a {row['action']}, and there was {there}"
