"""Worker processes that answer questions side by side, where more than one processor is there to do it.

A worker is a fork of this process, so that it holds the loaded policies without parsing them again. Only a process with
a single thread is forked, because the locks of other threads would stay closed in the copy, and only on Linux: system
libraries of macOS do not work in one.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import deque
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

MOST = 4
"""The most workers: this process renders a cluster in about a fifth of the time in which one is judged."""
_DIED = "a worker of the policy engine ended without an answer"


def processors() -> int:
    """Return the number of workers that can work at once, at most :data:`MOST`; one where no process may be forked."""
    forks = sys.platform == "linux" and threading.active_count() == 1
    return min(len(os.sched_getaffinity(0)), MOST) if forks else 1


def answers(answer: Callable[[str], str], questions: Iterable[str], number: int) -> Iterator[str]:
    """Yield the answer to each question in their order, from a ``number`` of workers; one is this process itself.

    While they work, the next question is computed. An empty question has an empty answer, and nobody is asked.

    Raises:
        PolicyError: an answer raised it, or a worker ended without an answer.
    """
    if number == 1:
        yield from (answer(question) if question else "" for question in questions)
        return
    with ExitStack() as running:
        idle: list[_Worker] = []
        asked: deque[_Worker | None] = deque()
        started = 0
        for question in questions:
            if not question:
                asked.append(None)
                while asked and asked[0] is None:
                    yield _answered(asked.popleft(), idle)
                continue
            while not idle:
                if started < number:
                    idle.append(running.enter_context(_started(answer)))
                    started += 1
                else:
                    yield _answered(asked.popleft(), idle)
            worker = idle.pop()
            worker.ask(question)
            asked.append(worker)
        while asked:
            yield _answered(asked.popleft(), idle)


def _answered(worker: _Worker | None, idle: list[_Worker]) -> str:
    """Return the answer of a worker, which is ``idle`` then; that of nobody is empty."""
    if worker is None:
        return ""
    found = worker.answer()
    idle.append(worker)
    return found


class _Worker:
    """A worker by its end of the pipe: a question goes in, and its answer or the faults of it come out."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe

    def ask(self, question: str) -> None:
        try:
            self._pipe.send(question)
        except OSError:
            raise PolicyError(_DIED) from None

    def answer(self) -> str:
        try:
            found: str | tuple[str, ...] = self._pipe.recv()
        except (EOFError, OSError):
            raise PolicyError(_DIED) from None
        if isinstance(found, tuple):
            raise PolicyError(*found)
        return found


@contextmanager
def _started(answer: Callable[[str], str]) -> Iterator[_Worker]:
    """Start a worker, and end it after the block."""
    from multiprocessing import get_context  # imported where a process is forked at all

    context = get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(answer, ours, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        yield _Worker(ours)
    finally:
        ours.close()
        process.kill()
        process.join()
        process.close()


def _serve(answer: Callable[[str], str], parents: Connection, pipe: Connection) -> None:
    """Answer each question on the pipe, until the process that asks closes its end of it, or is gone."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks is interrupted too, and ends this one
    while True:
        try:
            question = pipe.recv()
            try:
                found: str | tuple[str, ...] = answer(question)
            except PolicyError as error:
                found = error.faults
            pipe.send(found)
        except (EOFError, ConnectionError):
            return
