"""A journal of writes: all of them happen or none, even if the process is killed at any instant.

The new content is staged and the steps are journalled first. Until the journal is in place the old tree counts; from
then on the new one does, and the writer finishes the journal's steps, or the next writer after a crash. Journal and
staged content lie in ``generated/.cbp/``, on the file system of the tree, so that every step is one rename.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from compiler.errors import CouldNotRunError
from compiler.write.disk import named_after, sync, write
from compiler.write.preflight import require_possible
from compiler.write.staging import JournalEntry, Step, folders, stage

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = ".cbp"
_JOURNAL, _STAGED = "journal.json", "staged"


class JournalError(CouldNotRunError):
    """A journal that is unusable, or that has to be finished first."""


def pending(generated: Path) -> bool:
    """Return whether a journal is unfinished, so that the tree lies between two states."""
    return (generated / FOLDER / _JOURNAL).exists()


def commit(generated: Path, steps: Sequence[Step]) -> None:
    """Make every step, or none.

    Raises:
        OSError: a file cannot be written. A note says whether nothing has changed or, where the disk fails after the
            journal is in place, that the next :func:`finish` goes on.
    """
    try:
        require_possible(generated, steps)
        _record(generated, stage(generated, generated / FOLDER / _STAGED, steps))
    except BaseException as error:
        shutil.rmtree(generated / FOLDER, ignore_errors=True)
        error.add_note("nothing was changed")
        raise
    finish(generated)


def finish(generated: Path) -> None:
    """Bring the tree to one state: make the remaining steps of a journal, or remove content that was only staged.

    Raises:
        JournalError: the journal was not written by this module.
        OSError: a step cannot be made; those before it stay made.
    """
    folder = generated / FOLDER
    try:
        if pending(generated):
            _make_all(generated, _read(folder / _JOURNAL))
            (folder / _JOURNAL).unlink()
        if folder.exists():
            sync(folder)
            with named_after(folder):
                shutil.rmtree(folder)
    except OSError as error:
        error.add_note("the next run finishes the remaining changes")
        raise


def _record(generated: Path, entries: Sequence[JournalEntry]) -> None:
    """Put the journal in place; from that instant on the new tree counts."""
    journal = generated / FOLDER / _JOURNAL
    draft = journal.with_suffix(".new")
    with named_after(generated):
        write(draft, json.dumps([asdict(entry) for entry in entries]).encode())
        sync(draft)
    draft.replace(journal)
    sync(journal.parent)
    sync(generated)


def _read(journal: Path) -> tuple[JournalEntry, ...]:
    try:
        entries = tuple(JournalEntry(entry["path"], entry["staged"]) for entry in json.loads(journal.read_bytes()))
        inside = all(map(_stays_inside, entries))
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"{journal} is not a journal: remove {journal.parent} and run this again") from error
    if not inside:
        raise JournalError(f"{journal} leads outside: remove {journal.parent} and run this again")
    return entries


def _stays_inside(entry: JournalEntry) -> bool:
    paths = (PurePosixPath(path) for path in (entry.path, entry.staged or ""))
    return not any(path.is_absolute() or ".." in path.parts for path in paths)


def _make_all(generated: Path, entries: Sequence[JournalEntry]) -> None:
    """Make the remaining steps, and flush the folders that they changed."""
    kept = folders(entry.path for entry in entries if entry.staged is not None)
    for entry in entries:
        if entry.staged is None:
            _remove(generated, entry.path, kept)
        else:
            _put(generated / FOLDER / _STAGED / entry.staged, generated / entry.path)
    changed = {generated, *(generated / folder for folder in folders(entry.path for entry in entries))}
    for folder in sorted(changed):
        if folder.is_dir():  # else the removals left it empty, and it is gone
            sync(folder)


def _put(source: Path, target: Path) -> None:
    """Rename a staged file or folder to its place, unless it is there already."""
    if not source.exists():
        return
    if target.is_dir():
        _remove_empty(target)
    with named_after(target):
        source.replace(target)


def _remove(generated: Path, path: str, kept: set[str]) -> None:
    """Remove a file, and the folders that it leaves empty, except those in ``kept``, which get new content."""
    if (generated / path).is_file():
        (generated / path).unlink()
    with suppress(OSError):
        for folder in PurePosixPath(path).parents:
            if folder.parts and str(folder) not in kept:
                (generated / folder).rmdir()


def _remove_empty(folder: Path) -> None:
    for empty, _, _ in os.walk(folder, topdown=False):
        Path(empty).rmdir()
