"""The words of a difference that its forms share: counts, places, statements, rules, and values of readable length."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from compiler.difference.difference import COPIES, HASHES, LINES, PLACES
from compiler.difference.statements import written
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from compiler.diagnostics import Finding
    from compiler.difference.causes import Cause
    from compiler.difference.difference import Difference, Value
    from compiler.difference.rules import ChangedRule

LONGEST = 72
"""The longest value that is written whole, in characters."""
_LONGEST_STATEMENT = 160
"""The same of a statement, which is what a reviewer reads first."""
_CONTEXT = 3
"""The words around what differs in a long value."""
_BEGINNING = 5
"""The most words before what differs that are written whole."""
_MOST_NAMES = 4
"""The most rules that are named of those to which the same was done."""
_ONE = {
    HASHES: "hash",
    COPIES: "copy of the settings",
    LINES: "line of a page",
    PLACES: "place or axis of a panel",
}

Write = "Callable[[str], str]"


def title(found: Difference) -> str:
    """Return the counts of statements, rules and values."""
    parts = [counted(len(found.causes), "statement")]
    rules = [rule for rule in found.rules if rule.what != "tests"]
    parts += [counted(len(rules), "rule")] if rules else []
    return ", ".join((*parts, counted(found.count, "value")))


def against(found: Difference) -> str:
    """Return the sentences about the base, the environments that change, and the verdict."""
    names = found.environments
    changing = f"{listed(names)} change{'s' if len(names) == 1 else ''}" if names else "no value changes"
    head = f" to {found.head}" if found.head else ""
    return f"{found.base}{head}: {changing}. {_verdict(found)}."


def _verdict(found: Difference) -> str:
    verdicts = found.verdicts
    errors = [item for item in verdicts.findings if item.refuses]
    warnings = [item for item in verdicts.findings if not (item.refuses or item.waived)]
    new = sum(not item.waived for item in verdicts.new)
    said = ""
    if errors or warnings:
        said = f", {new or 'none'} of them new"
    words = Counter(item.waived.word for item in verdicts.findings if item.waived)
    waived = "".join(f", {number} {word}" for word, number in sorted(words.items(), reverse=True))
    return f"{counted(len(errors), 'error')}, {counted(len(warnings), 'warning')}{said}{waived}"


def upgrade(found: Difference) -> str:
    """Return the sentence about a compiler that differs; empty where it does not."""
    if not (found.upgrade or found.by_compiler):
        return ""
    return f"This upgrade of the compiler changes {counted(found.by_compiler, 'value')}."


def left_out(found: Difference) -> str:
    """Return the sentence about what is left out; empty where nothing is."""
    parts = [f"{number} {_ONE[word] if number == 1 else word}" for word, number in found.left_out.items()]
    return f"Left out, since they follow: {', '.join(parts)}." if parts else ""


def statement(cause: Cause, values: Sequence[Value], write: Callable[[str], str]) -> str:
    """Return what a statement was and is, and whether anything follows from it."""
    before, after = (written(node) for node in (cause.statement.before, cause.statement.after))
    if before is None:
        said = f"{write(short(after or '', _LONGEST_STATEMENT))} is added"
    elif after is None:
        said = f"{write(short(before, _LONGEST_STATEMENT))} is removed"
    else:
        one, other = contrast(before, after, _LONGEST_STATEMENT)
        said = f"{write(one)} → {write(other)}"
    ends = " means the same." if cause.means_the_same else "" if values else " changes no value."
    kept = "".join(f"; {name} keeps its own ({write(place)})" for name, place in cause.hidden)
    return said + (f"{ends[:-1]}{kept}." if ends and kept else ends + kept)


def rules(found: Difference, write: Callable[[str], str], prose: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Yield a lead and the rest of a line for each rule that changed or changed its verdict, the gravest first."""
    verdicts = found.verdicts
    for item in verdicts.by_old_rules:
        yield f"{item.code} of {found.base.name} refuses this", _told(item, write, prose)
    for item in (item for item in verdicts.new if item.refuses):
        yield f"{item.code} refuses this", _told(item, write, prose)
    alike: dict[tuple[object, ...], list[ChangedRule]] = {}
    for rule in found.rules:
        alike.setdefault((rule.what, rule.parts, tuple(change.key for change in rule.data)), []).append(rule)
    for same in alike.values():
        ids, one = [rule.id for rule in same], len(same) == 1
        if len(ids) > _MOST_NAMES:
            ids[_MOST_NAMES - 1 :] = [f"{len(ids) - _MOST_NAMES + 1} more"]
        what = "proven otherwise" if same[0].what == "tests" else same[0].what
        yield f"{listed(ids)} {'is' if one else 'are'} {what}", _edited(same[0], "its" if one else "their", write)
    for item in (item for item in verdicts.new if not (item.refuses or item.waived)):
        yield "", f"{item.code} warns anew{_told(item, write, prose)}"
    waived: dict[tuple[str, str, str], list[Finding]] = {}
    for item in verdicts.new:
        if item.waived:
            waived.setdefault((str(item.code), item.message, item.waived.word), []).append(item)
    for (code, _, word), items in waived.items():
        names = {item.waived.at.source.path.split("/")[1] for item in items if item.waived}
        where = ", ".join(name for name in found.places if name in names)
        yield "", f"{code} is {word} in {where}{_told(items[0], write, prose)}"
    for item in verdicts.gone:
        yield "", f"{item.code} has nothing to say any more{_told(item, write, prose)}"


def _told(item: Finding, write: Callable[[str], str], prose: Callable[[str], str]) -> str:
    place = f"{item.span.source.path}:{item.span.line}" if item.span else item.path
    return f": {prose(item.message)}" + (f" ({write(place)})" if place else "")


def _edited(rule: ChangedRule, whose: str, write: Callable[[str], str]) -> str:
    parts = [f"{whose} {part}" for part in rule.parts]
    for change in rule.data:
        before, after = (shown(side) for side in (change.before, change.after))
        parts.append(f"{whose} data {write(change.name)} {write(before)} → {write(after)}")
    parts += [f"{whose} {listed(rule.tests)}"] if rule.tests else []
    return f": {'; '.join(parts)}" if parts else ""


def listed(names: Sequence[str]) -> str:
    """Return names as an enumeration: ``a, b and c``."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def shown(value: Any) -> str:
    """Return a value in one line; nothing for a side that lacks it."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def short(text: str, longest: int = LONGEST) -> str:
    """Return a text of at most so many characters and a mark where it was cut, between two words if it has any."""
    if len(text) <= longest:
        return text
    cut = text[: longest + 1].rpartition(" ")[0] or text[:longest]
    return f"{cut} …"


def contrast(before: str, after: str, longest: int = LONGEST) -> tuple[str, str]:
    """Return two values; of long ones, what differs with a few words around it."""
    if max(len(before), len(after)) <= longest:
        return before, after
    one, other = before.split(), after.split()
    start = _common(one, other)
    end = min(_common(one[::-1], other[::-1]), min(len(one), len(other)) - start)
    begin = 0 if start <= _BEGINNING else start - _CONTEXT
    return short(_around(one, begin, end), longest), short(_around(other, begin, end), longest)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    same = (left == right for left, right in zip(one, other, strict=False))
    return next((index for index, equal in enumerate(same) if not equal), min(len(one), len(other)))


def _around(words: Sequence[str], begin: int, end: int) -> str:
    kept = words[begin : len(words) - max(0, end - _CONTEXT)]
    return " ".join((*(["…"] if begin else []), *kept, *(["…"] if end > _CONTEXT else [])))


def rows(values: Iterable[Value]) -> Iterator[tuple[Value, int, str, str]]:
    """Yield each value with the number of lines that it stands for, and both sides for people.

    Lines of a page that are new or gone together are one row.
    """
    runs: list[list[Value]] = []
    for value in values:
        last = runs[-1][-1] if runs else None
        if last and _of_one_run(last, value):
            runs[-1].append(value)
        else:
            runs.append([value])
    for run in runs:
        first = run[0]
        before, after = contrast(_side(first.before, first), _side(first.after, first))
        yield first, len(run), before, after


def computed(value: Value) -> tuple[str, str]:
    """Return the formulas of a value with the numbers of both sides; of long ones, what differs.

    Empty where the formula is not known, or is one statement taken as it is; the old one where they are equal.
    """
    after, before = ("" if side is None or side.plain else side.numbers for side in (value.formula, value.old_formula))
    return contrast(before, after) if after and before not in ("", after) else ("", short(after))


def _side(value: Any, of: Value) -> str:
    whole = not of.path and not of.subject.endswith((".md", ".hcl"))
    if not whole:
        return shown(value)
    return "" if value is None else "removed" if value is of.before and of.after is None else "added"


def _of_one_run(one: Value, other: Value) -> bool:
    sides = {(value.before is None, value.after is None) for value in (one, other)}
    same = (one.subject, one.causes, one.places.keys()) == (other.subject, other.causes, other.places.keys())
    return same and not (one.path or other.path) and len(sides) == 1 and sides != {(False, False)}
