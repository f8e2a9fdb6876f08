"""Findings as text for people: message, place, source line with a caret, and advice."""

from __future__ import annotations

import json
import unicodedata
from typing import TYPE_CHECKING

from compiler.diagnostics.finding import Finding, Severity, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_LINE = 160
_LONGEST_MESSAGE = 320
_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m"}
_BOLD, _BLUE, _RESET = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


def render(findings: Iterable[Finding], *, colour: bool) -> str:
    """Return the findings as text that ends with a newline; empty if there are none."""
    return "".join(block(finding, colour=colour) for finding in findings)


def block(finding: Finding, *, colour: bool, excerpt: Iterable[str] = ()) -> str:
    """Return one finding in full, with a line for each fact and an empty line after it.

    ``excerpt`` replaces the source line for a finding without one.
    """
    lines = [f"{_severity(finding, colour)}: {_paint(_BOLD, shortened(printable(finding.message)), colour)}"]
    if finding.place:
        lines.append(f"{_paint(_BLUE, '  -->', colour)} {printable(finding.place)}")
    if finding.span:
        lines.extend(_excerpt(finding.span))
    lines.extend(f"     | {printable(line[:_LONGEST_LINE])}" for line in excerpt)
    for other in finding.others:
        lines.append(f"{_paint(_BLUE, '  :::', colour)} {printable(str(other.span))}")
        lines.extend(_excerpt(other.span, "-", f" {printable(other.label)}"))
    lines.extend(f"  {label}: {printable(text)}" for label, text in details(finding))
    lines.extend(acknowledgement(finding))
    return "\n".join(lines) + "\n\n"


def details(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the facts of a finding besides its place and message, each with a label."""
    if finding.wanted:
        yield "want", f"{finding.wanted}, in place of {shortened(finding.found or 'what is there')}"
    if finding.before or finding.after:
        yield "note", f"before: {finding.before}"
        yield "note", f"after: {finding.after}"
    for note in finding.notes:
        yield "note", note
    for place in finding.rendered:
        yield "note", f"rendered in {place}"
    yield "help", finding.help
    if finding.page:
        yield "rule", f"{finding.page}, about {finding.resource}"


def participants(finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the other statements of a finding's relation, each with a label, for reports without excerpts."""
    yield from (("with", str(other)) for other in finding.others)


def acknowledgement(finding: Finding) -> Iterator[str]:
    """Yield the lines that acknowledge a transition, as YAML to copy; none for any other finding.

    Every value is quoted: JSON's strings are YAML's.
    """
    if finding.before is None or finding.after is None or finding.waived:
        return
    if finding.rendered:
        yield "  to acknowledge it, as docs/transitions.md says, add a reason, owner, ticket and granted to:"
    for place in finding.rendered:
        keys = {"rule": str(finding.code), "file": place.file, "pointer": place.pointer}
        keys |= {"before": finding.before, "after": finding.after}
        written = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items() if value]
        yield from (f"  {'  ' if number else '- '}{printable(text)}" for number, text in enumerate(written))


def line(finding: Finding, *, colour: bool) -> str:
    """Return one finding as a line (code, place and message) with its waiver and notes, if any, below."""
    place = f"{printable(finding.place)}: " if finding.place else ""
    first = f"{_severity(finding, colour)}: {place}{shortened(printable(finding.message))}\n"
    if not (waived := finding.waived):
        return first
    notes = [f"rendered in {place}" for place in finding.rendered]
    return first + "".join(f"  {printable(text)}\n" for text in (*notes, f"by {waived.at}, {waived}"))


def _severity(finding: Finding, colour: bool) -> str:
    word = finding.waived.word if finding.waived else finding.severity
    return _paint(_COLOURS[finding.severity], f"{word}[{finding.code}]", colour)


def _paint(style: str, text: str, colour: bool) -> str:
    return f"{style}{text}{_RESET}" if colour else text


def _excerpt(span: Span, mark: str = "^", label: str = "") -> list[str]:
    """Return the source line and marks below the place, with a label; of a long line, only the part around it."""
    line, column = span.source.line(span.line), span.column - 1
    start = max(0, column - _LONGEST_LINE // 2) if len(line) > _LONGEST_LINE else 0
    shown, gutter = printable(line[start : start + _LONGEST_LINE]), f"{span.line:>4} | "
    before, covered = shown[: column - start], shown[column - start : column - start + span.width]
    indent, width = sum(map(_cells, before)), max(1, sum(map(_cells, covered)))
    return [gutter + shown.rstrip(), " " * (len(gutter) - 2) + "| " + " " * indent + mark * width + label]


def printable(text: str) -> str:
    """Return the text with control characters replaced, so that a hostile file cannot control the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def shortened(text: str) -> str:
    """Return the text, without its middle if it is too long to read."""
    half = _LONGEST_MESSAGE // 2
    return text if len(text) <= _LONGEST_MESSAGE else f"{text[:half]} ... {text[-half:]}"


def _cells(character: str) -> int:
    """Return the number of terminal cells of a character."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
