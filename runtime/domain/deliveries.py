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
    """An event of the log: an edit that a change made."""

    change: UUID
    key: str
    action: str
    value: Json | None
    actor: str


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


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up after some ``attempts``; ``reason`` is the last fault."""

    number: int
    place: Place
    occurred_at: datetime
    buried_at: datetime
    attempts: int
    reason: str
    event: Change | None = None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """The state of a subscriber.

    Its position is ``revision``, with ``behind`` changes after it; ``waiting`` deliveries of those before it are not
    made. ``oldest_seconds`` is the age of the oldest change that it has not received, ``dead_letters`` the number of
    those. Retention dropped ``missed`` changes before it received them.
    """

    name: str
    revision: int
    behind: int
    waiting: int
    oldest_seconds: float
    dead_letters: int
    missed: int

    @property
    def lag(self) -> int:
        """The changes that it has not received; a change of several entries counts several times once they wait."""
        return self.behind + self.waiting


class DeliveryError(Exception):
    """A receiver did not take an event; the text holds neither address nor credential."""
