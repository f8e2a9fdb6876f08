"""Numbers that are computed: each formula with its statements, together for all clusters in which it is the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.lineage.explanation import short_names
from compiler.lineage.formulas import operands, written
from compiler.lineage.leaves import flattened
from compiler.lineage.tracing import every_formula
from compiler.report.leaves import in_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from compiler.difference.difference import Value
    from compiler.difference.side import Side
    from compiler.lineage.formulas import Expression

Leaf = tuple[str, str]
"""A file below ``generated/``, and a pointer into it."""


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula as text, with names and with the values as they are written, and the statements that it reads."""

    names: str
    numbers: str
    statements: tuple[str, ...]

    @property
    def plain(self) -> bool:
        """Whether it is one statement, taken as it is."""
        return len(self.statements) == 1 and self.statements[0].endswith(self.names)


@dataclass(frozen=True, slots=True)
class Computed:
    """A number that is computed in the same way in several clusters; ``file`` is below the cluster's folder."""

    file: str
    path: str
    value: str
    formula: Formula
    where: str


def formulas(side: Side) -> dict[Leaf, Formula]:
    """Return the formula of every number of a side that is computed from statements."""
    return {
        (file, pointer): _formula(expression)
        for resolved in side.resolved
        for file, found in every_formula(resolved).items()
        for pointer, expression in found.items()
    }


def computed(
    side: Side, found: Mapping[Leaf, Formula], where: Callable[[Iterable[str]], tuple[str, ...]]
) -> tuple[Computed, ...]:
    """Return every computed number of a side, in the order of the files; equal ones of several clusters are one.

    ``where`` says clusters in few words.
    """
    values = {file: dict(flattened(side.compiled[file])) for file, _ in found if file in side.compiled}
    grouped: dict[tuple[str, str, str, Formula], list[str]] = {}
    for (file, pointer), formula in found.items():
        value = values.get(file, {}).get(pointer)
        if value is not None:
            environment, cluster, name = file.split("/", 2)
            key = name, in_text(file, pointer), str(value), formula
            grouped.setdefault(key, []).append(f"{environment}/{cluster}")
    return tuple(Computed(*key, ", ".join(where(places))) for key, places in grouped.items())


def of_value(value: Value, found: Mapping[Leaf, Formula]) -> Formula | None:
    """Return the formula of a changed value; None where it has none."""
    return next((found[leaf] for leaf in value.places.values() if leaf in found), None)


def before_of_value(value: Value, side: Side, found: Mapping[Leaf, Formula]) -> Formula | None:
    """Return the formula that a changed value had on the old side; None where it is not certain that it is the same."""
    for file, pointer in value.places.values():
        same = file in side.compiled and dict(flattened(side.compiled[file])).get(pointer) == value.before
        if same and (file, pointer) in found:
            return found[file, pointer]
    return None


def by_statement(found: Iterable[Computed]) -> dict[str, list[int]]:
    """Return the numbers that are computed from each statement, by their positions."""
    read: dict[str, list[int]] = {}
    for index, item in enumerate(found):
        for name in item.formula.statements:
            read.setdefault(name, []).append(index)
    return read


def _formula(expression: Expression) -> Formula:
    found = operands(expression)
    names = short_names(found)
    return Formula(
        written(expression, lambda operand: names[operand.path]),
        written(expression, lambda operand: operand.text),
        tuple(".".join(map(str, path)) for path in found),
    )
