"""Temporary directories that their owner removes, or, after a killed owner, the next owner.

An owner holds a lock (flock(2)) on its directory. The kernel releases the lock when the owner ends, even when killed.
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
    """Provide a directory of our own, mode 0700, in the system's temporary folder; remove it at the end."""
    sweep()
    directory, lock = _claim()
    try:
        yield directory
    finally:
        shutil.rmtree(directory)
        os.close(lock)


def sweep() -> None:
    """Remove the directories that ended owners of this user left; keep directories in use and those of other users."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        lock = _lock(directory)
        if lock is not None:
            shutil.rmtree(directory, ignore_errors=True)  # the next start tries the rest again
            os.close(lock)


def in_use() -> list[Path]:
    """Return the directories of this user whose owners still run."""
    found = []
    for directory in sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*")):
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            owned = os.fstat(descriptor).st_uid == os.geteuid()
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            found += [directory] if owned else []
        finally:
            os.close(descriptor)
    return found


def _claim() -> tuple[Path, int]:
    """Create a directory and lock it; repeat when a concurrent sweep removed it."""
    while True:
        directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        lock = _lock(directory)
        if lock is not None:
            return directory, lock


def _lock(directory: Path) -> int | None:
    """Lock a directory of ours and return the locked descriptor, or None when another process holds it."""
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
