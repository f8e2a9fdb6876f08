"""Apply a drift to the disk: removals first, then new content, all of it or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.write import journal, manifest
from compiler.write.staging import Step

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.write.drift import Change, Drift


def apply(generated: Path, drift: Drift) -> tuple[Change, ...]:
    """Write the files that differ and remove those that are no longer produced; return the changes that were made.

    An orphan that the compiler did not write, or that was edited since, stays. The caller holds the lock.

    Raises:
        ValueError: the drift was refused, and nothing may be written.
        OSError: a file cannot be written; see :func:`compiler.write.journal.commit`.
    """
    if drift.refused:
        raise ValueError("a refused drift is not written")
    made = tuple(sorted((change for change in drift.changes if change.writable), key=_order))
    if made:
        journal.commit(generated, [Step(change.path, change.content) for change in made])
    return made


def _order(change: Change) -> tuple[bool, bool]:
    return change.path == manifest.NAME, change.content is not None
