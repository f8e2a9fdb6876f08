"""The formulas of computed values, on both sides of a difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.lineage.formulas import operands, short_names, written
from compiler.lineage.leaves import flattened
from compiler.lineage.tracing import every_formula

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

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


def formulas(side: Side, files: Collection[str] | None = None) -> dict[Leaf, Formula]:
    """Return the formula of every number of a side, or of some of its files, that is computed from statements."""
    return {
        (file, pointer): _formula(expression)
        for resolved in side.resolved
        for file, found in every_formula(resolved, files).items()
        for pointer, expression in found.items()
    }


def of_leaves(leaves: Iterable[Leaf], found: Mapping[Leaf, Formula]) -> Formula | None:
    """Return the formula of a changed value by its places; None where it has none."""
    return next((found[leaf] for leaf in leaves if leaf in found), None)


def before_of_leaves(
    leaves: Iterable[Leaf], value: object, side: Side, found: Mapping[Leaf, Formula]
) -> Formula | None:
    """Return the formula that a value had on the old side; None where it is not certain that it is the same."""
    for file, pointer in leaves:
        same = file in side.compiled and dict(flattened(side.compiled[file])).get(pointer) == value
        if same and (file, pointer) in found:
            return found[file, pointer]
    return None


def _formula(expression: Expression) -> Formula:
    found = operands(expression)
    names = short_names(found)
    return Formula(
        written(expression, lambda operand: names[operand.path]),
        written(expression, lambda operand: operand.text),
        tuple(".".join(map(str, path)) for path in found),
    )
