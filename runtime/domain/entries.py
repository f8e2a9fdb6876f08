"""Configuration entries, and the errors of a change to one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime

Json = NewType("Json", str)
"""One JSON document as compact text; its numbers keep every digit that the client sent."""


class Action(StrEnum):
    """The kind of change that an event records."""

    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key since ``updated_at``; ``revision`` numbers that change among all changes."""

    namespace: str
    key: str
    value: Json
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of one namespace in key order (by code point); ``next`` is the last key, None on the last page."""

    entries: tuple[Entry, ...]
    next: str | None


class EntryNotFoundError(Exception):
    """The namespace has no entry with this key."""


class PreconditionError(Exception):
    """A precondition of the change fails; ``current`` is the entry's revision, or None when it does not exist."""

    def __init__(self, detail: str, current: int | None) -> None:
        super().__init__(detail)
        self.current = current


class PreconditionFailedError(PreconditionError):
    """The entry does not match the request's condition (RFC 9110, section 15.5.13)."""


class PreconditionRequiredError(PreconditionError):
    """The entry exists and the request has no If-Match (RFC 6585, section 3)."""
