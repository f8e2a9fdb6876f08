"""What happens in a cluster when a change is applied: a class with its reason, the gravest class first."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Class(StrEnum):
    """The classes of what happens, the gravest first."""

    DATA = "data at risk"
    BACKUP = "backup weakened"
    NETWORK = "network opened"
    PERMISSION = "permission widened"
    DOWN = "capacity or availability down"
    IMMUTABLE = "immutable"
    RESTART = "restart"
    ROLLING = "rolling"
    NOTHING = "nothing"
    """It is applied to what runs, and nothing stops for it."""


GRAVEST = tuple(Class)


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence with the places of its values in braces, so that each form writes the values in its own way."""

    text: str
    values: Mapping[str, str] = field(default_factory=dict, hash=False)

    def written(self, write: Callable[[str], str] = str) -> str:
        """Return the sentence, with every value as ``write`` writes it."""
        return self.text.format_map({name: write(value) for name, value in self.values.items()})


@dataclass(frozen=True, slots=True)
class Effect:
    """What one change does to an object."""

    kind: Class
    reason: Reason
