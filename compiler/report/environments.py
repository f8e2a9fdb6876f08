"""Resolved environments, alone or side by side: each statement with its value, its place, and the value below it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from compiler.diagnostics.text import printable, shortened
from compiler.report.outcome import counted
from compiler.resolve.layers import bound, decided, depth_in_common

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compiler.resolve.layers import Decided, Layered
    from compiler.resolve.resolved import Resolved
    from compiler.sources.nodes import Path

FORMS = ("text", "json")
_WIDEST = 64
"""The most characters by which a column is widened; a longer text pushes the rest of its line to the right."""


@dataclass(frozen=True, slots=True)
class Row:
    """A statement, and its value in each environment that has it."""

    path: Path
    values: Mapping[str, Decided]
    alike: bool
    """Whether every environment has the same value, however it is spelt."""

    @property
    def name(self) -> str:
        """The path with dots."""
        return next(iter(self.values.values())).name


def rows(environments: Sequence[Resolved], below: str = "") -> tuple[Row, ...]:
    """Return the statements that one of the environments has at a path or below it, in the order of the files.

    ``below`` is the path with dots; a path to an item of a list finds the whole list.
    """
    found: dict[Path, dict[str, Decided]] = {}
    for resolved in environments:
        for item in decided(resolved):
            if _is_at(item, below):
                found.setdefault(item.path, {})[resolved.environment.name] = item
    return tuple(_row(environments, path, values) for path, values in found.items())


def render(environments: Sequence[Resolved], shown: Sequence[Row], form: str, *, whole: bool = False) -> str:
    """Return the report in one of ``FORMS``.

    As text, several environments have a column each, and statements that are alike in all are left out, unless
    ``whole``.
    """
    names = [resolved.environment.name for resolved in environments]
    if form == "json":
        return json.dumps({"environments": names, "statements": list(map(_json, shown))}, indent=2) + "\n"
    if len(names) == 1:
        return _table(_alone(shown))
    listed = [row for row in shown if whole or not row.alike]
    differing = sum(not row.alike for row in shown)
    hint = "" if len(listed) == len(shown) else "; --all shows the others"
    return f"{_table(_side_by_side(listed, names))}{differing} of {counted(len(shown), 'statement')} differ{hint}\n"


def _is_at(item: Decided, below: str) -> bool:
    """Return whether a statement is at a path or below it, or is the list that a path leads into."""
    inside = not isinstance(item.value.value, str) and below.startswith(f"{item.name}.")
    return not below or inside or f"{item.name}.".startswith(f"{below}.")


def _row(environments: Sequence[Resolved], path: Path, values: Mapping[str, Decided]) -> Row:
    parsed = [bound(resolved, path) for resolved in environments]
    alike = len(values) == len(environments) and all(value == parsed[0] for value in parsed)
    return Row(path, values, alike)


def _alone(shown: Iterable[Row]) -> Iterator[list[str]]:
    for above, label, row in _tree(shown):
        yield from above
        (item,) = row.values.values()
        yield [f"{label} {_text(item.value)}", _place(item.value)]
        if item.hidden:
            yield ["", _over(item.hidden)]


def _side_by_side(shown: Iterable[Row], names: Sequence[str]) -> Iterator[list[str]]:
    """Yield lines of cells; a place in an environment's own folder, which the head of the column names, is relative."""
    shown = tuple(shown)
    if shown:
        yield ["", *(f"environments/{name}" for name in names)]
    for above, label, row in _tree(shown):
        yield from above
        columns = [_cell(row.values.get(name), f"environments/{name}/") for name in names]
        for number, line in enumerate(zip_longest(*columns, fillvalue="")):
            yield ["" if number else label, *line]


def _tree(shown: Iterable[Row]) -> Iterator[tuple[list[list[str]], str, Row]]:
    """Yield each row with the lines of the keys above it that are new, and the label of its own key, indented."""
    last: Path = ()
    for row in shown:
        labels = [f"{'  ' * depth}{printable(str(key))}:" for depth, key in enumerate(row.path)]
        known = depth_in_common(last, row.path)
        yield [[label] for label in labels[known:-1]], labels[-1], row
        last = row.path


def _cell(item: Decided | None, folder: str) -> tuple[str, ...]:
    if item is None:
        return ("-",)
    lines = (_text(item.value), _place(item.value).removeprefix(folder))
    return (*lines, _over(item.hidden)) if item.hidden else lines


def _text(value: Layered) -> str:
    return shortened(printable(value.text))


def _place(value: Layered) -> str:
    return printable(str(value.span)) if value.span else "by default"


def _over(value: Layered) -> str:
    return f"over {_text(value)}, {_place(value)}"


def _table(lines: Iterable[list[str]]) -> str:
    """Return lines of cells as text with aligned columns."""
    lines = tuple(lines)
    columns = zip_longest(*lines, fillvalue="")
    widths = [max(len(cell) for cell in ("", *column) if len(cell) <= _WIDEST) for column in columns]
    texts = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False)) for line in lines)
    return "".join(f"{text.rstrip()}\n" for text in texts)


def _json(row: Row) -> dict[str, Any]:
    values = {
        name: {**_layered(item.value), "hides": _layered(item.hidden) if item.hidden else None}
        for name, item in row.values.items()
    }
    return {"statement": row.name, "alike": row.alike, "values": values}


def _layered(value: Layered) -> dict[str, Any]:
    """Return a value, a text or a list of texts, with its place, which is null for a default."""
    span = value.span
    return {
        "value": value.value,
        "layer": value.layer,
        "path": span.source.path if span else None,
        "line": span.line if span else None,
        "column": span.column if span else None,
    }
