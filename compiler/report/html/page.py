"""The content of the page: everything that the templates show, in the order in which it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics.finding import Severity
from compiler.difference.effects import Class
from compiler.difference.formulas import formulas
from compiler.report.diff import words
from compiler.report.html import computed as computing
from compiler.report.html.exemptions import Exemption, exemptions
from compiler.report.html.marks import mark
from compiler.report.html.topology import Cluster, topology
from compiler.report.html.values import Section, sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from compiler.diagnostics import Finding
    from compiler.difference.difference import Difference, Value
    from compiler.difference.formulas import Formula
    from compiler.difference.side import Side
    from compiler.report.html.computed import Computed


@dataclass(frozen=True, slots=True)
class Effect:
    """What happens to one object: its class, its places, the reason with its values marked, and its causes."""

    kind: str
    subject: str
    where: str
    reason: str
    causes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Moved:
    """A value that follows from a cause, with its formula on each side where it is computed."""

    subject: str
    path: str
    lines: int
    before: str
    after: str
    where: str
    kinds: tuple[str, ...]
    together: tuple[int, ...]
    """The further causes that have to act with this one."""
    formula: Formula | None
    old_formula: Formula | None
    """None where it is the same."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A changed statement, or (number 0) the compiler itself, with the values that follow from it."""

    number: int
    place: str
    name: str
    said: str
    values: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A finding, and whether it is new or gone."""

    finding: Finding
    status: str

    @property
    def word(self) -> str:
        """Its severity, or the word for its waiver."""
        return self.finding.waived.word if self.finding.waived else str(self.finding.severity)

    @property
    def refuses(self) -> bool:
        """Whether it refuses the new side."""
        return self.status != "gone" and self.finding.refuses


@dataclass(frozen=True, slots=True)
class Page:
    """Everything that is shown. ``formulas_of`` leads from a statement to the formulas that read it."""

    title: str
    against: str
    as_of: date
    notes: tuple[str, ...]
    refusal: str
    """The sentence about what refuses the change; empty where nothing does."""
    effects: tuple[Effect, ...]
    calm: bool
    """Whether values change, and none does more than to be applied."""
    rules: tuple[tuple[str, str], ...]
    causes: tuple[Cause, ...]
    findings: tuple[Found, ...]
    exemptions: tuple[Exemption, ...]
    sections: tuple[Section, ...]
    computed: tuple[Computed, ...]
    formulas_of: Mapping[str, Sequence[int]]
    clusters: tuple[Cluster, ...]

    @property
    def computed_by_file(self) -> Mapping[str, Sequence[tuple[int, Computed]]]:
        """The computed numbers of each file, each with its position among all."""
        found: dict[str, list[tuple[int, Computed]]] = {}
        for index, item in enumerate(self.computed):
            found.setdefault(item.file, []).append((index, item))
        return found

    @property
    def statements(self) -> Mapping[str, int]:
        """The statements that are shown, by their names, each with its position."""
        names = (statement.name for section in self.sections for statement in section.statements)
        return {name: index for index, name in enumerate(names)}


def page(before: Side, after: Side, found: Difference, as_of: date) -> Page:
    """Return the content of the page about a difference of two sides; exemptions are judged on a day."""
    numbers = computing.computed(after, formulas(after), found.where)
    notes = (words.upgrade(found), words.left_out(found))
    return Page(
        title=words.title(found),
        against=words.against(found),
        as_of=as_of,
        notes=tuple(filter(None, notes)),
        refusal=_refusal(found),
        effects=tuple(_effects(found)),
        calm=bool(found.values) and not found.happenings,
        rules=tuple(words.rules(found, mark, str)),
        causes=tuple(_causes(found)),
        findings=tuple(_findings(found)),
        exemptions=exemptions(before, after),
        sections=tuple(sections(before, after)),
        computed=numbers,
        formulas_of=computing.by_statement(numbers),
        clusters=tuple(topology(before, after)),
    )


def _refusal(found: Difference) -> str:
    if any(item.refuses for item in found.verdicts.findings):
        return "The rules refuse this."
    name = found.base.name
    return f"The rules of {name} refuse this; it passes by those that it edits." if found.verdicts.by_old_rules else ""


def _effects(found: Difference) -> Iterator[Effect]:
    for item in found.happenings:
        more = f", and {item.more} more" if item.more else ""
        yield Effect(
            str(item.kind),
            item.subject,
            ", ".join(found.where(item.places)),
            f"{item.reason.written(mark)}{more}",
            item.causes,
        )


def _causes(found: Difference) -> Iterator[Cause]:
    def moved(values: Sequence[Value]) -> tuple[Moved, ...]:
        return tuple(_moved(found, row) for row in words.rows(values))

    if compiler := found.of(0):
        yield Cause(0, "", "the compiler", "", moved(compiler))
    for cause in found.causes:
        values = found.of(cause.number)
        place = f"{cause.statement.file}:{cause.statement.line}"
        said = words.statement(cause, values, mark)
        yield Cause(cause.number, place, cause.statement.name, said, moved(values))


def _moved(found: Difference, row: tuple[Value, int, str, str]) -> Moved:
    value, lines, was, is_ = row
    return Moved(
        value.subject,
        value.path,
        lines,
        was,
        is_,
        ", ".join(found.where(tuple(value.places))),
        tuple(str(kind) for kind in value.kinds if kind is not Class.NOTHING),
        value.causes[1:],
        value.formula,
        value.old_formula if value.old_formula != value.formula else None,
    )


def _findings(found: Difference) -> Iterator[Found]:
    """Yield errors, then warnings, then what is waived and what is gone; new ones first among their like."""
    verdicts = found.verdicts
    new = {item.identity for item in verdicts.new}
    every = [Found(item, "new" if item.identity in new else "") for item in verdicts.findings]
    every += [Found(item, "gone") for item in verdicts.gone]
    yield from sorted(every, key=_rank)


def _rank(item: Found) -> tuple[bool, bool, bool, bool]:
    finding = item.finding
    return item.status == "gone", bool(finding.waived), finding.severity is not Severity.ERROR, item.status != "new"
