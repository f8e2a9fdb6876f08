"""The fields of the input that rules read, and the fields in which two inputs differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Fields = tuple[str, ...]
"""A path into the input, such as ``("documents", EACH, "object", "spec", "replicas")``."""
EACH = "*"
"""The step of a path to every entry of a list or a mapping."""


class Depth(IntEnum):
    """How much of a field is read."""

    TYPE = 0
    """Whether it is there, and its type."""
    SCALAR = 1
    """Its value, unless it is a list or a mapping."""
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Read:
    """A field that is read, of rendered objects of some kinds (None: of any), and how much of it."""

    kinds: frozenset[str] | None
    path: Fields
    depth: Depth


def as_json(read: Read) -> list[Any]:
    """Return a field as JSON, which :func:`from_json` reads."""
    return [None if read.kinds is None else sorted(read.kinds), read.path, read.depth]


def from_json(said: Any) -> Read:
    """Return a field that :func:`as_json` wrote."""
    kinds, path, depth = said
    return Read(None if kinds is None else frozenset(kinds), tuple(path), Depth(depth))


@dataclass(frozen=True, slots=True)
class Move:
    """A place at which two inputs differ; ``kept`` says that both have a value of one type there.

    ``kind`` is that of the rendered object, None elsewhere.
    """

    kind: str | None
    path: Fields
    kept: bool


def moves(before: Any, after: Any, kind: str | None, path: Fields = ()) -> Iterator[Move]:
    """Yield the places at which two values differ: the deepest, but for lists of different lengths the list."""
    if before == after and type(before) is type(after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in before.keys() | after.keys():
            if key in before and key in after:
                yield from moves(before[key], after[key], kind, (*path, key))
            else:
                yield Move(kind, (*path, key), False)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from moves(one, other, kind, (*path, EACH))
    else:
        yield Move(kind, path, type(before) is type(after))


@dataclass(slots=True)
class Readers:
    """The rules that read each field, as a tree of the steps to it: those of a field, and those below it."""

    here: list[tuple[str, Read]] = field(default_factory=list)
    below: dict[str, Readers] = field(default_factory=dict)

    def add(self, rule: str, read: Read) -> None:
        """Note that a rule reads a field."""
        found = self
        for step in read.path:
            found = found.below.setdefault(step, Readers())
        found.here.append((rule, read))

    def of(self, move: Move) -> frozenset[str]:
        """Return the rules that read anything of a difference."""
        found = self.reached(move.path, kept=move.kept)
        return frozenset(rule for rule, read in found if read.kinds is None or move.kind in read.kinds)

    def reached(self, path: Fields, *, kept: bool) -> Iterator[tuple[str, Read]]:
        """Yield the reads of what a difference at a path is in, and of what is in it."""
        if not path:
            yield from ((rule, read) for rule, read in self.here if read.depth > Depth.TYPE or not kept)
            for below in self.below.values():
                yield from below.every()
            return
        yield from ((rule, read) for rule, read in self.here if read.depth == Depth.WHOLE)
        # An entry of a list may be any of them; one of a mapping has its key, and is one of all.
        steps = self.below if path[0] == EACH else {path[0], EACH} & self.below.keys()
        for step in steps:
            yield from self.below[step].reached(path[1:], kept=kept)

    def every(self) -> Iterator[tuple[str, Read]]:
        """Yield all reads from here on."""
        yield from self.here
        for below in self.below.values():
            yield from below.every()
