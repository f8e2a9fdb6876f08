"""The processes of a session: a child that leads one, and what it started (setsid(2), proc(5))."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

KILL_SECONDS = 5
POLL_SECONDS = 0.01


def members(session: int) -> list[int]:
    """The processes of the session that have not ended; zombies have."""
    everyone = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [process for process in everyone if _is_member(process, session)]


def kill(session: int) -> None:
    """Kill what is left of the session, and return when it is gone: until then it could still write a file."""
    deadline = time.monotonic() + KILL_SECONDS
    while (left := members(session)) and time.monotonic() < deadline:
        for process in left:
            with suppress(ProcessLookupError):
                os.kill(process, SIGKILL)
        time.sleep(POLL_SECONDS)


def _is_member(process: int, session: int) -> bool:
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    # The name, in parentheses, may hold anything; after it: state, parent, process group, session.
    state, _parent, _group, its_session = text.rpartition(")")[2].split()[:4]
    return int(its_session) == session and state not in "ZX"
