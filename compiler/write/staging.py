"""What is to become of ``generated/``, step by step, and the copies from which each step is one rename."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.write.disk import make_folder, named_after, sync, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Step:
    """One file below ``generated/``: its new content, or None when it is to be removed."""

    path: str
    content: bytes | None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal: what is to be at a path, by its name among the staged; None when nothing is."""

    path: str
    staged: str | None


def stage(generated: Path, staged: Path, steps: Sequence[Step]) -> tuple[JournalEntry, ...]:
    """Write aside every file and every folder that is new, in ``staged``; return what is then to be done, in order.

    What is removed comes first: something may take its place. Renames follow, for which a full disk has room.
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
    """Flush what was staged, when all of it is written: the disk then takes many files at once, and not one by one."""
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
    """The folders that are not there yet, those that hold others first."""
    wanted = folders(step.path for step in steps if step.content is not None)
    return sorted(folder for folder in wanted if not (generated / folder).is_dir())
