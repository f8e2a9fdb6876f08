"""Configuration entries, and the errors of a change to one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from runtime.domain.preconditions import Conditions

Json = NewType("Json", str)
"""One JSON document as compact text; its numbers keep every digit that the client sent."""


class Action(StrEnum):
    """The kind of change that an event records."""

    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Version:
    """A revision of one history.

    ``revision`` counts the changes of a history from 1, without gaps and in the order of their commits. ``epoch`` names
    the history: a new one begins whenever the last changes may have been lost, since their revisions are given again.
    """

    epoch: str
    revision: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.revision}"


@dataclass(frozen=True, slots=True)
class Mark:
    """A change that is known to have been made: its version and, if known, its id."""

    version: Version
    change: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key since ``updated_at``; ``version`` is that of the change."""

    namespace: str
    key: str
    value: Json
    version: Version
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Found:
    """The result of reading a key: its entry, or None, in the snapshot at ``version``."""

    entry: Entry | None
    version: Version


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of one namespace in key order (by code point), in the snapshot at ``version``.

    ``next`` is the last key, None on the last page.
    """

    entries: tuple[Entry, ...]
    next: str | None
    version: Version


@dataclass(frozen=True, slots=True)
class Context:
    """The origin of a change, which is recorded with it; ``client`` is the one that throttling counts."""

    actor: str = "anonymous"
    request_id: str | None = None
    reason: str | None = None
    client: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The creation or replacement of an entry, or its removal (``value`` is None), under ``conditions``."""

    namespace: str
    key: str
    value: Json | None
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Change:
    """Edits of different keys that are made together, at one revision, or not at all.

    A change is made at most once, however often it is sent: ``id`` is recorded with it. It is not made after
    ``deadline`` (seconds of the monotonic clock).
    """

    id: UUID
    edits: tuple[Edit, ...]
    deadline: float
    context: Context = field(default=Context())
    guard: Guard | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a change: the ``namespace`` has not changed after the version ``since``."""

    namespace: str
    since: Version


@dataclass(frozen=True, slots=True)
class Made:
    """An edit that was made."""

    action: Action
    version: Version
    at: datetime


class EntryNotFoundError(Exception):
    """The namespace has no entry with this key, or had none at the version ``at``.

    ``age`` is None, or the seconds since that was last known to be current, when the store is away.
    """

    def __init__(self, age: float | None = None, at: Version | None = None) -> None:
        super().__init__()
        self.age = age
        self.at = at


class ChangeExpiredError(Exception):
    """The change was not made, because its deadline had passed."""


class UnanswerableError(Exception):
    """The store answers that it does not have what is asked for."""


class OtherHistoryError(UnanswerableError):
    """The request names a revision of a history that is not the present one."""


class IdReusedError(Exception):
    """The id of the change is that of another change."""


class PreconditionError(Exception):
    """A precondition of the change fails; ``current`` is the entry's version, or None when it does not exist."""

    def __init__(self, detail: str, current: Version | None) -> None:
        super().__init__(detail)
        self.current = current


class PreconditionFailedError(PreconditionError):
    """The entry does not match the request's condition (RFC 9110, section 15.5.13)."""


class PreconditionRequiredError(PreconditionError):
    """The entry exists and the request has no If-Match (RFC 6585, section 3)."""
