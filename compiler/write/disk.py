"""Single changes of the disk: flushed, with modes that no umask changes, and errors that name the file."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILE_MODE, _FOLDER_MODE = 0o644, 0o755


def write(file: Path, content: bytes) -> None:
    """Write a new file, which is on the disk only when it has been flushed with :func:`sync`."""
    with file.open("xb") as stream:
        stream.write(content)
        os.fchmod(stream.fileno(), _FILE_MODE)


def replace(file: Path, content: bytes) -> bool:
    """Make a file hold ``content``, at once or not at all, in a folder that is made; return whether it did not before.

    A reader finds either what was there or the whole of the new content, whenever the process is killed. The mode of a
    file that was there stays.
    """
    if file.is_file() and file.read_bytes() == content:
        return False
    with named_after(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_name(f".{file.name}.new")
        aside.unlink(missing_ok=True)  # what a process left that was killed
        try:
            write(aside, content)
            sync(aside)
            if file.exists():
                shutil.copymode(file, aside)
            aside.replace(file)
        finally:
            aside.unlink(missing_ok=True)
    sync(file.parent)
    return True


def make_folder(folder: Path) -> None:
    """Make a new folder; to be there after a loss of power, the folder that holds it has to be flushed."""
    folder.mkdir()
    folder.chmod(_FOLDER_MODE)


def sync(path: Path) -> None:
    """Flush a file's content, or the entries of a folder, to the disk."""
    with named_after(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def named_after(file: Path) -> Iterator[None]:
    """Let errors name the file that is meant: a staged copy means nothing to anybody, and a flush names nothing."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
