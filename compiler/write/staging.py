"""Staging: the steps that change ``generated/``, and the staged copies, from which each step is one rename."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.write.disk import make_folder, named_after, sync, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """A change of one file below ``generated/``: its new content, or None to remove it."""

    path: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One entry of the journal: a path, and the name of the staged file or folder for it; None to remove the path."""

    path: str
    staged: str | None


def stage(generated: Path, staged: Path, steps: Sequence[Step]) -> tuple[JournalEntry, ...]:
    """Write every file and new folder to ``staged``; return the entries of the journal in the order of their execution.

    Removals come first: a new path may take their place. Renames follow, which need no room on the disk.
    """
    entries = [JournalEntry(step.path, None) for step in steps if step.content is None]
    with named_after(generated):
        staged.mkdir(parents=True)
    for path in _new_folders(generated, steps):
        with named_after(generated / path):
            make_folder(staged / str(len(entries)))
        entries.append(JournalEntry(path, str(len(entries))))
    for step in steps:
        if step.content is not None:
            with named_after(generated / step.path):
                write(staged / str(len(entries)), step.content)
            entries.append(JournalEntry(step.path, str(len(entries))))
    _flush(generated, staged, entries)
    return tuple(entries)


def _flush(generated: Path, staged: Path, entries: Iterable[JournalEntry]) -> None:
    """Flush the staged files once all are written: the disk then takes many at once instead of one by one."""
    for entry in entries:
        if entry.staged is not None:
            with named_after(generated / entry.path):
                sync(staged / entry.staged)
    sync(staged)


def folders(paths: Iterable[str]) -> set[str]:
    """Return every folder below ``generated/`` in which one of the paths lies."""
    found: set[str] = set()
    for path in paths:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _new_folders(generated: Path, steps: Iterable[Step]) -> list[str]:
    """Return the folders that do not exist yet, parents first."""
    wanted = folders(step.path for step in steps if step.content is not None)
    return sorted(folder for folder in wanted if not (generated / folder).is_dir())
