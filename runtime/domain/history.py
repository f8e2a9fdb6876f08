"""The history of entries: the versions of a key, the changes of a namespace, and what differs between two revisions.

The events of the last months are kept, and a checkpoint keeps the state before them: the revision of the checkpoint is
the oldest at which the store is known as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from runtime.domain.entries import UnanswerableError

if TYPE_CHECKING:
    from datetime import datetime

    from runtime.domain.entries import Action, Context, Entry, Json, Version

Moment: TypeAlias = "Version | datetime"
"""A point of the history: a version of the store, or a time."""

SETTLED_SECONDS = 3.0
"""The longest that a change takes after its time is taken: the state at a time is final this much later."""


@dataclass(frozen=True, slots=True)
class Digest:
    """The length and the SHA-256 of a value's JSON text in UTF-8."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """A version of a key: ``digest`` is that of its value, None where the change removed the entry.

    ``action`` and ``context`` are None where only a checkpoint keeps the version, whose event is past its retention.
    """

    version: Version
    ordinal: int
    action: Action | None
    at: datetime
    context: Context | None
    digest: Digest | None


@dataclass(frozen=True, slots=True)
class KeyVersions:
    """Versions of a key, newest first, in the snapshot at ``version``.

    ``next`` is the version before which the next page begins, None on the last one. ``oldest`` is the oldest version
    at which the whole store is kept.
    """

    versions: tuple[KeyVersion, ...]
    next: Version | None
    oldest: Version
    version: Version


@dataclass(frozen=True, slots=True)
class KeyEdit:
    """A key that a change edited."""

    key: str
    action: Action


@dataclass(frozen=True, slots=True)
class NamespaceChange:
    """A change with its edits in one namespace, in their order."""

    version: Version
    at: datetime
    context: Context
    edits: tuple[KeyEdit, ...]


@dataclass(frozen=True, slots=True)
class NamespaceChanges:
    """Changes of a namespace, newest first, as :class:`KeyVersions`."""

    changes: tuple[NamespaceChange, ...]
    next: Version | None
    oldest: Version
    version: Version


@dataclass(frozen=True, slots=True)
class Past:
    """The entries of some keys, None where there was none, at ``version``."""

    entries: tuple[Entry | None, ...]
    version: Version


@dataclass(frozen=True, slots=True)
class Side:
    """The value of a key on one side of a difference: the version that made it, and its length in bytes."""

    version: Version
    size: int


class Kind(StrEnum):
    """The kind of a difference."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose values differ; None is the side without an entry."""

    key: str
    before: Side | None
    after: Side | None

    @property
    def kind(self) -> Kind:
        """Whether the entry was added, removed or changed."""
        if self.before is None:
            return Kind.ADDED
        return Kind.REMOVED if self.after is None else Kind.CHANGED


@dataclass(frozen=True, slots=True)
class Differences:
    """The keys of a namespace that differ between two versions, the one that changed last first.

    ``next`` is the version before which the next page begins, None on the last one. A page may hold fewer keys than
    were asked for, or none, before the last one.
    """

    differences: tuple[Difference, ...]
    start: Version
    end: Version
    next: Version | None


@dataclass(frozen=True, slots=True)
class Recorded:
    """A version of a key with its value, None where the change removed the entry."""

    version: KeyVersion
    value: Json | None


@dataclass(frozen=True, slots=True)
class RolledBack:
    """A change of a whole namespace back to a version: its version and edits, or no edit where nothing differed."""

    version: Version
    edits: tuple[KeyEdit, ...]


class NotKeptError(UnanswerableError):
    """The request names a revision or a time that is no longer kept; ``oldest`` is the oldest version that is."""

    def __init__(self, oldest: Version) -> None:
        super().__init__()
        self.oldest = oldest


class UnsettledTimeError(UnanswerableError):
    """The request names a time that is still to come, or so recent that a change of it may be under way."""


class VersionNotFoundError(UnanswerableError):
    """The key has no version of this revision."""


class RollbackTooLargeError(Exception):
    """A rollback of a namespace would change more than one transaction may."""
