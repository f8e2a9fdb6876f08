"""The memory of a replica's container as a test states it: files of ours where the replica would read the kernel's."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from runtime.adapters.memory import CGROUP
from tests.faults.disk import SCRIPT, NotPossibleError

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 1_000_000_000
UNLIMITED = "max"


class Container:
    """A container without a limit until it is filled; ``folder`` is not there yet.

    Where no program can be given mounts of its own, programs run as they are and the container cannot be filled.
    """

    def __init__(self, folder: Path, place: Path = CGROUP) -> None:
        folder.mkdir()
        self._folder = folder
        self.empty()
        self._prefix = (sys.executable, "-I", "-S", str(SCRIPT), "over", str(folder), str(place))
        tried = subprocess.run([*self._prefix, "/bin/true"], check=False, capture_output=True, text=True)
        self._forbidden = "".join(tried.stderr.strip().splitlines()[-1:])

    def inside(self, *arguments: str) -> tuple[str, ...]:
        """Return the arguments by which a program runs in the container."""
        return arguments if self._forbidden else (*self._prefix, *arguments)

    def fill(self, percent: float) -> None:
        """Use so much of its memory; raise :class:`NotPossibleError` where programs cannot be inside."""
        if self._forbidden:
            raise NotPossibleError(self._forbidden)
        self._write("memory.current", str(int(LIMIT * percent / 100)))
        self._write("memory.max", str(LIMIT))

    def empty(self) -> None:
        """Use nothing of its memory, which has no limit."""
        for name, text in (("memory.max", UNLIMITED), ("memory.current", "0"), ("memory.stat", "inactive_file 0")):
            self._write(name, text)

    def _write(self, name: str, text: str) -> None:
        """Write a file as a whole: it is read at any time."""
        written = self._folder / "next"
        written.write_text(f"{text}\n", encoding="ascii")
        written.replace(self._folder / name)
