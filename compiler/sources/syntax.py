"""Findings for errors of the YAML parser, in words that explain the author's mistake."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from yaml.error import Mark, MarkedYAMLError, YAMLError

from compiler.diagnostics import Code, Finding, Source, Span

if TYPE_CHECKING:
    from collections.abc import Iterator

# Git's conflict markers, in the first column, where they are never valid YAML.
_CONFLICT = re.compile(r"^(?:(?P<start><{7}) |(?P<end>>{7}) |\|{7} |={7}$)")
# Problems that the parser notices late: the finding is at the start of the context.
_LATE = ("while scanning a simple key", "while scanning a quoted scalar")
# libyaml's messages for the most frequent mistakes, with our message and help.
_PROBLEMS = {
    "mapping values are not allowed in this context": (
        "this colon starts a mapping where there can be none",
        "put a value that holds a colon in quotes; or check how far this line and the one above are indented",
    ),
    "could not find expected ':'": ("this key has no colon", "write a colon and a space behind the key"),
    "did not find expected key": (
        "the mapping goes on with something that is no key",
        "check that the quotes above are closed, and that the mapping's keys stand in one column",
    ),
    "did not find expected '-' indicator": (
        "the list goes on with something that is no entry",
        "check that the list's dashes stand in one column, with a space behind each",
    ),
    "did not find expected ',' or ']'": ("the list is not closed", "write a comma or the closing bracket before this"),
    "did not find expected ',' or '}'": ("the mapping is not closed", "write a comma or the closing brace before this"),
    "found unexpected end of stream": ("the file ends inside a text in quotes", "close the quotes"),
    "found character that cannot start any token": (
        "no value can start with this character",
        "put a value that starts with @, `, % or a tab in quotes",
    ),
}


def conflicts(source: Source) -> Iterator[Finding]:
    """Yield a finding at the start of each merge conflict in a file that is not YAML because of them."""
    inside = False
    for number, text in enumerate(source.lines(), 1):
        if marker := _CONFLICT.match(text):
            if marker["start"] or not inside:
                message = "a merge left a conflict here"
                help_ = f"keep what is right, remove the lines of markers, then run git add {source.path}"
                yield Finding(Code.YAML012, message, help_, Span(source, number, 1, len(text)))
            inside = not marker["end"]


def finding(source: Source, error: YAMLError) -> Finding:
    """Return the finding for an error of the parser, at the place to correct."""
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return _forbidden(source, getattr(error, "position", 0))
    span, start = _at(source, error.problem_mark), error.context_mark and _at(source, error.context_mark)
    if start and error.context in _LATE:
        span = start
    if source.line(span.line)[: span.column].strip(" ").startswith("\t"):
        return Finding(Code.YAML008, "a tab indents this line", "indent with spaces", span)
    problem = str(error.problem)
    message, help_ = _PROBLEMS.get(problem, (problem, "check the indentation, the colons and the quotes here"))
    notes = (f"it started at {start}",) if start and start.line != span.line else ()
    return Finding(Code.YAML001, message, help_, span, notes=notes)


def _forbidden(source: Source, offset: int) -> Finding:
    """Return the finding for a character that YAML forbids, at an offset in bytes."""
    position = len(source.text.encode()[:offset].decode(errors="ignore"))
    message, help_ = "the file holds a control character", "remove it: YAML is printable text"
    return Finding(Code.YAML001, message, help_, source.place(position))


def _at(source: Source, mark: Mark) -> Span:
    return Span(source, mark.line + 1, mark.column + 1)
