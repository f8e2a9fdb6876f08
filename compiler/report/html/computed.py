"""Numbers that are computed: each formula with its statements, together for all clusters in which it is the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.lineage.leaves import flattened
from compiler.report.leaves import in_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from compiler.difference.formulas import Formula, Leaf
    from compiler.difference.side import Side


@dataclass(frozen=True, slots=True)
class Computed:
    """A number that is computed in the same way in several clusters; ``file`` is below the cluster's folder."""

    file: str
    path: str
    value: str
    formula: Formula
    where: str


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


def by_statement(found: Iterable[Computed]) -> dict[str, list[int]]:
    """Return the numbers that are computed from each statement, by their positions."""
    read: dict[str, list[int]] = {}
    for index, item in enumerate(found):
        for name in item.formula.statements:
            read.setdefault(name, []).append(index)
    return read
