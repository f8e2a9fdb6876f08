"""Programs that run in a process of their own, which has one thread, and what becomes of their processes."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from tests.compiler.project import ROOT


def output(program: str) -> str:
    """Return the output of a program that runs without an error."""
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def ends(process: str) -> bool:
    """Return whether a process ends soon."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _runs(process):
        time.sleep(0.01)
    return not _runs(process)


def _runs(process: str) -> bool:
    """Return whether a process runs; one that has ended may wait for its new parent to notice."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
