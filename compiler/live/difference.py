"""Differences between the compiled objects and a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of differences."""

    ABSENT = "absent"
    """A compiled object or field that the cluster does not have."""
    DIFFERS = "differs"
    """A field with another value than the compiled one."""
    ADDED = "added"
    """A field or an item of a list that is in a compiled object and was not compiled."""
    STRAY = "stray"
    """An object in a zone that no compiled object owns."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: its kind, the object, the place in it, and the reason."""

    kind: Kind
    object: str
    place: str
    reason: str = ""

    def __str__(self) -> str:
        where = f"{self.object}: {self.place}" if self.place else self.object
        return f"{where}{' ' if self.place else ': '}{self.reason}" if self.reason else where
