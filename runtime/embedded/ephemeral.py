"""A temporary directory that outlives nobody: its owner removes it, and what a killed owner left, the next one removes.

An owner holds a lock (flock(2)) on its directory. The kernel drops the lock when the owner ends, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "cbp-up-"


@contextmanager
def ephemeral_directory() -> Iterator[Path]:
    """A directory of our own, mode 0700, in the system's temporary folder, until the end."""
    sweep()
    directory, lock = _claim()
    try:
        yield directory
    finally:
        shutil.rmtree(directory)
        os.close(lock)


def sweep() -> None:
    """Remove the directories that owners of this user left behind; those in use, and other users', stay."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(directory)
        if lock is not None:
            shutil.rmtree(directory, ignore_errors=True)  # what cannot go now is tried again at the next start
            os.close(lock)


def _claim() -> tuple[Path, int]:
    """Create a directory and lock it; again, when a sweep came in between."""
    while True:
        directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = _lock(directory)
        if lock is not None:
            return directory, lock


def _lock(directory: Path) -> int | None:
    """Lock a directory of ours that nobody holds, and return the descriptor that holds it now."""
    try:
        lock = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    status = os.fstat(lock)
    if status.st_uid != os.geteuid() or status.st_nlink == 0:
        os.close(lock)
        return None
    return lock
