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
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

Started: TypeAlias = "tuple[Connection, Callable[[], None]]"
"""A running process: the pipe to it, and the function that kills it."""
MOST = 4
"""The most workers: this process renders a cluster in about a fifth of the time in which one is judged."""
_ROOM = 1 << 20  # bytes; the system may give less
_DIED = "a worker of the policy engine ended without an answer"


def processors() -> int:
    """Return the number of workers that can work at once, at most :data:`MOST`; one where no process may be forked."""
    forks = sys.platform == "linux" and threading.active_count() == 1
    return min(len(os.sched_getaffinity(0)), MOST) if forks else 1


def answers(answer: Callable[[str], str], questions: Iterable[str], number: int) -> Iterator[str]:
    """Yield the answer to each question in their order, from a ``number`` of workers; one is this process itself.

    While they work, the next question is computed: at most a ``number`` of answers are owed when one is asked for. An
    empty question has an empty answer, and nobody is asked.

    Raises:
        PolicyError: an answer raised it, or a worker ended without an answer.
    """
    if number == 1:
        yield from _answers_here(answer, questions)
        return
    with ExitStack() as running:
        idle: list[Connection] = []
        asked: deque[Connection | None] = deque()
        begun = 0
        remaining = iter(questions)
        for question in remaining:
            if question:
                while not idle and begun < number:
                    if worker := _another(answer, running):
                        idle.append(worker)
                        begun += 1
                    else:
                        number = begun
                if not number:
                    yield from _answers_here(answer, chain((question,), remaining))
                    return
                if not idle:
                    yield _answered(asked.popleft(), idle)
                ask(idle[-1], question)
            asked.append(idle.pop() if question else None)
            while asked and (asked[0] is None or len(asked) > number):
                yield _answered(asked.popleft(), idle)
        while asked:
            yield _answered(asked.popleft(), idle)


def _another(answer: Callable[[str], str], running: ExitStack) -> Connection | None:
    """Start another worker, if there may be a further process."""
    try:
        worker, _ = running.enter_context(started(partial(_answering, answer)))
    except OSError:
        return None
    return worker


def _answers_here(answer: Callable[[str], str], questions: Iterable[str]) -> Iterator[str]:
    return (answer(question) if question else "" for question in questions)


def _answered(worker: Connection | None, idle: list[Connection]) -> str:
    """Return the answer of a worker, which is ``idle`` then; that of nobody is empty."""
    if worker is None:
        return ""
    found: str = answered(worker)
    idle.append(worker)
    return found


def ask(worker: Connection, question: object) -> None:
    """Send a question to a process.

    Raises:
        PolicyError: the process has ended.
    """
    try:
        worker.send(question)
    except OSError:
        raise PolicyError(_DIED) from None


def answered(worker: Connection) -> Any:
    """Return the next answer of a process.

    Raises:
        PolicyError: the process ended without an answer.
        Exception: the answer raised it.
    """
    try:
        found = worker.recv()
    except (EOFError, OSError):
        raise PolicyError(_DIED) from None
    if isinstance(found, PolicyError | OSError):
        raise found
    return found


@contextmanager
def started(serve: Callable[[Connection], None], *, with_workers: bool = False) -> Iterator[Started]:
    """Run a process that serves one end of a pipe during the block.

    The block gets the other end, and the function that kills the process. After the block the process ends when it has
    done what it was asked for; where the block fails it is killed. One ``with_workers`` may start processes itself.

    Raises:
        OSError: there may be no further process.
    """
    from multiprocessing import get_context  # imported where a process is forked at all

    context = get_context("fork")
    ours, theirs = _pipe()
    process = context.Process(target=_served, args=(serve, ours, theirs), daemon=not with_workers)
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))  # until the process ignores it
    try:
        process.start()
    except OSError:
        ours.close()
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        raise
    finally:
        theirs.close()
    try:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)
        yield ours, process.kill
    except BaseException:
        process.kill()
        raise
    finally:
        ours.close()
        process.join()
        process.close()


def _pipe() -> tuple[Connection, Connection]:
    """Return the two ends of a pipe with a large buffer: one side writes while the other one is busy."""
    from multiprocessing.connection import Connection
    from socket import SO_SNDBUF, SOL_SOCKET, socketpair

    ends = socketpair()
    for end in ends:
        end.setsockopt(SOL_SOCKET, SO_SNDBUF, _ROOM)
    one, other = (Connection(end.detach()) for end in ends)
    return one, other


def _served(serve: Callable[[Connection], None], parents: Connection, pipe: Connection) -> None:
    """Serve until the process that asks closes its end of the pipe, or is gone."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks is interrupted too, and ends this one
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    with suppress(EOFError, ConnectionError):
        serve(pipe)


def _answering(answer: Callable[[str], str], pipe: Connection) -> None:
    """Answer each question on the pipe with its answer, or with the faults of it."""
    while True:
        question = pipe.recv()
        try:
            found: str | PolicyError = answer(question)
        except PolicyError as error:
            found = error
        pipe.send(found)
