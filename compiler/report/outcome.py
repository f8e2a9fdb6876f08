"""The outcome of a command: its compilation, the differences, and the written changes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Severity, has_errors, in_source_order
from compiler.write.drift import Change, Drift, Reason

if TYPE_CHECKING:
    from compiler.difference.difference import Difference
    from compiler.pipeline import Compilation

_CODES = {
    Reason.STALE: Code.GEN001,
    Reason.EDITED: Code.GEN002,
    Reason.MISSING: Code.GEN003,
    Reason.ORPHAN: Code.GEN004,
    Reason.CONFLICT: Code.GEN007,
}
_MESSAGES = {
    Reason.STALE: "this is stale: the specification says something else by now",
    Reason.EDITED: "this was edited by hand",
    Reason.MISSING: "this is missing",
    Reason.ORPHAN: "this is an orphan: nothing produces it",
    Reason.CONFLICT: "a merge left a conflict here",
}
_HELP = {
    Reason.STALE: "run make compile and commit what it writes",
    Reason.EDITED: "say it in spec/ or environments/ and run make compile, which takes the edit back",
    Reason.MISSING: "run make compile and commit what it writes",
    Reason.ORPHAN: "move it out of generated/, or remove it",
    Reason.CONFLICT: "resolve spec/ and environments/, then run cbp compile, which writes it anew, and git add it",
}
_PENDING = (Reason.STALE, Reason.MISSING)
_REFRESH = "git config core.autocrlf false && git rm -r -q --cached . && git reset --hard"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one run; ``written`` is None for a command that only checks, where a difference is an error."""

    compilation: Compilation
    drift: Drift
    written: tuple[Change, ...] | None
    pages: str = ""
    """The base URL of the project's files, for links; empty if unknown."""
    asked: bool = False
    """Whether the author asks what a compilation would write, so that its changes are no mistakes."""
    difference: Difference | None = None
    """What the changes do, by cause, where that was asked for and there are any."""

    @property
    def pending(self) -> tuple[Change, ...]:
        """The changes that a compilation would write, where the author asks for them: nobody has edited these files."""
        if not self.asked or self.compilation.refused:
            return ()
        return tuple(change for change in self.drift.changes if change.reason in _PENDING)

    def with_findings(self, more: tuple[Finding, ...]) -> Outcome:
        """Return the outcome with further findings about the specification."""
        findings = in_source_order((*self.compilation.findings, *more))
        return replace(self, compilation=replace(self.compilation, findings=findings))

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
        """The findings that refuse nothing and are not waived."""
        return tuple(finding for finding in self.findings if not (finding.refuses or finding.waived))

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The waived findings and the acknowledged transitions."""
        return tuple(finding for finding in self.findings if finding.waived)

    @property
    def removed(self) -> frozenset[str]:
        """The environments of which every file was removed; none where the run left environments out."""
        kept = {artifact.path.partition("/")[0] for artifact in self.compilation.artifacts}
        pruned = {change.path.partition("/")[0] for change in self.written or () if change.content is None}
        return frozenset() if self.compilation.only else frozenset(pruned - kept)

    @property
    def counts(self) -> str:
        """The number of errors, warnings and waived findings, in words."""
        words = Counter(finding.waived.word for finding in self.findings if finding.waived)
        waived = "".join(f", {number} {word}" for word, number in sorted(words.items(), reverse=True))
        return f"{counted(len(self.errors), 'error')}, {counted(len(self.warnings), 'warning')}{waived}"

    @property
    def exit_code(self) -> int:
        """The exit code: 1 if there is an error, or a change that was asked for; else 0."""
        return 1 if has_errors(self.findings) or self.pending else 0

    def _differences(self) -> tuple[Finding, ...]:
        """Return findings for the remaining differences: all, or, after writing, the orphans that were not removed.

        A refused specification has none, because the expected content of ``generated/`` is unknown.
        """
        if self.compilation.refused:
            return ()
        severity = Severity.ERROR if self.written is None else Severity.WARNING
        done = {change.path for change in (*(self.written or ()), *self.pending)}
        left = [change for change in self.drift.changes if change.path not in done]
        converted = sum(change.reason is Reason.LINE_ENDS for change in left)
        found = tuple(_finding(change, severity) for change in left if change.reason is not Reason.LINE_ENDS)
        return (*found, _converted(converted, severity)) if converted else found


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 error`` and ``2 errors``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _finding(change: Change, severity: Severity) -> Finding:
    reason, path = change.reason, f"generated/{change.path}"
    return Finding(_CODES[reason], _MESSAGES[reason], _HELP[reason], path=path, severity=severity)


def _converted(number: int, severity: Severity) -> Finding:
    """Return the single finding for a checkout in which Git converted the line ends."""
    message = f"the lines of {counted(number, 'file')} end with CRLF; nothing else differs"
    help_ = f"run cbp compile; where Git converted them, commit or stash your changes, then run {_REFRESH}"
    return Finding(Code.GEN006, message, help_, path="generated", severity=severity)
