"""A difference as one comment on a pull request: at most ``LINES`` lines, with the number of what was cut.

The first line is a comment by which the workflow finds the one to replace. Values are code, so that no text in a file
is a link, a mention or markup. Upstream: https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from compiler.diagnostics.text import printable, shortened
from compiler.report.diff import words
from compiler.report.markdown import REFERENCES
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.difference.difference import Difference, Happening, Value

MARK = "<!-- cbp diff -->"
LINES = 60
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_LINKS = re.compile(r"(?i)(https?|ftp|mailto|xmpp):|(www)\.")
_SOME, _FEW = 8, 3
"""What is kept of what happens and of rules where a comment would be too long."""


def render(found: Difference) -> str:
    """Return the comment."""
    for limits in _limits(found):
        lines = list(_comment(found, *limits))
        if len(lines) <= LINES:
            break
    return "\n".join(lines) + "\n"


def _limits(found: Difference) -> Iterator[tuple[int, int, int, int | None]]:
    """Yield ever lower numbers of values of a statement, of statements, of what happens, and of rules; None is all."""
    statements = len(found.causes)
    most = min(LINES, max(len(list(words.rows(found.of(number)))) for number in range(statements + 1)))
    yield from ((rows, statements, len(found.happenings), None) for rows in range(most, _FEW, -1))
    yield from ((rows, statements, _SOME, _SOME) for rows in range(most, -1, -1))
    yield from ((0, kept, _FEW, _SOME) for kept in range(statements, -1, -1))


def code(text: str) -> str:
    """Return a text as code in a cell of a table; nothing for an empty one (GFM, 6.3 and 4.10)."""
    if not text:
        return ""
    clean = printable(text).replace("|", "\\|")
    runs = {len(run) for run in re.findall("`+", clean)}
    fence = "`" * next(length for length in range(1, len(runs) + 2) if length not in runs)
    before, after = (" " if edge == "`" else "" for edge in (clean[0], clean[-1]))
    return f"{fence}{before}{clean}{after}{fence}"


def prose(text: str) -> str:
    """Return a text without markup, links and mentions."""
    plain = shortened(printable(text)).translate(REFERENCES)
    return _LINKS.sub(lambda found: f"{found[0][:-1]}&#{ord(found[0][-1])};", plain)


def _comment(found: Difference, rows: int, causes: int, happenings: int, rules: int | None) -> Iterator[str]:
    """Yield the lines of a comment with so many rows of values for each statement, statements, and so on."""
    yield from (MARK, f"### cbp diff: {words.title(found)}", "")
    yield f"Against {words.against(found)}"
    if said := words.upgrade(found):
        yield from ("", said)
    if found.verdicts.by_old_rules:
        yield from ("", f"**The rules of {found.base.name} refuse this; it passes by those that it edits.**")
    yield from _table_of_happenings(found, happenings)
    lines = [f"- **{lead}**{rest}" if lead else f"- {rest}" for lead, rest in words.rules(found, code, prose)]
    if lines:
        yield from ("", "**Rules**", "", *lines[:rules])
        if rules is not None and len(lines) > rules:
            yield f"- and {len(lines) - rules} more"
    if compiler := found.of(0):
        yield from ("", "**The compiler**", *_values(compiler, found, rows))
    for cause in found.causes[:causes]:
        values = found.of(cause.number)
        place = f"{cause.statement.file}:{cause.statement.line}"
        name = cause.statement.name if _PLAIN.fullmatch(cause.statement.name) else code(cause.statement.name)
        yield ""
        yield f"**{cause.number}.** {code(place)} {name}: {words.statement(cause, values, code)}"
        yield from _values(values, found, rows)
    cut = len(found.causes) - causes
    if cut:
        yield from ("", f"Cut here: {counted(cut, 'statement')}. `cbp diff` shows everything.")
    if said := words.left_out(found):
        yield from ("", said)


def _table_of_happenings(found: Difference, limit: int) -> Iterator[str]:
    if not found.happenings:
        yield from ("", "Nothing restarts, and nothing is opened, widened, weakened or lost.") if found.values else ()
        return
    yield from ("", "| what happens | to | where | because |", "|---|---|---|---|")
    yield from (_happening(item, found) for item in found.happenings[:limit])
    if len(found.happenings) > limit:
        yield f"| and {len(found.happenings) - limit} more | | | |"


def _happening(item: Happening, found: Difference) -> str:
    more = f", and {item.more} more" if item.more else ""
    because = f"{item.reason.written(code)}{more} ({_by(item.causes)})"
    return f"| **{item.kind}** | {code(item.subject)} | {_where(item.places, found)} | {because} |"


def _by(causes: Sequence[int]) -> str:
    return ", ".join(str(number) if number else "the compiler" for number in causes)


def _where(places: Sequence[str], found: Difference) -> str:
    return ", ".join(found.where(places))


def _values(values: Sequence[Value], found: Difference, limit: int) -> Iterator[str]:
    rows = list(words.rows(values))
    if not rows:
        return
    if not limit:
        yield f"{counted(sum(len(value.places) for value in values), 'value')} in {_where(_places(values), found)}."
        return
    yield from ("", "| value | before | after | where |", "|---|---|---|---|")
    for value, lines, before, after in rows[:limit]:
        name = code(f"{value.subject}: {value.path}" if value.path else value.subject)
        name += f", {lines} lines" if lines > 1 else ""
        name += f" (with {', '.join(map(str, value.causes[1:]))})" if len(value.causes) > 1 else ""
        sides = (
            code(side) + (f" = {code(formula)}" if formula else "")
            for side, formula in zip((before, after), words.computed(value), strict=True)
        )
        yield f"| {name} | {' | '.join(sides)} | {_where(tuple(value.places), found)} |"
    if len(rows) > limit:
        yield f"| and {len(rows) - limit} more | | | |"


def _places(values: Sequence[Value]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(place for value in values for place in value.places))
