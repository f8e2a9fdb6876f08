"""The cost of a process, as the kernel accounts it at the end of the process."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CBP = str(Path(sysconfig.get_path("scripts"), "cbp"))
PYTHON = sys.executable
_KIB_IN_MIB = 1024


@dataclass(frozen=True, slots=True)
class Usage:
    """The cost of one process: wall-clock seconds, CPU seconds (user and system), and peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


class FailedError(Exception):
    """A process failed; the message holds its output."""


def run(arguments: Sequence[str], folder: Path) -> Usage:
    """Run a process in a folder to its end, and return its cost.

    The peak is that of getrusage(2), which counts from the fork on: it is at least the size of the benchmark itself.

    Raises:
        FailedError: the exit code is not 0.
    """
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        process = subprocess.Popen(arguments, cwd=folder, stdout=output, stderr=subprocess.STDOUT)  # noqa: S603 - ours
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise FailedError(f"{' '.join(arguments)}: {process.returncode}\n{output.read().decode(errors='replace')}")
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / _KIB_IN_MIB)
