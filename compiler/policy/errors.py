"""Errors of the gate. An error is never a pass: the command exits with a status of its own."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PLACE = re.compile(r"(?P<file>[^:\n]+)(?::(?P<line>\d+))?(?::(?P<column>\d+))?: ")


class PolicyError(CouldNotRunError):
    """The gate reached no verdict: neither a pass nor a finding.

    Each of its ``faults`` is one line of text, which starts with its file and line if it has one.
    """

    about = "the policies could not judge"

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        if len(self.faults) == 1:
            return self.faults[0]
        return "\n  ".join((f"{len(self.faults)} faults", *self.faults))


class Faults:
    """A collection of the faults of policies, so that one run reports all of them."""

    def __init__(self) -> None:
        self._found: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._found)

    def add(self, fault: str) -> None:
        """Add a fault, unless it is known already."""
        self._found[fault] = None

    def known_at(self, place: str) -> bool:
        """Return whether a fault at a place (``file:line:column``) is known."""
        return any(fault.startswith(f"{place}: ") for fault in self._found)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Add the faults of a PolicyError that the block raises, and continue after the block."""
        try:
            yield
        except PolicyError as error:
            self._found.update(dict.fromkeys(error.faults))

    def refuse(self) -> None:
        """Raise a PolicyError with every fault, in the order of the files, if there is any."""
        if self._found:
            raise PolicyError(*sorted(self._found, key=_place))


def _place(fault: str) -> tuple[str, int, int]:
    place = _PLACE.match(fault)
    return (place["file"], int(place["line"] or 0), int(place["column"] or 0)) if place else ("", 0, 0)
