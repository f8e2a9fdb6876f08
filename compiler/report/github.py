"""An outcome as workflow commands of GitHub Actions, which show each finding at its line.

The escaping is that of GitHub's own toolkit, so that no text in a file can end a command or begin another.
Upstream: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#setting-an-error-message and
https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics.text import details, participants, printable
from compiler.report.text import closing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.diagnostics import Finding
    from compiler.report.outcome import Outcome

IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
IN_PROPERTY = IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(outcome: Outcome) -> str:
    """Return a command for each finding, and the closing lines of the text report."""
    # Imported here, since the difference writes its commands as this module does.
    from compiler.report.diff import github as diff

    found = diff.render(outcome.difference) if outcome.difference else ""
    return found + "".join(f"{command(finding)}\n" for finding in outcome.findings) + closing(outcome)


def command(finding: Finding) -> str:
    """Return the command for a finding, in one line.

    Lines and columns count from 1, ``endColumn`` is exclusive; a finding without a line has only the file.
    """
    properties = ",".join(f"{name}={escaped(value, IN_PROPERTY)}" for name, value in _properties(finding))
    more = [f"{label}: {text}" for label, text in (*participants(finding), *details(finding))]
    if finding.waived:
        more.append(f"{finding.waived.word} by {finding.waived.at}, {finding.waived}")
    level = "notice" if finding.waived else finding.severity
    data = "\n".join((finding.message, *more))
    return f"::{level} {properties}::{escaped(data, IN_DATA)}"


def _properties(finding: Finding) -> Iterator[tuple[str, str]]:
    span = finding.span
    if path := span.source.path if span else finding.path:
        yield "file", path
    if span:
        yield "line", str(span.line)
        yield "col", str(span.column)
        yield "endColumn", str(span.column + span.width)
    yield "title", finding.code


def escaped(text: str, table: dict[int, str]) -> str:
    """Return the text with escapes for GitHub's special characters, and without other control characters."""
    return printable(text.translate(table))
