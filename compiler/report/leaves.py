"""Leaves and their values in reports: as text in one line, and as JSON."""

from __future__ import annotations

import json
import textwrap
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from compiler.lineage.experiment import ABSENT
from compiler.lineage.hashes import only_another_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.lineage.experiment import Side

_LONGEST = 120
_NOTHING = "(nothing)"


def shown(value: Side) -> str:
    """Return a value in one line: a text as it is, where it is short and has one line, anything else as JSON."""
    if value is ABSENT:
        return _NOTHING
    text = value if isinstance(value, str) and value.isprintable() and value.strip() == value and value else None
    return textwrap.shorten(
        json.dumps(value, ensure_ascii=False) if text is None else text, _LONGEST, placeholder=" ..."
    )


def moves(before: Side, after: Side) -> Iterator[str]:
    """Yield ``before -> after``, and for a text of several lines each line that differs."""
    if only_another_hash(before, after):
        yield "another hash"
    elif isinstance(before, str) and isinstance(after, str) and "\n" in before and "\n" in after:
        old, new = before.splitlines(), after.splitlines()
        for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                one, other = (" ".join(line.strip() for line in lines) for lines in (old[first:last], new[start:end]))
                yield f"line {start + 1}: {shown(one or ABSENT)} -> {shown(other or ABSENT)}"
    else:
        yield f"{shown(before)} -> {shown(after)}"


def in_text(file: str, pointer: str) -> str:
    """Return the place of a leaf in its file: the pointer, or the line of a file that is a text."""
    return pointer if file.endswith((".yaml", ".json")) else f"line {int(pointer[1:]) + 1}"


def as_json(value: Side) -> Any:
    """Return a value for a JSON document; one that is absent has no key in it."""
    return None if value is ABSENT else value
