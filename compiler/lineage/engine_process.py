"""The embedded engine in a process of its own, which reads the policies while this one imports the emitters.

The process is a fork of this one, and ends with the block that it was started for. It remembers answers, and starts
workers for many clusters, as the engine does within this process.

An input may be larger than a pipe, and so may its value. Whoever sends an input takes the values that come meanwhile,
so that the two processes never wait for each other to read. Most inputs are smaller once they are compressed: the next
cluster is rendered while the process is busy.
"""

from __future__ import annotations

import zlib
from collections import deque
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from select import POLLIN, POLLOUT, poll
from typing import TYPE_CHECKING, Any

from compiler.lineage.verdicts import remembering
from compiler.policy import workers
from compiler.policy.errors import PolicyError
from compiler.policy.gate import Gate
from compiler.policy.regorus import Regorus, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

_PIECE = 1 << 14  # bytes; a pipe that can be written to has room for as many


@contextmanager
def trusting(policies: Path) -> Iterator[Callable[[], Gate]]:
    """Provide a function that returns the gate of a folder of policies, with the answers that its project remembers.

    Policies that are known to be proven are not proven again. The gate judges in a process of its own where there is a
    processor for it, and where there may be another process. The function raises a PolicyError where the policies have
    faults, or a rule does not prove itself.
    """
    with ExitStack() as running:
        beside = _beside(policies, running) if workers.processors() > 1 else None
        yield beside or partial(remembering, policies, policies.parent)


def _beside(policies: Path, running: ExitStack) -> _Awaited | None:
    try:
        pipe, kill = running.enter_context(workers.started(partial(_serve, policies), with_workers=True))
    except OSError:
        return None
    gate = _Awaited(pipe)
    running.callback(lambda: None if gate.found else kill())  # nobody waits for what nobody asked
    return gate


@dataclass(slots=True)
class _Awaited:
    """A function that waits for the gate of the process when it is first called; ``found`` is its result or error."""

    pipe: Connection
    found: Gate | PolicyError | OSError | None = None

    def __call__(self) -> Gate:
        if self.found is None:
            try:
                self.found = Gate(workers.answered(self.pipe), EngineProcess(self.pipe))
            except (PolicyError, OSError) as error:
                self.found = error
        if isinstance(self.found, Gate):
            return self.found
        raise self.found


class EngineProcess:
    """An engine by its end of the pipe (see :class:`compiler.policy.engine.Engine`)."""

    name = Regorus.name

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._events = poll()
        self._events.register(pipe, POLLIN | POLLOUT)
        self._values: deque[Any] = deque()

    @property
    def version(self) -> str:
        """The version of the embedded engine."""
        return version()

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value."""
        (value,) = self.evaluate_each(rule, (document,))
        return value

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield a rule's value for each input."""
        workers.ask(self._pipe, rule)
        waiting = 0
        for document in documents:
            self._send(document.encode())
            waiting += 1
            while self._values:
                yield self._values.popleft()
                waiting -= 1
        workers.ask(self._pipe, None)
        while waiting:
            yield self._values.popleft() if self._values else workers.answered(self._pipe)
            waiting -= 1

    def confirm(self) -> None:
        """Do nothing: no other process can change the interpreter."""

    def _send(self, document: bytes) -> None:
        """Send an input in pieces, and take the values that are there before each of them."""
        sent = zlib.compress(document, level=1)
        pieces = [sent[start : start + _PIECE] for start in range(0, len(sent), _PIECE)]
        for piece in (len(pieces), *pieces):
            while not (event := self._events.poll()[0][1]) & POLLOUT or event & POLLIN:
                self._values.append(workers.answered(self._pipe))
            workers.ask(self._pipe, piece)


def _serve(policies: Path, pipe: Connection) -> None:
    """Answer with the library of the policies, and then each rule that is asked with its value for each input."""
    try:
        gate = remembering(policies, policies.parent)
        pipe.send(gate.library)
        while True:
            rule = pipe.recv()
            documents = (_received(pipe, pieces) for pieces in iter(pipe.recv, None))
            for value in gate.engine.evaluate_each(rule, documents):
                pipe.send(value)
    except (PolicyError, OSError) as error:
        pipe.send(error)
        while True:
            if pipe.recv() is None:  # the end of what is asked
                pipe.send(error)


def _received(pipe: Connection, pieces: int) -> str:
    return zlib.decompress(b"".join(pipe.recv() for _ in range(pieces))).decode()
