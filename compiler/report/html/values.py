"""The statements of all environments with their values, beside those that the old side had."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from compiler.report.environments import rows
from compiler.resolve.layers import bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.difference.side import Side
    from compiler.report.environments import Row
    from compiler.resolve.layers import Decided
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path

NONE = "none"
"""What stands for the value of a statement that an environment has not had."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A value in some environments, with its place, the value that it hides, and the one that the old side had."""

    environments: tuple[str, ...]
    value: str
    place: str
    hidden: str
    hidden_place: str
    was: str
    """Empty where it is the same."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its values; environments with one value from one line share a cell."""

    name: str
    cells: tuple[Cell, ...]

    @property
    def changed(self) -> bool:
        """Whether a value is another one than on the old side."""
        return any(cell.was for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the specification, or the environments' own files, with its statements."""

    name: str
    statements: tuple[Statement, ...]

    @property
    def changed(self) -> tuple[Statement, ...]:
        """The statements with a value that is another one than on the old side."""
        return tuple(item for item in self.statements if item.changed)

    @property
    def unchanged(self) -> tuple[Statement, ...]:
        """The others."""
        return tuple(item for item in self.statements if not item.changed)


def sections(before: Side, after: Side) -> Iterator[Section]:
    """Yield the sections in the order of the files; the statements are those of the new side."""
    old = {item.environment.name: item for item in before.resolved}
    known = {row.path: row for row in rows(before.resolved)}
    found = rows(after.resolved)
    order = list(dict.fromkeys(row.path[0] for row in found))
    by_section = sorted(found, key=lambda row: order.index(row.path[0]))
    for name, of in groupby(by_section, key=lambda row: row.path[0]):
        yield Section(str(name), tuple(_statement(row, known.get(row.path), old, after.resolved) for row in of))


def _statement(row: Row, known: Row | None, old: dict[str, Resolved], new: Sequence[Resolved]) -> Statement:
    cells: dict[tuple[str, str, str, str, str], list[str]] = {}
    for resolved in new:
        name = resolved.environment.name
        item = row.values.get(name)
        if item is not None:
            before = known.values.get(name) if known else None
            was = _was(row.path, before, old[name], resolved) if name in old else ""
            cells.setdefault((*_said(item), was), []).append(name)
    return Statement(row.name, tuple(Cell(tuple(names), *said) for said, names in cells.items()))


def _was(path: Path, before: Decided | None, old: Resolved, new: Resolved) -> str:
    """Return the value that the old side had where it meant something else."""
    if before is None:
        return NONE
    return "" if bound(old, path) == bound(new, path) else before.value.text


def _said(item: Decided) -> tuple[str, str, str, str]:
    hidden = item.hidden
    place = str(item.value.span) if item.value.span else "by default"
    return item.value.text, place, hidden.text if hidden else "", str(hidden.span) if hidden else ""
