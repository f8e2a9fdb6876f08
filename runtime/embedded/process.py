"""Child processes that never outlive us: started through ``launch.py``, watched, and stopped within a time limit.

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

# The kernel sends the death signal when the *thread* that forked ends (prctl(2)), so one thread that lives until the
# interpreter ends makes every fork.
_FORKS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="embedded-forks")


class ServerError(RuntimeError):
    """A server did not start, or ended by itself; the message ends with the tail of its log."""


class Child:
    """A started program, leader of its own session: Ctrl-C in a terminal reaches only us, and we stop it in order."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes], log_start: int) -> None:
        self._program = program
        self._process = process
        self._log_start = log_start

    @property
    def pid(self) -> int:
        """The process id, reserved until :meth:`stop`: an ended child stays a zombie, so that nobody reuses its id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the child still runs."""
        if self._process.returncode is not None:
            return False
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def log_tail(self) -> str:
        """Return the last lines that this child wrote."""
        with self._program.log.open("rb") as log:
            log.seek(max(self._log_start, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-TAIL_LINES:])

    def error(self, reason: str) -> ServerError:
        """Return an error with ``reason`` and the tail of the log."""
        return ServerError(f"{self._program.name} {reason}\n{self.log_tail()}".rstrip())

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until ``ready`` holds; stop a child that ends first or takes longer, and raise :class:`ServerError`."""
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
        """Stop the child by its stop signal, and after its time limit kill it and its children.

        It waits for the children too: initdb's backend ends by itself and removes its shared memory.
        """
        if self._process.returncode is not None:
            return
        family = Family(self.pid)
        os.kill(self.pid, self._program.stop)  # a zombie accepts it too
        deadline = time.monotonic() + self._program.stop_seconds
        while family.living() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        family.kill()
        self._process.wait()

    def _wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        running = True
        while not ready():
            raise_if_stopped()
            if not running:
                raise self.error("ended before it was ready:")
            if time.monotonic() > deadline:
                raise self.error(f"was not ready within {seconds:g} seconds:")
            time.sleep(POLL_SECONDS)
            running = self.running  # asked before ready(), which the end of the child may be or may have brought about


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
        with suppress(BrokenPipeError), process.stdin as pipe:  # the child ended at once: wait_until reports why
            pipe.write(stdin)
    return Child(program, process, log_start)


def _launch(program: Program) -> tuple[str, ...]:
    return (str(os.getpid()), str(int(program.death)), program.run_as.value)


def _environment(program: Program) -> dict[str, str]:
    """Return the program's environment, with the variables that a moved Python needs to find its own library."""
    inherited = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
    return inherited | dict(program.environment)
