"""The administration of the queue: administrators see and settle the deliveries of their namespaces."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from runtime.domain.deliveries import (
    DeliveryNotDeadError,
    DeliveryNotFoundError,
    DeliveryState,
    SubscriberNotPausedError,
)
from runtime.domain.identity import Role
from runtime.domain.namespaces import covered
from runtime.services.asking import Asking, nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runtime.domain.audit import Note
    from runtime.domain.deliveries import KeptDelivery, Place, Subscriber
    from runtime.domain.identity import Identity
    from runtime.domain.namespaces import Names
    from runtime.ports.queue import DeliveryQueue
    from runtime.services.access import Authority
    from runtime.settings import Database

MOST_REPLAYED = 100
"""The most dead letters that one request replays: each has a record in the audit trail."""

_log = structlog.get_logger(__name__)


class QueueAdministration:
    """The deliveries that one administrator may see and settle. Every call may raise ``UnavailableError``.

    What is settled is recorded in the audit trail with it, by the ``note`` of the request that asks for it.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        authority: Authority,
        settings: Database,
        require: Callable[[], None] = nothing,
    ) -> None:
        self._queue = queue
        self._authority = authority
        self._asking = Asking(settings, require)
        self.circuit = self._asking.circuit

    async def subscribers(self) -> Sequence[Subscriber]:
        """Return the state of each subscriber, by name: its numbers are of every namespace."""
        return await self._asking.ask(self._queue.states)

    async def page(
        self,
        administrator: Identity,
        subscriber: str,
        state: DeliveryState | None,
        after: tuple[int, int],
        limit: int,
    ) -> Sequence[KeptDelivery]:
        """Return at most ``limit`` deliveries behind a revision and ordinal, in their order; None is any state."""
        names = self._names(administrator)
        return await self._asking.ask(lambda: self._queue.page(subscriber, state, names, after, limit))

    async def find(self, administrator: Identity, subscriber: str, revision: int, ordinal: int) -> KeptDelivery:
        """Return a delivery with its event; raise :class:`DeliveryNotFoundError`."""
        found = await self._asking.ask(lambda: self._queue.find(subscriber, revision, ordinal))
        if found is None or not any(
            first <= found.place.namespace <= last for first, last in self._names(administrator)
        ):
            raise DeliveryNotFoundError
        return found

    async def settle(
        self, administrator: Identity, subscriber: str, revision: int, ordinal: int, note: Note, *, replay: bool
    ) -> None:
        """Have a dead letter delivered again, or discard it.

        Raises :class:`DeliveryNotFoundError`, or :class:`DeliveryNotDeadError` for one that is still to be made.
        """
        found = await self.find(administrator, subscriber, revision, ordinal)
        if found.state is not DeliveryState.DEAD:
            raise DeliveryNotDeadError
        if not await self._queue.settle({found.place: _about(note, found.place)}, replay=replay):
            raise DeliveryNotFoundError
        done = "replayed" if replay else "discarded"
        _log.warning(f"a dead letter was {done}", actor=administrator.name, **_named(found))

    async def replay_all(self, administrator: Identity, subscriber: str, note: Note) -> tuple[int, bool]:
        """Have the oldest dead letters delivered again; return their number, and whether others are left."""
        letters = await self.page(administrator, subscriber, DeliveryState.DEAD, (0, 0), MOST_REPLAYED + 1)
        replayed = [each.place for each in letters[:MOST_REPLAYED]]
        number = await self._queue.settle({place: _about(note, place) for place in replayed}, replay=True)
        if number:
            _log.warning("dead letters were replayed", actor=administrator.name, subscriber=subscriber, letters=number)
        return number, len(letters) > MOST_REPLAYED

    async def resume(self, administrator: Identity, subscriber: str, note: Note) -> None:
        """Have changes delivered again to a subscriber; raise :class:`SubscriberNotPausedError` unless it is paused."""
        if not await self._queue.resume(subscriber, replace(note, subscriber=subscriber)):
            raise SubscriberNotPausedError
        _log.warning("a subscriber was resumed", actor=administrator.name, subscriber=subscriber)

    def _names(self, administrator: Identity) -> tuple[Names, ...]:
        rights = self._authority.rights(administrator)
        return covered(each.namespaces for each in rights if each.role is Role.ADMINISTRATOR)


def _about(note: Note, place: Place) -> Note:
    """Return the note of one delivery; each is a record of its own."""
    delivery = {"subscriber": place.subscriber, "revision": place.revision, "ordinal": place.ordinal}
    return replace(note, note=uuid4(), namespace=place.namespace, delivery=delivery)


def _named(found: KeptDelivery) -> dict[str, object]:
    place = found.place
    return {"subscriber": place.subscriber, "namespace": place.namespace, "revision": place.revision}
