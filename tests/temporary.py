"""The folder of temporary files of the tests: in memory, where there is room for them.

Thousands of small files are written, synced and removed by the tests, and a disk is what most of them would wait for.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes folders of its own below it, as below /tmp
ROOM_BYTES = 8 << 30
"""The room that a run is sure to find: what its tests keep at a time is about a quarter of it."""


def keep_in_memory() -> None:
    """Let temporary files of this process and its children be in memory, unless TMPDIR names another place."""
    if "TMPDIR" not in os.environ and has_room(MEMORY) and available_bytes() >= ROOM_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def has_room(folder: Path) -> bool:
    """Return whether a folder can be written to, may hold programs, and has room for the files of a run."""
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= ROOM_BYTES


def available_bytes() -> int:
    """Return the memory that programs can use without swapping; 0 where the kernel does not say."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), 0)
