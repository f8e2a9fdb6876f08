"""The one diagnostic value of the compiler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from compiler.diagnostics.codes import Code, RuleId

# What YAML 1.1 takes for the end of a line; a line's number counts these.
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Severity(StrEnum):
    """An error refuses the specification; a warning is printed and refuses nothing."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Source:
    """A text file: its path relative to the project's root (POSIX), and its content."""

    path: str
    text: str

    def lines(self) -> list[str]:
        """Return every line without its end."""
        return LINE_BREAK.split(self.text)

    def line(self, number: int) -> str:
        """Return line ``number``, counted from 1, without its end; empty past the end of the file."""
        lines = LINE_BREAK.split(self.text, number)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def place(self, position: int) -> Span:
        """Return the place of the character at an index of the text."""
        *before, last = LINE_BREAK.split(self.text[:position])
        return Span(self, len(before) + 1, len(last) + 1)


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a source: line and column, counted from 1, in characters, and how many characters it covers."""

    source: Source
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.source.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A place in a rendered document: its file, relative to the project's root, and a pointer into it (RFC 6901)."""

    file: str
    pointer: str = ""

    def __str__(self) -> str:
        return f"{self.file}, at {self.pointer}" if self.pointer else self.file


@dataclass(frozen=True, slots=True)
class Waived:
    """The waiver that lets a finding pass: where it is written, and what it says."""

    at: Span
    reason: str
    owner: str
    ticket: str
    expires: date
    """The last day on which it holds."""

    def __str__(self) -> str:
        return f"until {self.expires}, {self.owner}, {self.ticket}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in the input, with its place and the help to mend it.

    ``code`` names the kind of mistake (see ``docs/diagnostics.md``) or the policy rule; ``message`` says what is wrong,
    ``help`` what to do. ``span`` is the place that caused it; a finding about a whole file or folder has a ``path``
    alone. ``notes`` add where else to look. The others are a policy's: see each.
    """

    code: Code | RuleId
    message: str
    help: str
    span: Span | None = None
    path: str = ""
    severity: Severity = Severity.ERROR
    notes: tuple[str, ...] = ()
    resource: str = ""
    """The path of the value, with dots: it stays when lines move."""
    found: str | None = None
    """What is written there, if it is a value or a list of values."""
    wanted: str | None = None
    """What would be right there, if the rule can say it."""
    rendered: tuple[Rendered, ...] = ()
    """What was rendered from it and is wrong."""
    clusters: tuple[str, ...] = ()
    """The clusters that it is about, as ``production/eu-central-1``."""
    page: str | None = None
    """Where the rule is explained, relative to the project's root."""
    waived: Waived | None = None
    """What lets it pass: it refuses nothing then, and is reported all the same."""

    @property
    def refuses(self) -> bool:
        """Whether nothing may be written because of it."""
        return self.severity is Severity.ERROR and self.waived is None

    @property
    def place(self) -> str:
        """The place as ``file:line:column``, or the path alone."""
        return str(self.span) if self.span else self.path

    @property
    def identity(self) -> str:
        """What tells it from any other finding, and stays while lines move."""
        path = self.span.source.path if self.span else self.path
        return f"{self.code} {path} {self.resource}: {self.message}"


def has_errors(findings: Iterable[Finding]) -> bool:
    """Say whether any finding refuses the specification."""
    return any(finding.refuses for finding in findings)


def in_source_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, ordered by file, line and column, then code.

    Environments share the specification, so that its mistakes are found once for each of them.
    """
    return tuple(sorted(dict.fromkeys(findings), key=_order))


def _order(finding: Finding) -> tuple[str, int, int, str, str, bool]:
    path, line, column = finding.path, 0, 0
    if span := finding.span:
        path, line, column = span.source.path, span.line, span.column
    return path, line, column, finding.code, finding.message, finding.waived is not None
