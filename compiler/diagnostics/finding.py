"""The finding: the compiler's diagnostic value."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from compiler.diagnostics.codes import Code, RuleId

# The line breaks of YAML 1.1, by which lines are counted.
LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


class Severity(StrEnum):
    """The severity of a finding: an error refuses the specification, a warning is only printed."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Source:
    """A text file: its path relative to the project's root (POSIX), and its content."""

    path: str
    text: str

    def lines(self) -> list[str]:
        """Return every line without its line break."""
        return LINE_BREAK.split(self.text)

    def line(self, number: int) -> str:
        """Return line ``number``, counted from 1, without its line break; empty past the end of the file."""
        lines = LINE_BREAK.split(self.text, number)
        return lines[number - 1] if 0 < number <= len(lines) else ""

    def place(self, position: int) -> Span:
        """Return the span of the character at an index of the text."""
        *before, last = LINE_BREAK.split(self.text[:position])
        return Span(self, len(before) + 1, len(last) + 1)


@dataclass(frozen=True, slots=True)
class Span:
    """A span of a source: line and column (counted from 1, in characters), and length in characters."""

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
class Bound:
    """A value that a statement may have, or that it may not pass, in the specification's own spelling."""

    word: str
    """``at most``, ``at least``, or empty for a value that stands alone."""
    value: str
    number: int | None = None
    """The value as the whole number that policies see, if it is one."""

    def __str__(self) -> str:
        return f"{self.word} {self.value}".lstrip()


@dataclass(frozen=True, slots=True)
class Place:
    """A statement that takes part in a relation: its path, its span, and its value as it is written.

    ``bounds`` are the values with which the relation would hold, all other statements unchanged; none where no value
    was found.
    """

    path: tuple[str | int, ...]
    span: Span
    value: str | None
    bounds: tuple[Bound, ...] = ()

    @property
    def resource(self) -> str:
        """The path with dots."""
        return ".".join(map(str, self.path))

    @property
    def label(self) -> str:
        """The statement in words, such as ``limits.memory.heap may be at most 70%``."""
        return f"{self.resource} may be {alternatives(self.bounds)}" if self.bounds else self.resource

    def __str__(self) -> str:
        may = f", may be {alternatives(self.bounds)}" if self.bounds else ""
        return f"{self.span}: {self.resource}{f' is {self.value}' if self.value else ''}{may}"


def alternatives(bounds: Iterable[Bound]) -> str:
    """Return bounds in words: ``at most 3 or at least 7``."""
    return " or ".join(map(str, bounds))


@dataclass(frozen=True, slots=True)
class Waived:
    """The waiver of a finding: its place and its content."""

    at: Span
    reason: str
    owner: str
    ticket: str
    expires: date
    """The last day of the waiver."""
    word: str = "waived"
    """The word for the finding in reports: ``waived``, or ``acknowledged`` for a transition."""

    def __str__(self) -> str:
        return f"until {self.expires}, {self.owner}, {self.ticket}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake in the input, with its place and advice.

    ``code`` names the kind of mistake (see ``docs/diagnostics.md``) or the policy rule; ``message`` describes the
    mistake, ``help`` the correction. ``span`` is the place that caused it; a finding about a whole file or folder has
    only a ``path``. ``notes`` point to related places. Only findings of policies have the other fields.
    """

    code: Code | RuleId
    message: str
    help: str
    span: Span | None = None
    path: str = ""
    severity: Severity = Severity.ERROR
    notes: tuple[str, ...] = ()
    resource: str = ""
    """The path of the value, with dots; it stays the same when lines move."""
    found: str | None = None
    """The text at the place, if it is a value or a list of values."""
    wanted: str | None = None
    """The correct value, if the rule knows it."""
    before: str | None = None
    """The value that a transition replaces."""
    after: str | None = None
    """The value that a transition puts in its place."""
    places: tuple[Place, ...] = ()
    """The statements that take part in the relation that does not hold, the one at ``span`` first; none elsewhere."""
    rendered: tuple[Rendered, ...] = ()
    """The places in rendered documents that show the mistake."""
    clusters: tuple[str, ...] = ()
    """The affected clusters, such as ``production/eu-central-1``."""
    page: str | None = None
    """The page that explains the rule, relative to the project's root."""
    waived: Waived | None = None
    """The waiver of the finding, which then is reported but refuses nothing."""

    @property
    def refuses(self) -> bool:
        """Whether the finding prevents writing."""
        return self.severity is Severity.ERROR and self.waived is None

    @property
    def place(self) -> str:
        """The place as ``file:line:column``, or only the path."""
        return str(self.span) if self.span else self.path

    @property
    def others(self) -> tuple[Place, ...]:
        """The statements of the relation besides the one at ``span``."""
        return self.places[1:]

    @property
    def identity(self) -> str:
        """A text that identifies the finding and stays the same when lines move."""
        path = self.span.source.path if self.span else self.path
        return f"{self.code} {path} {self.resource}: {self.message}"


def has_errors(findings: Iterable[Finding]) -> bool:
    """Return whether any finding refuses the specification."""
    return any(finding.refuses for finding in findings)


def in_source_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, ordered by file, line and column, then code.

    A mistake in the specification is found once for each environment.
    """
    return tuple(sorted(dict.fromkeys(findings), key=_order))


def _order(finding: Finding) -> tuple[str, int, int, str, str, bool]:
    path, line, column = finding.path, 0, 0
    if span := finding.span:
        path, line, column = span.source.path, span.line, span.column
    return path, line, column, finding.code, finding.message, finding.waived is not None
