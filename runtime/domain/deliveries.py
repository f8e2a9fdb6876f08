"""Deliveries of changes to subscribers of the event bus."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from runtime.domain.entries import Json


class Priority(StrEnum):
    """The urgency of a subscriber's deliveries, from the highest."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"

    @property
    def level(self) -> int:
        """The number of priorities above this one."""
        return list(Priority).index(self)


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscriber of the changes in the namespaces of a pattern: a name, a beginning (``payments-*``), or ``*``."""

    name: str
    namespaces: str = "*"
    priority: Priority = Priority.NORMAL


@dataclass(frozen=True, slots=True)
class Change:
    """An event of the log: an edit that a change made, as part of the trace ``traceparent`` if there is one."""

    change: UUID
    key: str
    action: str
    value: Json | None
    actor: str
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """The delivery of the event ``ordinal`` of a revision, in the lane of a subscriber and a namespace."""

    subscriber: str
    namespace: str
    revision: int
    ordinal: int

    @property
    def lane(self) -> tuple[str, str]:
        """Deliveries of a lane are made in the order of their events, one at a time."""
        return self.subscriber, self.namespace


@dataclass(frozen=True, slots=True)
class Delivery:
    """A delivery that a ``claim`` holds; ``event`` is None where retention has dropped it.

    ``attempts`` have failed before.
    """

    place: Place
    claim: UUID
    occurred_at: datetime
    attempts: int
    event: Change | None


class DeliveryState(StrEnum):
    """The state of a delivery that the queue keeps."""

    WAITING = "waiting"
    """It is made next, or after a pause."""
    CLAIMED = "claimed"
    """A worker makes it."""
    DEAD = "dead"
    """It was given up: a dead letter."""


@dataclass(frozen=True, slots=True)
class KeptDelivery:
    """A delivery that the queue keeps, after some failed ``attempts``; ``reason`` is the last fault.

    ``due_at`` is the time from which it is made, or at which its claim runs out: a dead letter has none, but
    ``buried_at``.
    ``event`` is None where it is not asked for, or where retention has dropped it.
    """

    place: Place
    state: DeliveryState
    occurred_at: datetime
    attempts: int
    reason: str | None
    due_at: datetime | None
    buried_at: datetime | None
    event: Change | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The state of a subscriber.

    Its position is ``revision``, with ``behind`` changes after it; ``waiting`` deliveries of those before it are not
    made. ``oldest_seconds`` is the age of the oldest change that it has not received, ``dead_letters`` the number of
    those. Retention dropped ``missed`` changes before it received them. Nothing is delivered to it since ``paused_at``,
    for the reason ``pause_reason``; both are None where it is not paused.
    """

    name: str
    revision: int
    behind: int
    waiting: int
    oldest_seconds: float
    dead_letters: int
    missed: int
    paused_at: datetime | None = None
    pause_reason: str | None = None

    @property
    def lag(self) -> int:
        """The changes that it has not received; a change of several entries counts several times once they wait."""
        return self.behind + self.waiting


class DeliveryNotFoundError(Exception):
    """The queue keeps no such delivery, in the namespaces that are asked about."""


class DeliveryNotDeadError(Exception):
    """The delivery is no dead letter: it is still to be made."""


class SubscriberNotPausedError(Exception):
    """There is no such subscriber, or changes are delivered to it."""


class DeliveryError(Exception):
    """A receiver refuses an event; the text holds neither address nor credential.

    ``retry_after_seconds`` is the time that the receiver asks for, if it does.
    """

    def __init__(self, text: str, retry_after_seconds: float | None = None) -> None:
        super().__init__(text)
        self.retry_after_seconds = retry_after_seconds


class GoneError(DeliveryError):
    """The receiver says that it takes no further event."""
