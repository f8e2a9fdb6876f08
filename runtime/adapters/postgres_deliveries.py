"""The queue of deliveries in PostgreSQL, by the functions of migrations 0009 to 0013.

It uses the pool of connections for changes, and never more than half of it: reads have their own.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from runtime.domain.audit import canonical
from runtime.domain.deliveries import Change, Delivery, DeliveryState, KeptDelivery, Place, Subscriber
from runtime.domain.entries import Json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    import asyncpg

    from runtime.adapters.postgres import PostgresEntries
    from runtime.domain.audit import Note
    from runtime.domain.deliveries import Subscription
    from runtime.domain.namespaces import Names

_FAN_OUT = "SELECT fan_out($1, $2, $3, $4, $5)"
_CLAIM = "SELECT * FROM claim_deliveries($1, $2, $3, $4, $5)"
_END = "SELECT end_deliveries($1, $2, $3, $4, $5)"
_GIVE_BACK = "SELECT give_back($1, $2, $3, $4, $5, $6, $7, $8)"
_SETTLE = "SELECT settle_dead_letters($1, $2, $3, $4, $5, $6)"
_STATES = """
SELECT name, revision, behind, waiting, oldest_seconds, dead, missed, paused_at, pause_reason FROM subscriber_states()
"""
_PAUSE = "SELECT pause_subscriber($1, $2)"
_RESUME = "SELECT resume_subscriber($1, $2, $3)"
_PAGE = """
SELECT * FROM kept_deliveries
WHERE subscriber = $1 AND ($2::text IS NULL OR state = $2) AND (revision, ordinal) > ($5::bigint, $6::integer)
    AND EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS c (first, last) WHERE namespace BETWEEN first AND last)
ORDER BY revision, ordinal LIMIT $7
"""
_FIND = """
SELECT kept.*, e.change, e.key, e.action, e.value, e.actor, e.traceparent
FROM kept_deliveries AS kept LEFT JOIN events AS e ON (e.revision, e.ordinal) = (kept.revision, kept.ordinal)
WHERE (kept.subscriber, kept.revision, kept.ordinal) = ($1, $2::bigint, $3::integer)
"""


class PostgresDeliveries:
    """A :class:`runtime.ports.queue.DeliveryQueue`."""

    def __init__(self, store: PostgresEntries, pool_size: int) -> None:
        self._store = store
        self._share = asyncio.Semaphore(max(1, pool_size // 2))

    async def fan_out(self, subscription: Subscription, delay_seconds: float, bound: int, most: int) -> int:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        async with self._connection() as connection:
            passed: int = await connection.fetchval(
                _FAN_OUT, subscription.name, subscription.namespaces, timedelta(seconds=delay_seconds), bound, most
            )
        return passed

    async def claim(
        self, subscribers: Sequence[str], lanes: int, run: int, visibility_seconds: float
    ) -> Sequence[Delivery]:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        claim, visibility = uuid4(), timedelta(seconds=visibility_seconds)
        async with self._connection() as connection:
            rows = await connection.fetch(_CLAIM, claim, list(subscribers), lanes, run, visibility)
        return [Delivery(_place(row), claim, row["occurred_at"], row["attempts"], _event(row)) for row in rows]

    async def done(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        columns = [list(column) for column in zip(*map(_held, deliveries), strict=True)]
        async with self._connection() as connection:
            held: list[bool] = await connection.fetchval(_END, *columns)
        return held

    async def give_back(self, delivery: Delivery, fault: str | None, pause_seconds: float | None, *, bury: bool) -> str:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        pause = None if pause_seconds is None else timedelta(seconds=pause_seconds)
        async with self._connection() as connection:
            return str(await connection.fetchval(_GIVE_BACK, *_held(delivery), fault, pause, bury))

    async def states(self) -> Sequence[Subscriber]:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        async with self._connection() as connection:
            return [Subscriber(*row) for row in await connection.fetch(_STATES)]

    async def pause(self, subscriber: str, reason: str) -> bool:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        async with self._connection() as connection:
            return bool(await connection.fetchval(_PAUSE, subscriber, reason))

    async def resume(self, subscriber: str, note: Note) -> bool:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        members = canonical(note.members()).decode()
        async with self._connection() as connection:
            return bool(await connection.fetchval(_RESUME, subscriber, note.note, members))

    async def page(
        self,
        subscriber: str,
        state: DeliveryState | None,
        names: Sequence[Names],
        after: tuple[int, int],
        limit: int,
    ) -> Sequence[KeptDelivery]:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        firsts, lasts = [each.first for each in names], [each.last for each in names]
        async with self._connection() as connection:
            rows = await connection.fetch(_PAGE, subscriber, state, firsts, lasts, *after, limit)
        return [_kept(row, None) for row in rows]

    async def find(self, subscriber: str, revision: int, ordinal: int) -> KeptDelivery | None:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        async with self._connection() as connection:
            row = await connection.fetchrow(_FIND, subscriber, revision, ordinal)
        return None if row is None else _kept(row, _event(row))

    async def settle(self, letters: Mapping[Place, Note], *, replay: bool) -> int:
        """See :class:`runtime.ports.queue.DeliveryQueue`."""
        if not letters:
            return 0
        (subscriber,) = {place.subscriber for place in letters}
        revisions, ordinals = [place.revision for place in letters], [place.ordinal for place in letters]
        notes = [note.note for note in letters.values()]
        members = [canonical(note.members()).decode() for note in letters.values()]
        async with self._connection() as connection:
            settled: int = await connection.fetchval(_SETTLE, subscriber, revisions, ordinals, replay, notes, members)
        return settled

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
    return Change(row["change"], row["key"], row["action"], value, row["actor"], row["traceparent"])


def _kept(row: asyncpg.Record, event: Change | None) -> KeptDelivery:
    state = DeliveryState(row["state"])
    moments = row["due_at"], row["buried_at"]
    return KeptDelivery(_place(row), state, row["occurred_at"], row["attempts"], row["reason"], *moments, event)
