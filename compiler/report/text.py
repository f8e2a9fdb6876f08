"""An outcome as text: the changes, the findings with errors last, and a summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from compiler.diagnostics.text import block, line
from compiler.report.difference import excerpt
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from compiler.diagnostics import Finding
    from compiler.pipeline import Compilation
    from compiler.report.outcome import Outcome
    from compiler.write.drift import Change


_WHOLE_DIFFERENCES = 5


def render(
    outcome: Outcome, *, colour: bool, known: Collection[str] = (), whole: bool = False, brief: bool = False
) -> str:
    """Return the report, with the errors at the end, where a terminal shows them, and the warnings above.

    Warnings with an identity in ``known`` are only counted, unless the report is ``whole``. The other warnings of a
    ``brief`` report, and the differences after the first, get a line each.
    """
    folded = [] if whole else [finding for finding in outcome.warnings if finding.identity in known]
    warnings = [finding for finding in outcome.warnings if whole or finding.identity not in known]
    parts = (
        _difference(outcome),
        "".join(f"{change}\n" for change in _changes(outcome)),
        "".join(line(finding, colour=colour) for finding in outcome.waived),
        "".join((line if brief else block)(finding, colour=colour) for finding in warnings),
        *_errors(outcome, colour=colour),
    )
    summary = "".join(f"{line}\n" for line in _summary(outcome, folded, whole=whole))
    return "".join((*(_paragraph(part) for part in parts), summary))


def closing(outcome: Outcome) -> str:
    """Return the end of a report without its findings: changes, engine and summary."""
    return "".join(f"{line}\n" for line in (*_changes(outcome), *_summary(outcome, (), whole=True)))


def _difference(outcome: Outcome) -> str:
    """Return the difference that a check asked for; most reports have none, and need none of the modules below."""
    if outcome.difference is None:
        return ""
    from compiler.report.diff import text as diff

    return diff.render(outcome.difference)


def _paragraph(text: str) -> str:
    """Return a part of the report with an empty line after it, or nothing for an empty part."""
    return f"{text.rstrip()}\n\n" if text else ""


def _errors(outcome: Outcome, *, colour: bool) -> tuple[str, str]:
    """Return the errors shown in full, and those shown in a line each: the differences after the first."""
    changes = {f"generated/{change.path}": change for change in outcome.drift.changes}
    blocks, lines = [], []
    differences = 0
    for finding in outcome.errors:
        change = None if finding.span else changes.get(finding.path)
        differences += change is not None
        if change and differences > _WHOLE_DIFFERENCES:
            lines.append(line(finding, colour=colour))
        else:
            blocks.append(block(finding, colour=colour, excerpt=excerpt(change) if change else ()))
    return "".join(blocks), "".join(lines)


def _changes(outcome: Outcome) -> Iterator[str]:
    yield from (f" differs  generated/{change.path} ({change.reason})" for change in outcome.pending)
    left, gone = [], Counter[str]()
    for change in outcome.written or ():
        environment = change.path.partition("/")[0]
        if change.content is None and environment in outcome.removed:
            gone[environment] += 1
        else:
            left.append(change)
    yield from (f"removed: {name}, {counted(number, 'file')}" for name, number in sorted(gone.items()))
    for change in left:
        yield f"{_verb(change):>8}  generated/{change.path} ({change.reason})"


def _verb(change: Change) -> str:
    return "wrote" if change.content is not None else "pruned"


def _summary(outcome: Outcome, folded: Collection[Finding], *, whole: bool) -> Iterator[str]:
    compilation = outcome.compilation
    verdict = compilation.verdict
    if verdict:
        yield f"judged by {counted(len(verdict.rules), 'rule')} on {verdict.engine} {verdict.version}"
        if verdict.vacuous:
            yield f"nothing to judge for: {', '.join(verdict.vacuous)}"
        if verdict.as_of:
            yield f"waivers are those of {verdict.as_of}"
        yield from transitions(compilation)
    if compilation.unchecked:
        yield _unchecked(compilation.unchecked, whole=whole)
    if folded:
        codes = Counter(finding.code for finding in folded)
        said = ", ".join(f"{number} {code}" for code, number in sorted(codes.items()))
        yield f"{counted(len(folded), 'warning')} known since the last compilation: {said}; --all shows them"
    counts = outcome.counts
    if compilation.refused or outcome.drift.refused:
        yield f"refused: {counts}; nothing was written"
    else:
        what = f"{', '.join(compilation.environments)}: {counted(len(compilation.artifacts), 'file')}"
        done = "" if outcome.written is None else f", {len(outcome.written) or 'none'} changed"
        done = f", {len(outcome.pending)} to be written by cbp compile" if outcome.pending else done
        yield f"{what}{done}; {counts}"


def transitions(compilation: Compilation) -> Iterator[str]:
    """Yield a line for each base that transitions were judged from, and one with the reason where there is none."""
    judged: dict[str, list[str]] = {}
    alike = compilation.alike
    for environment, base in compilation.bases.items():
        if environment not in alike:
            judged.setdefault(str(base), []).append(environment)
    for name, environments in judged.items():
        yield f"transitions judged from {name}: {', '.join(environments)}"
    if alike:
        yield f"transitions: nothing to compare: HEAD is the base: {', '.join(sorted(alike))}"
    if compilation.no_base:
        yield f"transitions not judged: no base: {compilation.no_base}"


def _unchecked(kinds: tuple[str, ...], *, whole: bool) -> str:
    """Return a note with the number of kinds without a schema and the remedy, or with their names if ``whole``."""
    if whole:
        return f"no schema for: {', '.join(kinds)}"
    return f"no schema for {counted(len(kinds), 'kind')}: make them with cbp schemas add (docs/schemas.md)"
