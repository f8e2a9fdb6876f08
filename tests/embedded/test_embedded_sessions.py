"""What a child started ends with it, whatever sessions it leads and whatever state it is in."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from runtime.embedded import sessions
from runtime.embedded.process import start
from runtime.embedded.program import Program
from runtime.embedded.sessions import Family

if TYPE_CHECKING:
    from pathlib import Path

    from tests.embedded.conftest import Processes

SCRIPT = """
import subprocess, time
children = [subprocess.Popen(["sleep", "600"], start_new_session=True) for _ in range(3)]
print("begun", *(child.pid for child in children), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGCONT, signal.SIGSTOP])
def test_children_that_lead_sessions_of_their_own_end_too_even_when_they_are_frozen(
    folder: Path, processes: Processes, number: signal.Signals
) -> None:
    child = start(
        Program(
            "The script", (sys.executable, "-c", SCRIPT), folder, folder / "log", {"PATH": os.defpath}, stop_seconds=0.1
        )
    )
    child.wait_until(lambda: "begun" in child.log_tail(), 60)
    grandchildren = [int(word) for word in child.log_tail().split()[1:]]
    assert [os.getsid(each) for each in grandchildren] == grandchildren
    assert sessions.members(child.pid) == [child.pid]
    assert set(Family(child.pid).living()) == {child.pid, *grandchildren}
    for each in (*grandchildren, child.pid):
        os.kill(each, number)
    child.stop()
    assert processes.below(folder) == set()
