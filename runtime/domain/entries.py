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
class Whole:
    """All entries of a namespace in key order, in the snapshot at ``snapshot``.

    At ``version`` they were the same: it changes only with them, or with the namespace's definition, which is there if
    it is ``defined``.
    """

    namespace: str
    defined: bool
    entries: tuple[Entry, ...]
    version: Version
    snapshot: Version

    @property
    def exists(self) -> bool:
        """Whether the namespace has entries or a definition."""
        return bool(self.entries) or self.defined


@dataclass(frozen=True, slots=True)
class Layered:
    """An entry in a layer that a namespace stands on; ``actor`` is who wrote it, None where that is unknown."""

    entry: Entry
    actor: str | None


@dataclass(frozen=True, slots=True)
class Layers:
    """A namespace and those that it inherits from, the nearest first, in the snapshot at ``snapshot``.

    ``values`` has for each key, in order, the entries of the layers that hold it, the nearest first: that one counts.
    At ``version`` all of it was the same.
    """

    namespaces: tuple[str, ...]
    values: tuple[tuple[Layered, ...], ...]
    defined: bool
    version: Version
    snapshot: Version


@dataclass(frozen=True, slots=True)
class Context:
    """The origin of a change, which is recorded with it; ``client`` is the one that throttling counts.

    ``traceparent`` is the trace that the request was part of, see :mod:`runtime.domain.traces`.
    """

    actor: str = "anonymous"
    request_id: str | None = None
    reason: str | None = None
    client: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The creation or replacement of an entry, or its removal (``value`` is None), under ``conditions``."""

    namespace: str
    key: str
    value: Json | None
    conditions: Conditions


@dataclass(frozen=True, slots=True)
class Basis:
    """The versions under which a change was prepared; it is not made under other ones.

    ``definition`` is that of the namespace's definition, as text, which is empty without one. ``namespace`` is that of
    the whole namespace. None is any.
    """

    definition: str | None = None
    namespace: Version | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Edits of different keys that are made together, at one revision, or not at all.

    A change is made at most once, however often it is sent: ``id`` is recorded with it. It is not made after
    ``deadline`` (seconds of the monotonic clock). A ``trial`` is judged exactly as the change would be, and never made.
    """

    id: UUID
    edits: tuple[Edit, ...]
    deadline: float
    context: Context = field(default=Context())
    guard: Guard | None = None
    trial: bool = False
    basis: Basis = field(default=Basis())


@dataclass(frozen=True, slots=True)
class Guard:
    """A condition of a change: the ``namespace`` has not changed after the version ``since``."""

    namespace: str
    since: Version


@dataclass(frozen=True, slots=True)
class Made:
    """An edit that was made, or that would be: ``version`` is then the last one of the store."""

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


class NamespaceNotFoundError(EntryNotFoundError):
    """The namespace has neither an entry nor a definition."""


class ChangeExpiredError(Exception):
    """The change was not made, because its deadline had passed."""


class UnanswerableError(Exception):
    """The store answers that it does not have what is asked for."""


class OtherHistoryError(UnanswerableError):
    """The request names a revision of a history that is not the present one."""


class IdReusedError(Exception):
    """The id of the change is that of another change."""


class RedefinedError(Exception):
    """The definition of the namespace is not that of the change's basis, but the one at ``version``, or none."""

    def __init__(self, version: Version | None) -> None:
        super().__init__()
        self.version = version


class TooLargeError(UnanswerableError):
    """The namespace holds more than is answered, or changed, at once; the message states the bound."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason for which one edit of a change, the one at ``index``, is refused."""

    index: int
    key: str
    error: Exception


class EditsRefusedError(Exception):
    """Edits of a change of several are refused, each for its own reason, so that none was made."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(refusals)
        self.refusals = refusals


class PreconditionError(Exception):
    """A precondition of the change fails; ``current`` is the entry's version, or None when it does not exist."""

    def __init__(self, detail: str, current: Version | None) -> None:
        super().__init__(detail)
        self.current = current


class PreconditionFailedError(PreconditionError):
    """The entry does not match the request's condition (RFC 9110, section 15.5.13)."""


class NamespaceMovedError(PreconditionFailedError):
    """The namespace is not at the version of the change's basis, but at ``current``."""


class LayerError(Exception):
    """A namespace cannot have the parent that its definition names, or cannot be removed from under others."""


class PreconditionRequiredError(PreconditionError):
    """The entry exists and the request has no If-Match (RFC 6585, section 3)."""
