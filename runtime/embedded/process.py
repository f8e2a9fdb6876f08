"""Child processes that never outlive us: started through ``launch.py``, watched, and stopped within a bound.

Standard output and error of a child go to a log file, whose tail is part of every :class:`ServerError`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.embedded.sessions import Family
from runtime.embedded.signals import raise_if_stopped

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.embedded.program import Program

LAUNCHER = Path(__file__).with_name("launch.py")
POLL_SECONDS = 0.01
TAIL_LINES = 20
TAIL_BYTES = 16_384

# The kernel sends the death signal when the *thread* that forked ends (prctl(2)), so every fork is this thread's, which
# lives until the interpreter ends, whichever thread asks for a server.
_FORKS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-forks")


class ServerError(RuntimeError):
    """A server did not start, or did not stay; the message ends with the tail of its log."""


class Child:
    """A started program, leader of its own session: Ctrl-C in a terminal reaches us alone, and we stop it in order."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes], log_start: int) -> None:
        self._program = program
        self._process = process
        self._log_start = log_start

    @property
    def pid(self) -> int:
        """The process id, ours until :meth:`stop`: a child that ended stays a zombie, so that no other takes its id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        if self._process.returncode is not None:
            return False
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def log_tail(self) -> str:
        """The last lines this child wrote."""
        with self._program.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-TAIL_LINES:])

    def error(self, reason: str) -> ServerError:
        """An error that says ``reason`` and shows the log."""
        return ServerError(f"{self._program.name} {reason}\n{self.log_tail()}".rstrip())

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Return when ``ready`` holds; a child that ends first, or takes longer, is stopped: :class:`ServerError`."""
        try:
            self._wait_until(ready, seconds)
        except BaseException:
            self.stop()
            raise

    def finish(self, seconds: float) -> None:
        """Wait for a child that ends by itself; raise :class:`ServerError` when it fails or takes longer."""
        self.wait_until(lambda: not self.running, seconds)
        self.stop()
        if self._process.returncode != 0:
            raise self.error(f"failed with exit code {self._process.returncode}:")

    def stop(self) -> None:
        """End it: the stop signal, and when its time is up SIGKILL for whatever is left of it and its children.

        What it started is waited for too: initdb's backend ends by itself and removes its shared memory.
        """
        if self._process.returncode is not None:
            return
        family = Family(self.pid)
        os.kill(self.pid, self._program.stop)  # a zombie takes it too
        deadline = time.monotonic() + self._program.stop_seconds
        while family.living() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        family.kill()
        self._process.wait()

    def _wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            raise_if_stopped()
            if not self.running:
                raise self.error("ended before it was ready:")
            if time.monotonic() > deadline:
                raise self.error(f"was not ready within {seconds:g} seconds:")
            time.sleep(POLL_SECONDS)


def start(program: Program, stdin: bytes = b"") -> Child:
    """Start ``program`` and hand it ``stdin`` (at most a pipe's worth, 64 KiB), then end of file."""
    with program.log.open("ab") as log:
        log_start = log.tell()
        process = _FORKS.submit(
            subprocess.Popen,
            [sys.executable, "-I", "-S", str(LAUNCHER), *_launch(program), *program.arguments],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=program.directory,
            env=_environment(program),
            start_new_session=True,
        ).result()
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin as pipe:  # it ended at once: whoever waits for it says why
            pipe.write(stdin)
    return Child(program, process, log_start)


def _launch(program: Program) -> tuple[str, ...]:
    return (str(os.getpid()), str(int(program.death)), program.run_as.value)


def _environment(program: Program) -> dict[str, str]:
    """The program's, and what a Python that was moved needs to find its own library, for the launcher."""
    inherited = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
    return inherited | dict(program.environment)
