"""Configuration entries, and what can be wrong with a change to one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

if TYPE_CHECKING:
    from datetime import datetime

Json = NewType("Json", str)
"""One JSON document as compact text: the numbers in it are those that were sent, digit by digit."""


class Action(StrEnum):
    """What an event did to its entry."""

    CREATE = "create"
    REPLACE = "replace"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Entry:
    """The value of a key since ``updated_at``; ``revision`` is the place of that change among all changes."""

    namespace: str
    key: str
    value: Json
    revision: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of one namespace in key order (by code point); ``next`` is the key to go on after, or None at the end."""

    entries: tuple[Entry, ...]
    next: str | None


class EntryNotFoundError(Exception):
    """The namespace has no such key."""


class PreconditionError(Exception):
    """A change whose condition does not hold; ``current`` is the entry's revision, or None when it does not exist."""

    def __init__(self, detail: str, current: int | None) -> None:
        super().__init__(detail)
        self.current = current


class PreconditionFailedError(PreconditionError):
    """The entry is not what the request's condition says (RFC 9110, section 15.5.13)."""


class PreconditionRequiredError(PreconditionError):
    """The entry exists and the request does not say which revision it changes (RFC 6585, section 3)."""
