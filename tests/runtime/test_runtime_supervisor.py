"""The supervisor of workers, with workers that serve nothing."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from uvicorn.config import STARTUP_FAILURE

from tests.runtime.service import kill_session
from tests.runtime.supervised import TICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

NEVER = 1_000.0


class Supervised:
    """A supervisor that runs, and its log, which is read line by line."""

    def __init__(self, process: subprocess.Popen[bytes], file: Path) -> None:
        self.process = process
        self._file = file

    def next_ones(self, word: str) -> None:
        """Say what the workers do that start from now on."""
        self._file.with_suffix(".new").write_text(word, encoding="ascii")
        self._file.with_suffix(".new").replace(self._file)

    def await_event(self, event: str) -> dict[str, Any]:
        """Return the next line of the log with an event."""
        assert self.process.stdout is not None
        return next(each for line in self.process.stdout if (each := json.loads(line))["event"] == event)

    def await_workers(self, word: str, count: int = 2) -> list[int]:
        """Return the next workers that start and do as a word says."""
        return [self.await_event(word)["process"] for _ in range(count)]

    def children(self) -> set[int]:
        """Return the processes that the supervisor has."""
        pid = self.process.pid
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))

    def open_files(self) -> int:
        """Return the number of files that the supervisor has open."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def end(self) -> int:
        """Ask the supervisor to end, and return its exit status."""
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def supervising(folder: Path, word: str, limit_seconds: float = NEVER) -> Iterator[Supervised]:
    """Start a supervisor; no process of it is left at the end."""
    command = (sys.executable, "-m", "tests.runtime.supervised", str(folder), str(limit_seconds))
    (folder / "next").write_text(word, encoding="ascii")
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            yield Supervised(process, folder / "next")
        finally:
            kill_session(process)


def test_a_worker_that_is_silent_is_killed_and_another_one_serves(tmp_path: Path) -> None:
    with supervising(tmp_path, "serve", limit_seconds=3) as supervised:
        silent, other = supervised.await_workers("serve")
        files = supervised.open_files()
        os.kill(silent, signal.SIGSTOP)
        assert supervised.await_event("a worker is silent and is killed")["worker"] == silent
        (replacement,) = supervised.await_workers("serve", 1)
        assert supervised.children() == {other, replacement}
        assert supervised.open_files() == files
        assert supervised.end() == 0


def test_processes_that_stood_still_together_were_not_silent(tmp_path: Path) -> None:
    with supervising(tmp_path, "serve", limit_seconds=2) as supervised:
        serving = supervised.await_workers("serve")
        os.killpg(supervised.process.pid, signal.SIGSTOP)
        time.sleep(2.2)
        supervised.process.send_signal(signal.SIGCONT)  # before its workers, so that it has heard of none
        time.sleep(3 * TICK_SECONDS)
        os.killpg(supervised.process.pid, signal.SIGCONT)
        assert supervised.children() == set(serving)
        assert supervised.end() == 0


def test_no_other_thread_runs_when_a_worker_is_forked_and_each_of_its_lines_is_written_once(tmp_path: Path) -> None:
    with supervising(tmp_path, "serve") as supervised:
        started = [supervised.await_event("serve") for _ in range(2)]
        supervised.process.send_signal(signal.SIGHUP)
        started += [supervised.await_event("serve") for _ in range(2)]
        supervised.process.terminate()
        rest, _ = supervised.process.communicate()
    assert b'"serve"' not in rest
    assert [each["threads"] for each in started] == [1] * 4
    assert len({each["process"] for each in started}) == 4


def test_a_worker_that_cannot_start_ends_the_parent_with_its_status(tmp_path: Path) -> None:
    with supervising(tmp_path, "fail") as supervised:
        assert supervised.process.wait(30) == STARTUP_FAILURE


def test_workers_that_end_before_they_serve_are_made_again_once_in_a_tick(tmp_path: Path) -> None:
    with supervising(tmp_path, "end") as supervised:
        supervised.await_workers("end")
        started = time.monotonic()
        supervised.await_workers("end", 2 * 5)
        assert time.monotonic() - started > 3 * TICK_SECONDS
        supervised.next_ones("serve")
        supervised.await_workers("serve")
        assert supervised.end() == 0


def test_a_worker_that_cannot_be_made_is_made_once_it_can_be(tmp_path: Path) -> None:
    with supervising(tmp_path, "serve") as supervised:
        ends, other = supervised.await_workers("serve")
        pid = supervised.process.pid
        files, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (4, most))
        os.kill(ends, signal.SIGKILL)
        supervised.await_event("no worker can be made")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (files, most))
        (made,) = supervised.await_workers("serve", 1)
        assert supervised.children() == {other, made}
        assert supervised.end() == 0


@pytest.mark.parametrize("word", ["wait", "fail", "end"])
def test_a_replacement_that_does_not_serve_leaves_the_workers_that_do(tmp_path: Path, word: str) -> None:
    with supervising(tmp_path, "serve", limit_seconds=3) as supervised:
        serving = supervised.await_workers("serve")
        supervised.next_ones(word)
        supervised.process.send_signal(signal.SIGHUP)
        (failed,) = supervised.await_workers(word, 1)
        told = supervised.await_event("the replacement of a worker does not serve, and the others stay")
        assert told["worker"] == failed
        assert supervised.children() == set(serving)
        assert supervised.end() == 0


def test_a_worker_that_dies_while_its_replacement_starts_is_replaced_once(tmp_path: Path) -> None:
    with supervising(tmp_path, "serve") as supervised:
        serving = supervised.await_workers("serve")
        supervised.next_ones("wait")
        supervised.process.send_signal(signal.SIGHUP)
        (of_the_restart,) = supervised.await_workers("wait", 1)
        os.kill(min(serving), signal.SIGKILL)
        (of_the_dead,) = supervised.await_workers("wait", 1)
        supervised.next_ones("serve")
        (last,) = supervised.await_workers("serve", 1)
        while len(supervised.children()) > 2:
            time.sleep(0.01)
        assert of_the_restart not in supervised.children()
        assert supervised.children() == {of_the_dead, last}


def test_a_signal_ends_a_restart_whose_replacement_does_not_serve_yet(tmp_path: Path) -> None:
    with supervising(tmp_path, "serve") as supervised:
        supervised.await_workers("serve")
        supervised.next_ones("wait")
        supervised.process.send_signal(signal.SIGHUP)
        supervised.await_workers("wait", 1)
        assert supervised.end() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_ends_every_process(tmp_path: Path, number: int) -> None:
    with supervising(tmp_path, "wait") as supervised:
        supervised.await_workers("wait")
        os.killpg(supervised.process.pid, number)
        assert supervised.process.wait(30) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(supervised.process.pid, 0)
