"""Compare a file below ``generated/`` with the specification: a unified diff, short enough for a report."""

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
_HEADER = 2  # the names of the files, which the report has given already
_LINES = 12
_LONGEST_FILE = 1 << 20


def excerpt(change: Change) -> tuple[str, ...]:
    """Return lines that begin with ``-`` as the file is and with ``+`` as the specification says it, or none.

    The manifest follows the files: where they differ, what differs in it says nothing more.
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
