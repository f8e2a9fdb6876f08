"""The comparison of a cluster in three forms: text, JSON and Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compiler.diagnostics.text import printable
from compiler.report import markdown
from compiler.report.outcome import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.live.difference import Difference

FORMS = ("text", "json", "markdown")
_ROOM = 200
"""The characters of a page beside its rows."""


def render(site: str, objects: int, found: Sequence[Difference], form: str) -> str:
    """Return the report of a cluster, which has ``objects`` compiled ones, in one of ``FORMS``."""
    if form == "json":
        return _json(site, objects, found)
    summary = f"{site}: {counted(objects, 'object')}, {counted(len(found), 'difference')}"
    return "\n".join(_markdown(summary, found) if form == "markdown" else _text(summary, found)) + "\n"


def _text(summary: str, found: Sequence[Difference]) -> Iterator[str]:
    yield from (f"{item.kind:<7}  {printable(str(item))}" for item in found)
    yield summary


def _json(site: str, objects: int, found: Sequence[Difference]) -> str:
    differences = [
        {"kind": str(item.kind), "object": item.object, "place": item.place, "reason": item.reason} for item in found
    ]
    document = {"cluster": site, "objects": objects, "differences": differences}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _markdown(summary: str, found: Sequence[Difference]) -> Iterator[str]:
    yield f"### cbp cluster check: {summary}"
    if found:
        yield from ("", "| | object | place | reason |", "|---|---|---|---|")
    room = markdown.LONGEST - _ROOM
    for shown, item in enumerate(found):
        row = f"| {item.kind} | {' | '.join(map(markdown.text, (item.object, item.place, item.reason)))} |"
        room -= len(row) + 1
        if room < 0:
            yield from ("", f"... and {len(found) - shown} more")
            return
        yield row
