"""An outcome as Markdown that fits a comment on a pull request: errors first, the rest folded.

Upstream: https://github.github.com/gfm/. GitHub refuses a comment of more than 65,536 characters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from compiler.diagnostics.text import participants, printable, shortened
from compiler.report.outcome import counted
from compiler.report.text import transitions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.diagnostics import Finding
    from compiler.report.outcome import Outcome

LONGEST = 65_536
"""The maximum length of a report, in characters."""
_MORE = "\n... and {} more\n"
_ROOM = len(_MORE) + 10  # for the number of omitted rows
# Special characters of Markdown, its extensions and HTML become character references, which stay text (GFM, 6.2). A
# word joiner prevents "@" from notifying people and "#" from linking issues.
REFERENCES = {ord(character): f"&#{ord(character)};" for character in "\\`*_[]<>&|~$"}
REFERENCES |= {ord(character): f"&#{ord(character)};&#8288;" for character in "@#"}
"""The references of special characters."""


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the report: a table that may omit rows if there are too many."""

    before: str
    rows: tuple[str, ...]
    after: str

    @property
    def frame(self) -> int:
        """The number of characters without any row."""
        return len(self.before) + len(self.after) + _ROOM


def render(outcome: Outcome) -> str:
    """Return the report, with as many findings as fit and the number of the others."""
    # Imported here, since the difference writes its values as this module does.
    from compiler.report.diff import markdown as diff

    found = f"{diff.render(outcome.difference)}\n" if outcome.difference else ""
    first, last = f"{found}### cbp: {outcome.counts}{_pending(outcome)}\n", f"\n{_footer(outcome)}\n"
    sections = tuple(_sections(outcome))
    room = LONGEST - len(first) - len(last) - sum(section.frame for section in sections)
    parts = [first]
    for section in sections:
        shown = _fitting(section.rows, room)
        room -= sum(map(len, section.rows[:shown]))
        left = len(section.rows) - shown
        more = _MORE.format(left) if left else ""
        parts += [section.before, *section.rows[:shown], more, section.after]
    return "".join((*parts, last))


def text(value: str) -> str:
    """Return a text escaped for Markdown, in one line of readable length."""
    return shortened(printable(value)).translate(REFERENCES).replace("www.", "www&#46;").replace("://", "&#58;//")


def _fitting(rows: Iterable[str], room: int) -> int:
    """Return the number of rows that fit into ``room`` characters."""
    shown = 0
    for row in rows:
        room -= len(row)
        if room < 0:
            break
        shown += 1
    return shown


def _sections(outcome: Outcome) -> Iterator[_Section]:
    if outcome.errors:
        rows = tuple(_row(finding, outcome.pages, finding.help) for finding in outcome.errors)
        yield _Section("\n" + _table("what to do"), rows, "")
    if outcome.warnings:
        rows = tuple(_row(finding, outcome.pages, finding.help) for finding in outcome.warnings)
        yield _folded(counted(len(rows), "warning"), _table("what to do"), rows)
    if outcome.waived:
        rows = tuple(_row(finding, outcome.pages, f"{finding.waived}") for finding in outcome.waived)
        yield _folded(f"{len(rows)} waived", _table("until when, and by whom"), rows)
    verdict = outcome.compilation.verdict
    if verdict and verdict.vacuous:
        rows = tuple(f"- {text(rule)}\n" for rule in verdict.vacuous)
        yield _folded(f"{counted(len(rows), 'rule')} with nothing to judge", "", rows)


def _folded(summary: str, head: str, rows: tuple[str, ...]) -> _Section:
    return _Section(f"\n<details><summary>{summary}</summary>\n\n{head}", rows, "\n</details>\n")


def _table(last: str) -> str:
    return f"| rule | where | what is wrong | {last} |\n|---|---|---|---|\n"


def _row(finding: Finding, pages: str, last: str) -> str:
    wanted = f"{finding.wanted}, in place of {finding.found or 'what is there'}" if finding.wanted else ""
    others = (f"{label} {place}" for label, place in participants(finding))
    rendered = (f"rendered in {place}" for place in finding.rendered)
    notes = (wanted and f"want: {wanted}", *others, *finding.notes, *rendered)
    wrong = "<br>".join(text(part) for part in (finding.message, *notes) if part)
    rule = _link(text(finding.code), pages, finding.page or "docs/diagnostics.md")
    return f"| {rule} | {_place(finding, pages)} | {wrong} | {text(last)} |\n"


def _place(finding: Finding, pages: str) -> str:
    path = finding.span.source.path if finding.span else finding.path
    line = f"#L{finding.span.line}" if finding.span else ""
    return _link(text(finding.place), pages, quote(path, safe="/", errors="replace") + line) if path else ""


def _link(shown: str, pages: str, target: str) -> str:
    return f"[{shown}]({pages}/{target})" if pages else shown


def _pending(outcome: Outcome) -> str:
    number = len(outcome.pending)
    return f", {counted(number, 'file')} to be written by cbp compile" if number else ""


def _footer(outcome: Outcome) -> str:
    verdict = outcome.compilation.verdict
    if verdict is None:
        return "Nothing could be judged."
    as_of = f", with the waivers of {verdict.as_of}" if verdict.as_of else ""
    said = f"Judged by {counted(len(verdict.rules), 'rule')} on {text(verdict.engine)} {text(verdict.version)}{as_of}."
    return "\n".join((said, *(f"<br>{text(line)}" for line in transitions(outcome.compilation))))
