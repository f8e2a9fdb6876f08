"""Findings as text for a person: the place, the source line with a caret, what is wrong and what to do."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from compiler.diagnostics.finding import Finding, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST_LINE = 160
_LONGEST_MESSAGE = 320
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


def render(findings: Iterable[Finding], *, colour: bool) -> str:
    """Return the findings as text that ends with a newline, or nothing where there are none."""
    return "".join(_render(finding, colour=colour) + "\n" for finding in findings)


def _render(finding: Finding, *, colour: bool) -> str:
    def paint(style: str, text: str) -> str:
        return f"{style}{text}{_RESET}" if colour else text

    severity = paint(_COLOURS[finding.severity], f"{finding.severity}[{finding.code}]")
    lines = [f"{severity}: {paint(_BOLD, _shortened(printable(finding.message)))}"]
    if finding.place:
        lines.append(f"{paint(_BLUE, '  -->')} {printable(finding.place)}")
    if finding.span:
        lines.extend(_excerpt(finding.span))
    lines.extend(f"  note: {printable(note)}" for note in finding.notes)
    lines.append(f"  help: {printable(finding.help)}")
    return "\n".join(lines) + "\n"


def _excerpt(span: Span) -> list[str]:
    """The source line and a caret under the place; a long line is shown around the place."""
    line, column = span.source.line(span.line), span.column - 1
    start = max(0, column - _LONGEST_LINE // 2) if len(line) > _LONGEST_LINE else 0
    shown, gutter = printable(line[start : start + _LONGEST_LINE]), f"{span.line:>4} | "
    before, covered = shown[: column - start], shown[column - start : column - start + span.width]
    indent, width = sum(map(_cells, before)), max(1, sum(map(_cells, covered)))
    return [gutter + shown.rstrip(), " " * (len(gutter) - 2) + "| " + " " * indent + "^" * width]


def printable(text: str) -> str:
    """Return the text with control characters replaced, so that a hostile file cannot drive a terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _shortened(text: str) -> str:
    """Return the text without its middle where a value in it is too long for anybody to read."""
    half = _LONGEST_MESSAGE // 2
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:half]} ... {text[-half:]}"


def _cells(character: str) -> int:
    """How many terminal cells a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
