"""A lock for one writer at a time: ``flock`` on the folder itself, which ends with its process and leaves no file."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from compiler.errors import CouldNotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS = 10.0
_PAUSE_SECONDS = 0.05


class BusyError(CouldNotRunError):
    """A lock that another process holds for longer than ``PATIENCE_SECONDS``."""


@contextmanager
def locked(folder: Path, *, exclusive: bool) -> Iterator[None]:
    """Lock a folder, exclusively to write it, or shared with other readers; a path that is no folder is not locked.

    Raises:
        BusyError: another process held it for ``PATIENCE_SECONDS``.
    """
    if folder.is_symlink() or not folder.is_dir():
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _wait(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, folder.name)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, kind: int, name: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError(f"{name}/ is in use by another cbp: try again when that has ended") from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
