"""A worker process as its parent sees it, and the parent as a worker sees it: a fork and a pipe between them."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING

from runtime.logs import configure_logging

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Those that the parent handles, and each worker in its own way."""

_FORK = get_context("fork")
_ALIVE, _READY = b".", b"!"
_READ_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Parent:
    """The parent process, as its worker sees it."""

    pid: int
    pipe: int

    @property
    def gone(self) -> bool:
        """Whether the parent has ended, so that nobody would stop this worker."""
        return os.getppid() != self.pid

    def tell(self, *, ready: bool = False) -> None:
        """Say that this worker lives, or that it serves from now on."""
        with suppress(BrokenPipeError, BlockingIOError):  # the parent is gone, or stopped for hours
            os.write(self.pipe, _READY if ready else _ALIVE)


class Worker:
    """A forked process, as its parent sees it; ``serve`` runs in it and is given the parent.

    Raises:
        OSError: no further process can be made.
    """

    def __init__(self, serve: Callable[[Parent], None]) -> None:
        self.ready = False
        self.wanted = True
        """Whether another one has to take its place when it ends."""
        self.age = 0.0
        """Seconds since the start, which the parent counts."""
        self.silence = 0.0
        """Seconds since the worker told that it lives, which the parent counts."""
        self.pipe, writing = os.pipe()
        os.set_blocking(writing, False)
        # A signal that arrives meanwhile waits for the worker's handlers: a copy of the parent's would swallow it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        # A daemon, so that no way out of the parent leaves it behind.
        self._process = _FORK.Process(target=_run, args=(serve, Parent(os.getpid(), writing), mask), daemon=True)
        try:
            self._process.start()
        except OSError:
            os.close(self.pipe)
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            os.close(writing)

    @property
    def pid(self) -> int | None:
        """The process id."""
        return self._process.pid

    def hear(self) -> bool:
        """Take what the worker told; return whether it may tell more."""
        told = os.read(self.pipe, _READ_BYTES)
        self.silence = 0.0
        self.ready = self.ready or _READY in told
        return bool(told)

    def terminate(self) -> None:
        """Ask the worker to end; nothing takes its place."""
        self.wanted = False
        self._process.terminate()

    def kill(self) -> None:
        """End the worker at once."""
        self._process.kill()

    def exit_code(self) -> int:
        """Return the exit code of a worker that ended, negative for a signal, and let go of it."""
        self._process.join()
        os.close(self.pipe)
        return self._process.exitcode or 0


def _run(serve: Callable[[Parent], None], parent: Parent, mask: set[signal.Signals]) -> None:
    signal.set_wakeup_fd(-1)
    for number in SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    try:
        serve(parent)
    finally:
        configure_logging().close()  # a forked process runs no handlers of atexit
