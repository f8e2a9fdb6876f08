"""The queue of deliveries in PostgreSQL, by the functions of migration 0009.

It uses the pool of connections for changes, and never more than half of it: reads have their own.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from runtime.domain.audit import canonical
from runtime.domain.deliveries import Change, DeadLetter, Delivery, Place, Subscriber
from runtime.domain.entries import Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import asyncpg

    from runtime.adapters.postgres import PostgresEntries
    from runtime.domain.audit import Note
    from runtime.domain.deliveries import Subscription

_FAN_OUT = "SELECT fan_out($1, $2, $3, $4, $5)"
_CLAIM = "SELECT * FROM claim_deliveries($1, $2, $3, $4, $5)"
_END = "SELECT end_delivery($1, $2, $3, $4, $5)"
_GIVE_BACK = "SELECT give_back($1, $2, $3, $4, $5, $6, $7, $8)"
_SETTLE = "SELECT settle_dead_letter($1, $2, $3, $4)"
_STATES = "SELECT name, revision, behind, waiting, oldest_seconds, dead, missed FROM subscriber_states()"
_LETTERS = """
SELECT number, subscriber, namespace, revision, ordinal, occurred_at, buried_at, attempts, reason, NULL::uuid AS change
FROM dead_letters WHERE number > $1 ORDER BY number LIMIT $2
"""
_LETTER = """
SELECT l.number, l.subscriber, l.namespace, l.revision, l.ordinal, l.occurred_at, l.buried_at, l.attempts, l.reason,
    e.change, e.key, e.action, e.value, e.actor
FROM dead_letters AS l LEFT JOIN events AS e ON (e.revision, e.ordinal) = (l.revision, l.ordinal) WHERE l.number = $1
"""


class PostgresDeliveries:
    """A :class:`runtime.ports.DeliveryQueue`."""

    def __init__(self, store: PostgresEntries, pool_size: int) -> None:
        self._store = store
        self._share = asyncio.Semaphore(max(1, pool_size // 2))

    async def fan_out(self, subscription: Subscription, delay_seconds: float, bound: int, most: int) -> int:
        """See :class:`runtime.ports.DeliveryQueue`."""
        async with self._connection() as connection:
            passed: int = await connection.fetchval(
                _FAN_OUT, subscription.name, subscription.namespaces, timedelta(seconds=delay_seconds), bound, most
            )
        return passed

    async def claim(
        self, subscribers: Sequence[str], lanes: int, run: int, visibility_seconds: float
    ) -> Sequence[Delivery]:
        """See :class:`runtime.ports.DeliveryQueue`."""
        claim, visibility = uuid4(), timedelta(seconds=visibility_seconds)
        async with self._connection() as connection:
            rows = await connection.fetch(_CLAIM, claim, list(subscribers), lanes, run, visibility)
        return [Delivery(_place(row), claim, row["occurred_at"], row["attempts"], _event(row)) for row in rows]

    async def done(self, delivery: Delivery) -> bool:
        """See :class:`runtime.ports.DeliveryQueue`."""
        async with self._connection() as connection:
            return bool(await connection.fetchval(_END, *_held(delivery)))

    async def give_back(self, delivery: Delivery, fault: str | None, pause_seconds: float | None, *, bury: bool) -> str:
        """See :class:`runtime.ports.DeliveryQueue`."""
        pause = None if pause_seconds is None else timedelta(seconds=pause_seconds)
        async with self._connection() as connection:
            return str(await connection.fetchval(_GIVE_BACK, *_held(delivery), fault, pause, bury))

    async def states(self) -> Sequence[Subscriber]:
        """See :class:`runtime.ports.DeliveryQueue`."""
        async with self._connection() as connection:
            return [Subscriber(*row) for row in await connection.fetch(_STATES)]

    async def dead_letters(self, after: int, limit: int) -> Sequence[DeadLetter]:
        """See :class:`runtime.ports.DeliveryQueue`."""
        async with self._connection() as connection:
            return [_letter(row) for row in await connection.fetch(_LETTERS, after, limit)]

    async def dead_letter(self, number: int) -> DeadLetter | None:
        """See :class:`runtime.ports.DeliveryQueue`."""
        async with self._connection() as connection:
            row = await connection.fetchrow(_LETTER, number)
        return None if row is None else _letter(row)

    async def settle(self, number: int, note: Note, *, replay: bool) -> bool:
        """See :class:`runtime.ports.DeliveryQueue`."""
        members = canonical(note.members()).decode()
        async with self._connection() as connection:
            return bool(await connection.fetchval(_SETTLE, number, replay, note.note, members))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        async with self._share, self._store.changing() as connection:
            yield connection


def _held(delivery: Delivery) -> tuple[object, ...]:
    place = delivery.place
    return delivery.claim, place.subscriber, place.namespace, place.revision, place.ordinal


def _place(row: asyncpg.Record) -> Place:
    return Place(row["subscriber"], row["namespace"], row["revision"], row["ordinal"])


def _event(row: asyncpg.Record) -> Change | None:
    if row["change"] is None:
        return None
    value = None if row["value"] is None else Json(row["value"])
    return Change(row["change"], row["key"], row["action"], value, row["actor"])


def _letter(row: asyncpg.Record) -> DeadLetter:
    times = row["occurred_at"], row["buried_at"]
    return DeadLetter(row["number"], _place(row), *times, row["attempts"], row["reason"], _event(row))
