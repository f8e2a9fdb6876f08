"""A turn that one process has at a time, until it ends."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Turn:
    """A lock of the kernel on a file that all processes of a container share; it is let go when its process ends."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._held: int | None = None

    def take(self) -> bool:
        """Return True if the turn is this process's from now on; False if it was already, or is another's."""
        if self._held is not None:
            return False
        descriptor = os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._held = descriptor
        return True
