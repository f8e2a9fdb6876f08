"""The folder of temporary files of the tests: in memory, where there is room for them.

Thousands of small files are written, synced and removed by the tests, and a disk is what most of them would wait for.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes folders of its own below it, as below /tmp
CONTROL = Path("/sys/fs/cgroup")
GROUPS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))
"""The files of the limit and of the use of memory, of the second version of control groups and of the first."""

ROOM_BYTES = 8 << 30
"""The room that a run is sure to find, in the folder and in memory."""


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
    """Return the memory that is left to this process, by the machine and its control group; 0 where none is told."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    machine = next((1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")), 0)
    return min([machine, *(limit - used for limit, used in map(_group, GROUPS))])


def _group(names: tuple[str, str]) -> tuple[int, int]:
    """Return the limit and the use of a control group in bytes; without a limit, one that binds nobody."""
    limit, used = (CONTROL / name for name in names)
    try:
        return int(limit.read_text(encoding="ascii")), int(used.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such group, or the word "max"
        return sys.maxsize, 0
