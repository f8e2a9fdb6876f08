"""All or nothing: what is to be written is staged and journalled first, so that a kill at any instant loses nothing.

Until the journal is in place the tree is the old one. From then on it is the new one as soon as somebody finishes the
journal: the writer itself, or the next one after a crash. Both lie in ``generated/.cbp/``, on the file system of the
tree, so that every step is one rename.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

FOLDER = ".cbp"
_JOURNAL, _STAGED = "journal.json", "staged"
_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


class JournalError(Exception):
    """A journal that cannot be finished, or that somebody has to finish first."""


@dataclass(frozen=True, slots=True)
class Step:
    """One file below ``generated/``: its new content, or None when it is to be removed."""

    path: str
    content: bytes | None


def pending(generated: Path) -> bool:
    """Say whether the tree lies between two states."""
    return (generated / FOLDER / _JOURNAL).exists()


def commit(generated: Path, steps: Sequence[Step]) -> None:
    """Make every step, or none.

    Raises:
        OSError: a file cannot be written. Nothing has changed; or, where the disk fails after the journal is in place,
            the next :func:`finish` goes on.
    """
    _require_possible(generated, steps)
    try:
        _stage(generated, steps)
    except BaseException:
        shutil.rmtree(generated / FOLDER, ignore_errors=True)
        raise
    finish(generated)


def finish(generated: Path) -> None:
    """Bring the tree to one state: make the steps of a journal that are not made yet, or drop what was only staged.

    Raises:
        JournalError: the journal is not one of ours.
        OSError: a step cannot be made; what is made already stays made.
    """
    folder = generated / FOLDER
    if pending(generated):
        touched = {_make(generated, path, staged) for path, staged in _read(folder / _JOURNAL)}
        for changed in touched:
            if changed.is_dir():  # a later step may have left it empty, and so removed it
                _sync(changed)
        (folder / _JOURNAL).unlink()
    if folder.exists():
        _sync(folder)
        shutil.rmtree(folder)


def _stage(generated: Path, steps: Sequence[Step]) -> None:
    """Write every content aside and, once all are on the disk, the journal that names them."""
    staged = generated / FOLDER / _STAGED
    staged.mkdir(parents=True)
    entries = []
    for number, step in enumerate(steps):
        if step.content is not None:
            with _named_after(generated / step.path):
                _write(staged / str(number), step.content)
        entries.append({"path": step.path, "staged": None if step.content is None else str(number)})
    _sync(staged)
    draft = generated / FOLDER / f"{_JOURNAL}.new"
    _write(draft, json.dumps(entries).encode())
    draft.replace(generated / FOLDER / _JOURNAL)
    _sync(generated / FOLDER)
    _sync(generated)


def _read(journal: Path) -> Iterable[tuple[str, str | None]]:
    try:
        entries = [(entry["path"], entry["staged"]) for entry in json.loads(journal.read_bytes())]
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"{journal} is not a journal: remove {journal.parent} and compile again") from error
    if any(PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts for path, _ in entries):
        raise JournalError(f"{journal} leads outside: remove {journal.parent} and compile again")
    return entries


def _make(generated: Path, path: str, staged: str | None) -> Path:
    """Make one step, unless it is made already; return the folder that it changed and that still exists."""
    target = generated / path
    if staged is None:
        return _remove(generated, target)
    source = generated / FOLDER / _STAGED / staged
    if source.exists():
        with _named_after(target):
            _make_folder(target.parent)
            source.replace(target)
    return target.parent


def _remove(generated: Path, file: Path) -> Path:
    """Remove a file, and the folders that it leaves empty."""
    if file.is_file():
        file.unlink()
    folder = file.parent
    with suppress(OSError):
        while folder != generated:
            folder.rmdir()
            folder = folder.parent
    return folder


def _require_possible(generated: Path, steps: Sequence[Step]) -> None:
    """Refuse before anything is staged what would fail after it: a folder that may not be changed, or is in the way."""
    removed = {generated / step.path for step in steps if step.content is None}
    for step in steps:
        target = generated / step.path
        if target.is_dir() and any(path.is_file() and path not in removed for path in target.rglob("*")):
            raise IsADirectoryError(errno.EISDIR, "there is a folder in the way", str(target))
        folder = (generated / step.path).parent
        while not folder.is_dir():
            folder = folder.parent
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, "the folder may not be written to", str(folder))


def _write(file: Path, content: bytes) -> None:
    with file.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fchmod(stream.fileno(), _FILE_MODE)  # the same mode under every umask
        os.fsync(stream.fileno())


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(_FOLDER_MODE)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _named_after(file: Path) -> Iterator[None]:
    """Let errors name the file that is meant: the staged copy would mean nothing to anybody."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
