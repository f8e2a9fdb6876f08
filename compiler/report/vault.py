"""A check of a Vault server in three forms: text, JSON and Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compiler.diagnostics.text import printable
from compiler.report import markdown
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.vault.checking import Check

FORMS = ("text", "json", "markdown")
_FENCE = "~~~~"


def render(check: Check, form: str) -> str:
    """Return the report of a check in one of ``FORMS``."""
    if form == "json":
        return _json(check)
    return "\n".join(_markdown(check) if form == "markdown" else _text(check)) + "\n"


def _summary(check: Check) -> str:
    return f"{counted(check.documents, 'document')}, {counted(len(check.differences), 'difference')}"


def _text(check: Check) -> Iterator[str]:
    for difference in check.differences:
        yield f"differs  {printable(str(difference))}"
        yield from (f"         {printable(line)}" for line in difference.lines)
    yield from (f"not read {path}" for path in check.unread)
    yield _summary(check)


def _json(check: Check) -> str:
    document = {
        "documents": check.documents,
        "differences": [
            {"document": item.title, "reason": item.reason, "diff": list(item.lines)} for item in check.differences
        ],
        "unread": list(check.unread),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _markdown(check: Check) -> Iterator[str]:
    yield f"### cbp vault check: {_summary(check)}"
    if check.differences:
        yield from ("", "| document | how it differs |", "|---|---|")
        yield from (f"| {markdown.text(item.title)} | {markdown.text(item.reason)} |" for item in check.differences)
    for item in check.differences:
        if item.lines:
            yield from ("", f"{markdown.text(item.title)}:", "", f"{_FENCE}diff", *map(_fenced, item.lines), _FENCE)
    if check.unread:
        yield from ("", f"Not read: {', '.join(map(markdown.text, check.unread))}.")


def _fenced(line: str) -> str:
    """Return a line of a diff that does not end the block that it is in."""
    return printable(line).replace(_FENCE, "~ ~ ~ ~")
