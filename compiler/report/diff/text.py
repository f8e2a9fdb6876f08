"""A difference as text: what happens, the rules, and each statement with the values that follow from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics.text import printable
from compiler.difference.effects import Class
from compiler.report.diff import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.difference.difference import Difference, Value


def render(found: Difference) -> str:
    """Return the report."""
    return "".join(f"{printable(line)}\n" for line in lines(found)).lstrip("\n")


def lines(found: Difference) -> Iterator[str]:
    """Yield the lines of the report; the last ones sum up."""
    for item in found.happenings:
        more = f", and {item.more} more" if item.more else ""
        yield f"{item.kind}: {item.subject}, {_where(item.places, found)}: {item.reason.written()}{more}"
    told = [f"{lead}{rest}" for lead, rest in words.rules(found, str, str)]
    yield from (["", *told] if told and found.happenings else told)
    if compiler := found.of(0):
        yield from ("", "the compiler", *_values(compiler, found))
    for cause in found.causes:
        values = found.of(cause.number)
        place = f"{cause.statement.file}:{cause.statement.line}"
        yield from ("", f"{place} {cause.statement.name}: {words.statement(cause, values, str)}")
        yield from _values(values, found)
    yield from ("", *filter(None, (words.left_out(found), words.upgrade(found))))
    if found.verdicts.by_old_rules:
        yield f"the rules of {found.base.name} refuse this; it passes by those that it edits"
    yield f"{words.title(found)}, against {words.against(found)}"


def _values(values: Sequence[Value], found: Difference) -> Iterator[str]:
    for value, number, before, after in words.rows(values):
        name = f"{value.subject}: {value.path}" if value.path else value.subject
        name += f", {number} lines" if number > 1 else ""
        name += f" (with {', '.join(map(str, value.causes[1:]))})" if len(value.causes) > 1 else ""
        kinds = "".join(f", {kind}" for kind in value.kinds if kind is not Class.NOTHING)
        yield f"  {name}: {before or '-'} → {after or '-'}  ({_where(tuple(value.places), found)}{kinds})"
        was, now = words.computed(value)
        if now:
            yield f"    = {was} → {now}" if was else f"    = {now}"


def _where(places: Sequence[str], found: Difference) -> str:
    return ", ".join(found.where(places))
