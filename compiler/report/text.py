"""An outcome as text: findings, what was written, and one line that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics import Severity
from compiler.diagnostics.text import block, line
from compiler.report.difference import excerpt
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.report.outcome import Outcome
    from compiler.write.drift import Change


_WHOLE_DIFFERENCES = 5


def render(outcome: Outcome, *, colour: bool, brief: bool = False) -> str:
    """Return the report; a line each is for the warnings of a ``brief`` one and for the differences after the first."""
    changes = {f"generated/{change.path}": change for change in outcome.drift.changes}
    blocks, lines = [], []
    differences = 0
    for finding in outcome.findings:
        if finding.waived:
            continue
        change = None if finding.span else changes.get(finding.path)
        differences += change is not None
        if (brief and finding.severity is Severity.WARNING) or (change and differences > _WHOLE_DIFFERENCES):
            lines.append(line(finding, colour=colour))
        else:
            blocks.append(block(finding, colour=colour, excerpt=excerpt(change) if change else ()))
    waived = "".join(line(finding, colour=colour) for finding in outcome.waived)
    parts = (part for part in ("".join(lines), waived) if part)
    return "".join((*blocks, *(f"{part}\n" for part in parts), closing(outcome)))


def closing(outcome: Outcome) -> str:
    """Return what follows the findings: the changes, what judged, and the line that sums up."""
    return "".join(f"{line}\n" for line in (*_changes(outcome), *_summary(outcome)))


def _changes(outcome: Outcome) -> Iterator[str]:
    for change in outcome.written or ():
        yield f"{_verb(change):>8}  generated/{change.path} ({change.reason})"


def _verb(change: Change) -> str:
    return "wrote" if change.content is not None else "pruned"


def _summary(outcome: Outcome) -> Iterator[str]:
    compilation = outcome.compilation
    verdict = compilation.verdict
    if verdict:
        yield f"judged by {counted(len(verdict.rules), 'rule')} on {verdict.engine} {verdict.version}"
        if verdict.vacuous:
            yield f"nothing to judge for: {', '.join(verdict.vacuous)}"
        if verdict.as_of:
            yield f"waivers are those of {verdict.as_of}"
    if compilation.unchecked:
        yield f"no schema for: {', '.join(compilation.unchecked)}"
    counts = outcome.counts
    if compilation.refused or outcome.drift.refused:
        yield f"refused: {counts}; nothing was written"
    else:
        what = f"{', '.join(compilation.environments)}: {counted(len(compilation.artifacts), 'file')}"
        done = "" if outcome.written is None else f", {len(outcome.written) or 'none'} changed"
        yield f"{what}{done}; {counts}"
