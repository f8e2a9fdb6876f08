"""One writer at a time: a lock on the folder itself, which ends with its process and leaves no file."""

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
    """Another process holds the lock for longer than we wait."""


@contextmanager
def locked(folder: Path, *, exclusive: bool) -> Iterator[None]:
    """Hold a folder: alone, to write it, or together with other readers. What is no folder is not held.

    Raises:
        BusyError: somebody else went on holding it for ``PATIENCE_SECONDS``.
    """
    if folder.is_symlink() or not folder.is_dir():
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _wait(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, kind: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise BusyError("generated/ is in use by another cbp: try again when that has ended") from None
            time.sleep(_PAUSE_SECONDS)
        else:
            return
