"""The memory of this container and of this process, from the files of the Linux kernel.

Upstream: https://docs.kernel.org/admin-guide/cgroup-v2.html (memory.current, memory.max, memory.stat) and
https://man7.org/linux/man-pages/man5/proc_pid_statm.5.html
"""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.ports.machine import MemoryUse

if TYPE_CHECKING:
    from collections.abc import Callable

CGROUP = Path("/sys/fs/cgroup")
PROCESS = Path("/proc/self")


class KernelMemory:
    """A ``MemoryReader`` of the cgroup below ``cgroup`` and of the process below ``process``."""

    def __init__(self, cgroup: Path = CGROUP, process: Path = PROCESS) -> None:
        self._cgroup = cgroup
        self._process = process
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")
        self._trim = _malloc_trim()

    def container(self) -> MemoryUse | None:
        """See :class:`runtime.ports.machine.MemoryReader`: the working set, as the kubelet computes it."""
        try:
            limit = (self._cgroup / "memory.max").read_text(encoding="ascii").strip()
            if limit == "max":
                return None
            current = int((self._cgroup / "memory.current").read_text(encoding="ascii"))
            lines = (self._cgroup / "memory.stat").read_text(encoding="ascii").splitlines()
        except FileNotFoundError:  # the root of a machine, or another version of cgroups
            return None
        inactive = next((int(line.split()[1]) for line in lines if line.startswith("inactive_file ")), 0)
        return MemoryUse(max(0, current - inactive), int(limit))

    def private_bytes(self) -> int:
        """See :class:`runtime.ports.machine.MemoryReader`: the resident pages that belong to no file."""
        _, resident, shared, *_ = (self._process / "statm").read_text(encoding="ascii").split()
        return (int(resident) - int(shared)) * self._page_bytes

    def give_back(self) -> None:
        """See :class:`runtime.ports.machine.MemoryReader`; nothing where the C library is not glibc."""
        if self._trim is not None:
            self._trim(0)


def _malloc_trim() -> Callable[[int], int] | None:
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim
