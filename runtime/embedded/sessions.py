"""A child that leads a session, and its descendants (setsid(2), proc(5)).

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
    """A running process; its start time (clock ticks) distinguishes it from a later one with the same id."""

    id: int
    started: int


class _Status(NamedTuple):
    parent: int
    session: int


def members(session: int) -> list[int]:
    """Return the running processes of the session, without zombies."""
    return [process.id for process, status in _running().items() if status.session == session]


class Family:
    """The leader of a session, its members, and their descendants.

    An orphan's ancestors cannot be found, so a process that was once seen to belong stays a member until it ends.
    """

    def __init__(self, leader: int) -> None:
        self._leader = leader
        self._known: set[_Process] = set()
        self.living()

    def living(self) -> list[int]:
        """Return the ids of the running members."""
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
        """Kill all members, and return when they are gone, because a running one could still write a file."""
        with suppress(ProcessLookupError):
            os.kill(self._leader, SIGSTOP)  # so that it starts no children during the search for them
        deadline = time.monotonic() + KILL_SECONDS
        while (left := self.living()) and time.monotonic() < deadline:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, SIGKILL)
            time.sleep(POLL_SECONDS)

    def _leads(self, process: _Process, status: _Status) -> bool:
        return self._leader in (process.id, status.session)


def _running() -> dict[_Process, _Status]:
    """Return every running process."""
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
