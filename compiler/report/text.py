"""An outcome as text: findings, what was written, and one line that sums up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics import Severity
from compiler.diagnostics.text import render as render_findings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.report.outcome import Outcome
    from compiler.write.drift import Change


def render(outcome: Outcome, *, colour: bool) -> str:
    """Return the whole report."""
    return render_findings(outcome.findings, colour=colour) + closing(outcome)


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
        yield f"judged by {_count(len(verdict.rules), 'rule')} on {verdict.engine} {verdict.version}"
        if verdict.vacuous:
            yield f"nothing to judge for: {', '.join(verdict.vacuous)}"
    if compilation.unchecked:
        yield f"no schema for: {', '.join(compilation.unchecked)}"
    errors = sum(finding.severity is Severity.ERROR for finding in outcome.findings)
    warnings = len(outcome.findings) - errors
    counts = f"{_count(errors, 'error')}, {_count(warnings, 'warning')}"
    if compilation.refused or outcome.drift.refused:
        yield f"refused: {counts}; nothing was written"
    else:
        what = f"{', '.join(compilation.environments)}: {_count(len(compilation.artifacts), 'file')}"
        done = "" if outcome.written is None else f", {len(outcome.written) or 'none'} changed"
        yield f"{what}{done}; {counts}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
