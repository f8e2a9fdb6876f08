"""A queue of deliveries in memory, over the entries and the audit trail of the other fakes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from runtime.domain.audit import canonical
from runtime.domain.deliveries import Change, Delivery, DeliveryState, KeptDelivery, Place, Subscriber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runtime.domain.audit import Note
    from runtime.domain.deliveries import Subscription
    from runtime.domain.namespaces import Names
    from tests.runtime.fakes import MemoryAudit, MemoryEntries


@dataclass(frozen=True, slots=True)
class _Row:
    """A delivery that waits, or that a claim holds until it is due."""

    place: Place
    occurred_at: datetime
    rank: datetime
    due_at: datetime
    claim: UUID | None = None
    attempts: int = 0
    fault: str | None = None


class MemoryDeliveries:
    """A ``DeliveryQueue`` in memory; the errors in ``failures`` are raised by the next calls."""

    def __init__(self, entries: MemoryEntries, audit: MemoryAudit) -> None:
        self.failures: list[Exception] = []
        self._entries = entries
        self._audit = audit
        self._positions: dict[str, int] = {}
        self._missed: dict[str, int] = {}
        self._paused: dict[str, tuple[datetime, str]] = {}
        self._rows: dict[Place, _Row] = {}
        self._letters: dict[Place, tuple[_Row, datetime]] = {}

    async def fan_out(self, subscription: Subscription, delay_seconds: float, bound: int, most: int) -> int:
        self._fail()
        name, last = subscription.name, self._entries.version.revision
        if name not in self._positions:
            self._positions[name], self._missed[name] = last, 0
            return 0
        room = min(most, bound - sum(place.subscriber == name for place in self._rows))
        if room <= 0:
            return 0
        position = self._positions[name]
        start = max(position, self._entries.history.horizon)
        following = [each for each in self._entries.history.events if each.revision > start][:room]
        finish = following[-1].revision if following else start
        for each in self._entries.history.events:
            if start < each.revision <= finish and _covers(subscription.namespaces, each.namespace):
                place = Place(name, each.namespace, each.revision, each.ordinal)
                rank = each.at + timedelta(seconds=delay_seconds)
                self._rows[place] = _Row(place, each.at, rank, each.at)
        self._positions[name], self._missed[name] = finish, self._missed[name] + start - position
        return finish - position

    async def claim(
        self, subscribers: Sequence[str], lanes: int, run: int, visibility_seconds: float
    ) -> Sequence[Delivery]:
        self._fail()
        now, claim = datetime.now(UTC), uuid4()
        firsts: dict[tuple[str, str], list[_Row]] = {}
        for row in sorted(self._rows.values(), key=lambda row: _order(row.place)):
            firsts.setdefault(row.place.lane, []).append(row)
        due = [lane for (name, _), lane in firsts.items() if name in subscribers and lane[0].due_at <= now]
        taken = []
        for lane in sorted(due, key=lambda lane: lane[0].rank)[:lanes]:
            for row in lane[:run]:
                until = now + timedelta(seconds=visibility_seconds)
                self._rows[row.place] = replace(row, claim=claim, due_at=until)
                taken.append(row)
        taken.sort(key=lambda row: (row.rank, _order(row.place)))
        return [Delivery(row.place, claim, row.occurred_at, row.attempts, self._event(row.place)) for row in taken]

    async def done(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        self._fail()
        held = [self._held(delivery) for delivery in deliveries]
        for row in held:
            if row is not None:
                del self._rows[row.place]
        return [row is not None for row in held]

    async def give_back(self, delivery: Delivery, fault: str | None, pause_seconds: float | None, *, bury: bool) -> str:
        self._fail()
        held, now = self._held(delivery), datetime.now(UTC)
        if held is None:
            return "lost"
        place = held.place
        for row in list(self._rows.values()):
            after = _order(row.place) >= _order(place)
            if row.place.lane == place.lane and after and row.claim == delivery.claim:
                self._rows[row.place] = replace(row, claim=None, due_at=now)
        if fault is None:
            return "released"
        failed = replace(self._rows[place], attempts=held.attempts + 1, fault=fault)
        if pause_seconds is not None:
            self._rows[place] = replace(failed, due_at=now + timedelta(seconds=pause_seconds))
            return "retried"
        del self._rows[place]
        if not bury:
            return "dropped"
        self._letters[place] = failed, now
        return "buried"

    async def states(self) -> Sequence[Subscriber]:
        self._fail()
        return [self._state(name) for name in sorted(self._positions)]

    async def pause(self, subscriber: str, reason: str) -> bool:
        self._fail()
        if subscriber not in self._positions or subscriber in self._paused:
            return False
        self._paused[subscriber] = datetime.now(UTC), reason
        return True

    async def resume(self, subscriber: str, note: Note) -> bool:
        self._fail()
        if subscriber not in self._paused:
            return False
        canonical(note.members())
        await self._audit.note([(note, 0.0)])
        del self._paused[subscriber]
        return True

    async def page(
        self,
        subscriber: str,
        state: DeliveryState | None,
        names: Sequence[Names],
        after: tuple[int, int],
        limit: int,
    ) -> Sequence[KeptDelivery]:
        self._fail()
        found = [self._kept(place) for place in sorted({**self._rows, **self._letters}, key=_order)]
        return [
            each
            for each in found
            if each.place.subscriber == subscriber
            and state in (None, each.state)
            and any(first <= each.place.namespace <= last for first, last in names)
            and _order(each.place) > after
        ][:limit]

    async def find(self, subscriber: str, revision: int, ordinal: int) -> KeptDelivery | None:
        self._fail()
        for place in (*self._rows, *self._letters):
            if (place.subscriber, place.revision, place.ordinal) == (subscriber, revision, ordinal):
                return replace(self._kept(place), event=self._event(place))
        return None

    async def settle(self, letters: Mapping[Place, Note], *, replay: bool) -> int:
        self._fail()
        found = {place: note for place, note in letters.items() if place in self._letters}
        for note in found.values():
            canonical(note.members())
        await self._audit.note([(note, 0.0) for note in found.values()])
        for place in found:
            row, _ = self._letters.pop(place)
            if replay:
                self._rows[place] = replace(row, claim=None, attempts=0, fault=None, due_at=datetime.now(UTC))
        return len(found)

    def age(self, subscriber: str, seconds: float) -> None:
        """Make the deliveries to a subscriber older than they are."""
        for place, row in self._rows.items():
            if place.subscriber == subscriber:
                self._rows[place] = replace(row, rank=row.rank - timedelta(seconds=seconds))

    def claimed_by_others(self, subscriber: str) -> None:
        """Have another claim hold the deliveries to a subscriber."""
        for place, row in self._rows.items():
            if place.subscriber == subscriber:
                self._rows[place] = replace(row, claim=uuid4())

    def _held(self, delivery: Delivery) -> _Row | None:
        row = self._rows.get(delivery.place)
        return row if row is not None and row.claim == delivery.claim else None

    def _event(self, place: Place) -> Change | None:
        for each in self._entries.history.events:
            if (each.revision, each.ordinal) == _order(place) and each.action and each.context:
                context = each.context
                return Change(each.change, each.key, each.action.value, each.value, context.actor, context.traceparent)
        return None

    def _kept(self, place: Place) -> KeptDelivery:
        if place in self._letters:
            row, buried_at = self._letters[place]
            return KeptDelivery(place, DeliveryState.DEAD, row.occurred_at, row.attempts, row.fault, None, buried_at)
        row = self._rows[place]
        claimed = row.claim is not None and row.due_at > datetime.now(UTC)
        state = DeliveryState.CLAIMED if claimed else DeliveryState.WAITING
        return KeptDelivery(place, state, row.occurred_at, row.attempts, row.fault, row.due_at, None)

    def _state(self, name: str) -> Subscriber:
        position, last = self._positions[name], self._entries.version.revision
        waiting = [row.occurred_at for row in self._rows.values() if row.place.subscriber == name]
        ahead = [each.at for each in self._entries.history.events if each.revision > position][:1]
        oldest = min((*waiting, *ahead), default=None)
        age = 0.0 if oldest is None else (datetime.now(UTC) - oldest).total_seconds()
        dead = sum(place.subscriber == name for place in self._letters)
        paused = self._paused.get(name, (None, None))
        return Subscriber(name, position, last - position, len(waiting), age, dead, self._missed[name], *paused)

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


def _order(place: Place) -> tuple[int, int]:
    return place.revision, place.ordinal


def _covers(pattern: str, namespace: str) -> bool:
    return namespace.startswith(pattern[:-1]) if pattern.endswith("*") else namespace == pattern
