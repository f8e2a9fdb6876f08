"""The supervision of workers, which are forked from the process that has imported what serves."""

from __future__ import annotations

import gc
import signal
import socket
import time
from contextlib import contextmanager
from itertools import chain
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

import structlog

from runtime.worker import SIGNALS, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from runtime.worker import Parent

FAILED_START = 3
"""The exit code of a worker that cannot serve, as uvicorn has it: another one would fail the same way."""

WORKER_START_SECONDS = 30.0
"""The longest that a replacement takes until it serves, and that a worker is silent."""

TICK_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Supervisor:
    """A supervisor of worker processes: it replaces each that ends or hangs, and all one by one on SIGHUP.

    ``serve`` runs in each worker, on ``sockets`` that are closed here at the end. Signals are read from ``signals``,
    the socket of :func:`receiving`.
    """

    def __init__(
        self,
        serve: Callable[[Parent], None],
        workers: int,
        sockets: Sequence[socket.socket],
        signals: socket.socket,
    ) -> None:
        self._serve = serve
        self._count = workers
        self._sockets = sockets
        self._signals = signals
        self._workers: list[Worker] = []
        self._restart: Iterator[None] = iter(())
        self._ending = False
        self._pausing = False
        self._status = 0
        self._tick_at = 0.0

    def run(self) -> int:
        """Keep the workers running until a signal ends them, and return the exit status."""
        # The garbage collector of a worker leaves alone what it inherits, so that the pages stay shared.
        gc.collect()
        gc.freeze()
        self._tick_at = time.monotonic() + TICK_SECONDS
        while self._workers or not self._ending:
            self._fill()
            self._hear()
            next(self._restart, None)
            if time.monotonic() >= self._tick_at:
                self._tick_at = time.monotonic() + TICK_SECONDS
                self._tick()
        return self._status

    def _fill(self) -> None:
        missing = self._count - sum(each.wanted for each in self._workers)
        while missing > 0 and not self._ending and not self._pausing:
            self._fork()
            missing -= 1

    def _fork(self) -> Worker | None:
        try:
            worker = Worker(self._serve)
        except OSError as error:
            _log.error("no worker can be made", error=str(error))
            self._pausing = True
            return None
        self._workers.append(worker)
        return worker

    def _hear(self) -> None:
        by_pipe = {each.pipe: each for each in self._workers}
        for heard in wait([self._signals, *by_pipe], max(0, self._tick_at - time.monotonic())):
            if heard is self._signals:
                for number in self._signals.recv(len(SIGNALS)):
                    self._receive(number)
            elif isinstance(heard, int) and not by_pipe[heard].hear():
                self._ended(by_pipe[heard])

    def _receive(self, number: int) -> None:
        _log.info("a signal arrived", signal=signal.Signals(number).name)
        if number != signal.SIGHUP:
            self._end()
        elif not self._ending:
            self._restart = chain(self._restart, self._replace_all())

    def _ended(self, worker: Worker) -> None:
        code = worker.exit_code()
        self._workers.remove(worker)
        if not worker.wanted:
            return
        _log.warning("a worker ended", worker=worker.pid, exit_code=code)
        self._pausing = not worker.ready  # it would end again and again, as fast as processes are made
        if code == FAILED_START:
            self._status = FAILED_START
            self._end()

    def _end(self) -> None:
        """End the workers; they still accept connections for a while, and then connections are refused."""
        if self._ending:
            return
        self._ending = True
        self._restart = iter(())
        # A socket that is open here, too, would go on taking connections that nobody serves.
        for each in self._sockets:
            each.close()
        for worker in self._workers:
            worker.terminate()

    def _replace_all(self) -> Iterator[None]:
        """Replace each worker once its replacement serves; yield while there is nothing to do."""
        for old in tuple(self._workers):
            if old not in self._workers:
                continue
            new = self._fork()
            if new is None:
                return
            new.wanted = False
            while not new.ready:
                if new not in self._workers:
                    _log.error("the replacement of a worker does not serve, and the others stay", worker=new.pid)
                    return
                if new.age > WORKER_START_SECONDS:
                    new.kill()
                yield
            # One that ended meanwhile has been replaced already.
            leaving = old if old in self._workers else new
            new.wanted = True
            leaving.terminate()
            while leaving in self._workers:
                yield

    def _tick(self) -> None:
        # Ticks are counted, and no clock is asked: one that stood still with all processes has not missed any.
        self._pausing = False
        for each in self._workers:
            each.age += TICK_SECONDS
            each.silence += TICK_SECONDS
            if each.silence > WORKER_START_SECONDS:
                _log.error("a worker is silent and is killed", worker=each.pid)
                each.kill()


@contextmanager
def receiving(numbers: Iterable[signal.Signals] = SIGNALS) -> Iterator[socket.socket]:
    """Provide a socket from which signals are read, each as one byte, in place of what they do by default."""
    reading, writing = socket.socketpair()
    with reading, writing:
        writing.setblocking(False)
        handlers = {number: signal.signal(number, lambda *_: None) for number in numbers}
        before = signal.set_wakeup_fd(writing.fileno())
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
