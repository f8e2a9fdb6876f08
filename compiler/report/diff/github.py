"""A difference as workflow commands of GitHub Actions, which show at each changed statement what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics.text import printable
from compiler.difference.effects import Class
from compiler.report.diff import words
from compiler.report.diff.text import lines
from compiler.report.github import IN_DATA, IN_PROPERTY, escaped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.difference.causes import Cause
    from compiler.difference.difference import Difference

_QUIET = (Class.NOTHING, Class.ROLLING)
"""The classes of which a reviewer need not be warned."""


def render(found: Difference) -> str:
    """Return a command for each statement that is there, and the closing lines of the text."""
    commands = (_command(cause, found) for cause in found.causes if cause.statement.after is not None)
    closing = list(lines(found))
    last = closing[len(closing) - closing[::-1].index("") :]
    return "".join(f"{line}\n" for line in (*commands, *map(printable, last)))


def _command(cause: Cause, found: Difference) -> str:
    """Return a warning for a statement that does more than roll pods, and a notice for any other."""
    done = [item for item in found.happenings if cause.number in item.causes]
    level = "warning" if any(item.kind not in _QUIET for item in done) else "notice"
    place = {"file": cause.statement.file, "line": str(cause.statement.line), "title": "cbp diff"}
    properties = ",".join(f"{name}={escaped(value, IN_PROPERTY)}" for name, value in place.items())
    return f"::{level} {properties}::{escaped(chr(10).join(_said(cause, found)), IN_DATA)}"


def _said(cause: Cause, found: Difference) -> Iterator[str]:
    values = found.of(cause.number)
    yield f"{cause.statement.name}: {words.statement(cause, values, str)}"
    for item in found.happenings:
        if cause.number in item.causes:
            where = ", ".join(found.where(item.places))
            yield f"{item.kind}: {item.subject}, {where}: {item.reason.written()}"
    if values:
        yield f"values that follow: {sum(len(value.places) for value in values)}"
