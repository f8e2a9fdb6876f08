"""Differences of files below ``generated/`` as short unified diffs."""

from __future__ import annotations

from difflib import unified_diff
from itertools import islice
from typing import TYPE_CHECKING

from compiler.write import manifest
from compiler.write.drift import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.write.drift import Change

_CONTEXT = 1
_HEADER = 2  # the names of the files, which the report shows already
_LINES = 12
_LONGEST_FILE = 1 << 20


def excerpt(change: Change) -> tuple[str, ...]:
    """Return diff lines, with ``-`` for the file and ``+`` for the specification's content, or none.

    The manifest has none: its differences follow from those of the other files.
    """
    if change.found is None or change.content is None or (change.path, change.reason) == (manifest.NAME, Reason.STALE):
        return ()
    if len(change.found) + len(change.content) > _LONGEST_FILE:
        return ("(too long to be compared here)",)
    lines = list(islice(_diff(change.found, change.content), _HEADER, None))
    left = len(lines) - _LINES
    return (*lines[:_LINES], *((f"({left} more lines)",) if left > 0 else ()))


def _diff(found: bytes, content: bytes) -> Iterator[str]:
    before, after = (text.decode(errors="replace").splitlines() for text in (found, content))
    return unified_diff(before, after, n=_CONTEXT, lineterm="")
