"""Protocols of the queue of deliveries, and of the store of notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runtime.domain.audit import Note
    from runtime.domain.deliveries import Delivery, DeliveryState, KeptDelivery, Place, Subscriber, Subscription
    from runtime.domain.namespaces import Names
    from runtime.domain.notifications import KeptNotification, Notification


class DeliveryQueue(Protocol):
    """The deliveries of changes to subscribers. Every call may raise :class:`UnavailableError`."""

    async def fan_out(self, subscription: Subscription, delay_seconds: float, bound: int, most: int) -> int:
        """Make deliveries of a subscriber's next events, until ``bound`` wait; return the number of changes passed.

        A subscriber that is new receives what changes from now on. At most ``most`` events are taken, and the others of
        the same change. ``delay_seconds`` is added to the ranks.
        """

    async def claim(
        self, subscribers: Sequence[str], lanes: int, run: int, visibility_seconds: float
    ) -> Sequence[Delivery]:
        """Claim the first deliveries of at most ``lanes`` lanes, by rank, and at most ``run`` of each lane, in order.

        They belong to the claim for ``visibility_seconds``; then another one may claim them.
        """

    async def done(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        """End deliveries that were made; return for each whether its claim still held it."""

    async def give_back(self, delivery: Delivery, fault: str | None, pause_seconds: float | None, *, bury: bool) -> str:
        """Give a delivery back with those of its lane that the same claim holds; return what became of it.

        That is ``lost`` (the claim held it no longer), ``released`` (without a fault: it was not tried), ``retried``
        after a pause or, without a pause, ``buried`` or ``dropped``, as ``bury`` says.
        """

    async def states(self) -> Sequence[Subscriber]:
        """Return the state of each subscriber, by name."""

    async def pause(self, subscriber: str, reason: str) -> bool:
        """Have nothing delivered to a subscriber until it is resumed; return whether it was not paused before."""

    async def resume(self, subscriber: str, note: Note) -> bool:
        """Have changes delivered again, with the note in the audit trail; return whether it was paused."""

    async def page(
        self,
        subscriber: str,
        state: DeliveryState | None,
        names: Sequence[Names],
        after: tuple[int, int],
        limit: int,
    ) -> Sequence[KeptDelivery]:
        """Return at most ``limit`` deliveries behind a revision and ordinal, in their order, without their events.

        ``names`` are those of their namespaces; ``state`` is None for any.
        """

    async def find(self, subscriber: str, revision: int, ordinal: int) -> KeptDelivery | None:
        """Return a delivery with its event, or None."""

    async def settle(self, letters: Mapping[Place, Note], *, replay: bool) -> int:
        """Have dead letters of one subscriber delivered again, or discard them; return the number that there were.

        The note of each is recorded in the audit trail with it.
        """


class NotificationStore(Protocol):
    """The notifications of connectors. Every call may raise :class:`UnavailableError`."""

    async def take(self, notification: Notification, note: Note) -> bool:
        """Keep a notification durably, with its note in the audit trail; return False where it is kept already."""

    async def page(self, namespace: str, after: int, limit: int) -> Sequence[KeptNotification]:
        """Return at most ``limit`` notifications to a namespace behind a number, in the order of their numbers.

        No later one gets a lower number than one that was returned.
        """
