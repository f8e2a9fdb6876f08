"""Collect the outcome of a command: its compilation, the differences, and the changes that were written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Finding, Severity, has_errors, in_source_order
from compiler.write.drift import Change, Drift, Reason

if TYPE_CHECKING:
    from compiler.pipeline import Compilation

_CODES = {Reason.STALE: "GEN001", Reason.EDITED: "GEN002", Reason.MISSING: "GEN003", Reason.ORPHAN: "GEN004"}
_MESSAGES = {
    Reason.STALE: "this is stale: the specification says something else by now",
    Reason.EDITED: "this was edited by hand",
    Reason.MISSING: "this is missing",
    Reason.ORPHAN: "this is an orphan: nothing produces it",
}
_HELP = {
    Reason.STALE: "run make compile and commit what it writes",
    Reason.EDITED: "say it in spec/ or environments/ and run make compile, which takes the edit back",
    Reason.MISSING: "run make compile and commit what it writes",
    Reason.ORPHAN: "move it out of generated/, or remove it",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. ``written`` is None for a command that writes nothing: a difference is then an error."""

    compilation: Compilation
    drift: Drift
    written: tuple[Change, ...] | None
    pages: str = ""
    """The URL below which the project's files are read, for links; empty where nobody said it."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The compilation's findings and those about ``generated/``."""
        return in_source_order((*self.compilation.findings, *self.drift.refused, *self._differences()))

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that refuse the specification or the committed output."""
        return tuple(finding for finding in self.findings if finding.refuses)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """The findings that nobody has waived and that refuse nothing."""
        return tuple(finding for finding in self.findings if not (finding.refuses or finding.waived))

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that a waiver lets pass."""
        return tuple(finding for finding in self.findings if finding.waived)

    @property
    def counts(self) -> str:
        """The number of errors, warnings and waived findings, in words."""
        waived = f", {len(self.waived)} waived" if self.waived else ""
        return f"{counted(len(self.errors), 'error')}, {counted(len(self.warnings), 'warning')}{waived}"

    @property
    def exit_code(self) -> int:
        """1 if there is an error, else 0."""
        return 1 if has_errors(self.findings) else 0

    def _differences(self) -> tuple[Finding, ...]:
        """The differences that remain: all of them, or the orphans that a compilation leaves where they are.

        While the specification is refused, what should be under ``generated/`` is not known.
        """
        if self.compilation.refused:
            return ()
        if self.written is None:
            return tuple(_finding(change, Severity.ERROR) for change in self.drift.changes)
        done = {change.path for change in self.written}
        return tuple(_finding(change, Severity.WARNING) for change in self.drift.changes if change.path not in done)


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, as ``1 error`` and ``2 errors``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _finding(change: Change, severity: Severity) -> Finding:
    reason, path = change.reason, f"generated/{change.path}"
    return Finding(_CODES[reason], _MESSAGES[reason], _HELP[reason], path=path, severity=severity)
