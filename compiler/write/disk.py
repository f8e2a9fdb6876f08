"""Single changes of the disk: flushed, with modes that ignore the umask, and with errors that name the file."""

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
    """Write a new file; :func:`sync` flushes it to the disk."""
    with file.open("xb") as stream:
        stream.write(content)
        os.fchmod(stream.fileno(), _FILE_MODE)


def replace(file: Path, content: bytes) -> bool:
    """Replace a file's content atomically, and create its folder where needed; return whether the content changed.

    A reader finds either the old content or the whole new one, whenever the process is killed. The mode of an existing
    file stays.
    """
    if file.is_file() and file.read_bytes() == content:
        return False
    with named_after(file):
        file.parent.mkdir(parents=True, exist_ok=True)
        aside = file.with_name(f".{file.name}.new")
        aside.unlink(missing_ok=True)  # left by a process that was killed
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
    """Create a folder; it survives a loss of power once its parent folder is flushed."""
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
    """Raise errors under the name of ``file``: that of a staged copy tells the user nothing, and a flush has none."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
