"""A child that leads a session, and what it started (setsid(2), proc(5)).

A child's own children may lead sessions of their own: every process that PostgreSQL starts does.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL, SIGSTOP
from typing import NamedTuple

KILL_SECONDS = 5
POLL_SECONDS = 0.01


class _Process(NamedTuple):
    """A process that has not ended; the time of its start (clock ticks) tells it from a later one of the same id."""

    id: int
    started: int


class _Status(NamedTuple):
    parent: int
    session: int


def members(session: int) -> list[int]:
    """The processes of the session that have not ended; zombies have."""
    return [process.id for process, status in _running().items() if status.session == session]


class Family:
    """The leader of a session, its members, and whatever descends from them.

    Orphans descend from nobody that could be found: who was once seen to belong belongs until it has ended.
    """

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._known: set[_Process] = set()
        self.living()

    def living(self) -> list[int]:
        """Those that have not ended."""
        running = _running()
        found = {
            process for process, status in running.items() if process in self._known or self._leads(process, status)
        }
        size = 0
        while size < len(found):
            size = len(found)
            parents = {process.id for process in found}
            found |= {process for process, status in running.items() if status.parent in parents}
        self._known = found
        return [process.id for process in found]

    def kill(self) -> None:
        """Kill all, and return when they are gone: until then one could still write a file."""
        with suppress(ProcessLookupError):
            os.kill(self._leader, SIGSTOP)  # what stands still starts nothing while its children are looked for
        deadline = time.monotonic() + KILL_SECONDS
        while (left := self.living()) and time.monotonic() < deadline:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, SIGKILL)
            time.sleep(POLL_SECONDS)

    def _leads(self, process: _Process, status: _Status) -> bool:
        return self._leader in (process.id, status.session)


def _running() -> dict[_Process, _Status]:
    """Every process that has not ended."""
    ids = (int(path.name) for path in Path("/proc").glob("[0-9]*"))
    return dict(filter(None, map(_look_at, ids)))


def _look_at(process: int) -> tuple[_Process, _Status] | None:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The name, in parentheses, may hold anything; after it: state, parent, process group, session, ..., start.
    fields = text.rpartition(")")[2].split()
    if fields[0] in "ZX":
        return None
    return _Process(process, int(fields[19])), _Status(int(fields[1]), int(fields[3]))
