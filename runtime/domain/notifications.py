"""Notifications that connectors send: systems of the bank on which its configuration depends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.domain.entries import Json

LONGEST_TEXT = 255


@dataclass(frozen=True, slots=True)
class Connector:
    """A system that sends notifications in a ``form``; the readers of ``namespace`` read them."""

    name: str
    namespace: str
    form: str


@dataclass(frozen=True, slots=True)
class Heading:
    """The type of a notification, as ``calendar.changed``, and the subject that it is about, if it names one."""

    type: str
    subject: str | None


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification that a connector has signed; ``id`` is the same whenever it is sent.

    ``sent_at`` is the time of the attempt at which it came, and ``document`` all that it says.
    """

    connector: Connector
    id: str
    sent_at: datetime
    heading: Heading
    document: Json


@dataclass(frozen=True, slots=True)
class KeptNotification:
    """A notification as it is kept; numbers are in the order in which notifications came, with gaps."""

    number: int
    connector: str
    id: str
    heading: Heading
    document: Json
    sent_at: datetime
    received_at: datetime


class NotificationFormError(Exception):
    """A notification is not of the form of its connector; the text says where."""
