"""Children: started, watched and stopped."""

from __future__ import annotations

import os
import sys
import time
from signal import SIGTERM
from threading import Thread
from typing import TYPE_CHECKING

import pytest

from runtime.embedded.process import Child, ServerError, start
from runtime.embedded.program import Program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.embedded.conftest import Processes

SLEEP = "echo begun; sleep 600"


def shell(folder: Path, script: str, stop_seconds: float = 5) -> Program:
    """A shell script as a program."""
    return Program(
        "The script", ("/bin/sh", "-c", script), folder, folder / "log", {"PATH": os.defpath}, stop_seconds=stop_seconds
    )


def begun(child: Child) -> bool:
    """Whether the script has said so."""
    return "begun" in child.log_tail()


def test_an_error_shows_what_this_child_wrote_and_not_what_others_did(folder: Path) -> None:
    start(shell(folder, "echo first")).finish(60)
    with pytest.raises(ServerError) as raised:
        start(shell(folder, "echo second >&2; exit 3")).finish(60)
    assert str(raised.value) == "The script failed with exit code 3:\nsecond"


def test_a_child_that_ends_before_it_is_ready_is_an_error(folder: Path) -> None:
    with pytest.raises(ServerError, match=r"^The script ended before it was ready:\nalas$"):
        start(shell(folder, "echo alas")).wait_until(lambda: False, 60)


def test_a_child_that_ends_while_it_is_asked_has_its_end_counted(folder: Path) -> None:
    child = start(shell(folder, "sleep 0.5"))

    def ready() -> bool:
        ended_before = not child.running
        while child.running:
            time.sleep(0.01)
        return ended_before

    child.wait_until(ready, 60)
    child.stop()


def test_a_child_that_is_late_is_stopped(folder: Path, processes: Processes) -> None:
    child = start(shell(folder, SLEEP))
    with pytest.raises(ServerError, match=r"^The script was not ready within 0.1 seconds:"):
        child.wait_until(lambda: False, 0.1)
    assert not child.running
    assert processes.below(folder) == set()


def test_stopping_takes_along_what_the_child_left_running(folder: Path, processes: Processes) -> None:
    child = start(shell(folder, "sleep 600 & echo begun", stop_seconds=0.1))
    child.wait_until(lambda: begun(child) and not child.running, 60)
    assert processes.below(folder)
    child.stop()
    assert processes.below(folder) == set()


def test_a_child_that_ignores_the_stop_signal_is_killed(folder: Path, processes: Processes) -> None:
    child = start(shell(folder, f"trap '' TERM; {SLEEP}", stop_seconds=0.1))
    child.wait_until(lambda: begun(child), 60)
    child.stop()
    child.stop()  # a second time is nothing
    assert not child.running
    assert processes.below(folder) == set()


def test_a_child_can_end_in_order(folder: Path) -> None:
    child = start(shell(folder, "trap 'echo in order; exit' TERM; echo begun; while :; do sleep 0.01; done"))
    child.wait_until(lambda: begun(child), 60)
    child.stop()
    assert child.log_tail().splitlines()[-1] == "in order"


def test_a_child_lives_on_when_the_thread_that_started_it_ends(folder: Path) -> None:
    """The kernel takes the end of the forking thread for the end of the parent."""
    children: list[Child] = []

    def start_one() -> None:
        child = start(shell(folder, "echo begun; while [ ! -e end ]; do sleep 0.01; done; echo ended"))
        child.wait_until(lambda: begun(child), 60)
        children.append(child)

    thread = Thread(target=start_one)
    thread.start()
    thread.join()
    time.sleep(0.1)  # time for the kernel to send a signal, if it does
    (folder / "end").touch()
    children[0].finish(60)
    assert children[0].log_tail() == "begun\nended"


def test_standard_input_is_handed_over(folder: Path) -> None:
    child = start(shell(folder, "cat"), b"a line\nanother")
    child.finish(60)
    assert child.log_tail() == "a line\nanother"


def test_a_child_ignores_the_terminal_of_its_parent(folder: Path) -> None:
    """Ctrl-C reaches the foreground process group: that the parent stops its children in order needs another one."""
    child = start(shell(folder, SLEEP))
    child.wait_until(lambda: begun(child), 60)
    assert os.getsid(child.pid) == os.getpgid(child.pid) == child.pid
    child.stop()


def test_standard_input_may_be_closed(folder: Path) -> None:
    """A service manager or `<&-` gives a process no standard input: the log then gets its number."""
    script = folder / "start.py"
    script.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from runtime.embedded.process import start\n"
        "from runtime.embedded.program import Program\n"
        "folder = Path(sys.argv[1])\n"
        "program = Program('cat', ('/bin/cat',), folder, folder / 'log', {})\n"
        "start(program, b'through a pipe').finish(60)\n"
    )
    command = ("/bin/sh", "-c", 'exec "$0" "$@" <&-', sys.executable, str(script), str(folder))
    parent = Program("The parent", command, folder, folder / "parent.log", dict(os.environ))
    start(parent).finish(60)
    assert (folder / "log").read_text() == "through a pipe"


def test_a_printed_program_hides_its_environment(folder: Path) -> None:
    program = Program("The script", ("/bin/true",), folder, folder / "log", {"PASSWORD": "secret"}, stop=SIGTERM)
    assert "secret" not in repr(program)
