"""The differences of a cluster as text, JSON or Markdown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from compiler.diagnostics.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compiler.live.difference import Difference

_LONGEST = 65_000
"""The length of a report as Markdown, in characters: an issue of GitHub holds 65,536."""
_CELL = str.maketrans({"|": r"\|", "<": "&lt;", "@": "@\u2060", "#": "#\u2060"})


def rendered(site: str, objects: int, found: Sequence[Difference], format_: str) -> str:
    """Return the report of a cluster, which has ``objects`` compiled ones."""
    form = {"text": _text, "json": _json, "markdown": _markdown}[format_]
    return form(site, objects, found)


def _text(site: str, objects: int, found: Sequence[Difference]) -> str:
    lines = [f"{item.kind:<7}  {printable(str(item))}" for item in found]
    return "\n".join((*lines, f"{site}: {_counts(objects, found)}", ""))


def _json(site: str, objects: int, found: Sequence[Difference]) -> str:
    differences = [
        {"kind": str(item.kind), "object": item.object, "place": item.place, "reason": item.reason} for item in found
    ]
    document = {"cluster": site, "objects": objects, "differences": differences}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _markdown(site: str, objects: int, found: Sequence[Difference]) -> str:
    rows = [
        f"| {item.kind} | {' | '.join(_cell(text) for text in (item.object, item.place, item.reason))} |\n"
        for item in found
    ]
    head = f"### {site}: {_counts(objects, found)}\n"
    table = "\n| | object | place | |\n|---|---|---|---|\n" if rows else ""
    shown, room = 0, _LONGEST - len(head) - len(table)
    while shown < len(rows) and (room := room - len(rows[shown])) >= 0:
        shown += 1
    more = f"\n... and {len(rows) - shown} more\n" if shown < len(rows) else ""
    return "".join((head, table, *rows[:shown], more))


def _cell(text: str) -> str:
    return printable(text).translate(_CELL)


def _counts(objects: int, found: Sequence[Difference]) -> str:
    return f"{objects} objects, {len(found)} {'difference' if len(found) == 1 else 'differences'}"
