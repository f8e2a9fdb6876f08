"""The embedded engine in a process of its own, which reads the policies while this one imports the emitters.

The process is a fork of this one, and ends with the block that it was started for. It remembers answers, and starts
workers for many clusters, as the engine does within this process.

An input is larger than a pipe. So it is written to a temporary file that both processes have, and the pipe says which:
neither waits for the other to read.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from compiler.lineage.verdicts import remembering
from compiler.policy import workers
from compiler.policy.errors import PolicyError
from compiler.policy.gate import Gate
from compiler.policy.regorus import Regorus, version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from pathlib import Path

_AHEAD = workers.MOST + 1
"""The most inputs that wait for their values: one for each worker, and one that is read before the first value."""


@contextmanager
def trusting(policies: Path) -> Iterator[Callable[[], Gate]]:
    """Yield what returns the gate of a compilation at a desk: its project remembers answers, and that it is proven.

    The gate judges in a process of its own where there is a processor for it, and a folder for temporary files. It
    raises a PolicyError where the policies have faults, or a rule does not prove itself.
    """
    with ExitStack() as kept:
        inputs = _inputs(kept) if workers.processors() > 1 else None
        if inputs is None:
            yield partial(remembering, policies, policies.parent)
            return
        pipe = kept.enter_context(workers.started(partial(_serve, policies, inputs), with_workers=True))
        yield partial(_gate, pipe, inputs)


def _inputs(kept: ExitStack) -> _Inputs | None:
    from tempfile import TemporaryFile  # imported where a process is forked

    try:
        files = [kept.enter_context(TemporaryFile(buffering=0)) for _ in range(_AHEAD)]  # noqa: SIM115 - kept closes it
    except OSError:
        return None
    return _Inputs([file.fileno() for file in files])


def _gate(pipe: Connection, inputs: _Inputs) -> Gate:
    library = workers.answered(pipe)
    return Gate(library, EngineProcess(pipe, inputs))


class _Inputs:
    """The files of the inputs that wait for their values, used in turns."""

    def __init__(self, files: Sequence[int]) -> None:
        self._files = files
        self._written = 0

    def write(self, document: str) -> tuple[int, int]:
        """Write an input in the place of the oldest, and return its file and its size."""
        content = document.encode()
        file = self._files[self._written % len(self._files)]
        self._written += 1
        written = 0
        while written < len(content):
            written += os.pwrite(file, content[written:], written)
        return file, written

    def read(self, file: int, size: int) -> str:
        """Return the input of a file."""
        return os.pread(file, size, 0).decode()


class EngineProcess:
    """An engine by its end of the pipe (see :class:`compiler.policy.engine.Engine`)."""

    name = Regorus.name

    def __init__(self, pipe: Connection, inputs: _Inputs) -> None:
        self._pipe = pipe
        self._inputs = inputs

    @property
    def version(self) -> str:
        """The version of the embedded engine."""
        return version()

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value."""
        return next(self.evaluate_each(rule, (document,)))

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield a rule's value for each input."""
        workers.ask(self._pipe, rule)
        waiting = 0
        for document in documents:
            if waiting == _AHEAD:
                yield workers.answered(self._pipe)
                waiting -= 1
            workers.ask(self._pipe, self._inputs.write(document))
            waiting += 1
        workers.ask(self._pipe, None)
        for _ in range(waiting):
            yield workers.answered(self._pipe)

    def confirm(self) -> None:
        """Do nothing: no other process can change the interpreter."""


def _serve(policies: Path, inputs: _Inputs, pipe: Connection) -> None:
    """Answer with the library of the policies, and then each rule that is asked with its value for each input."""
    try:
        gate = remembering(policies, policies.parent)
        pipe.send(gate.library)
        while True:
            rule = pipe.recv()
            documents = (inputs.read(*place) for place in iter(pipe.recv, None))
            for value in gate.engine.evaluate_each(rule, documents):
                pipe.send(value)
    except (PolicyError, OSError) as error:
        pipe.send(error)
        while True:
            pipe.recv()  # what is asked after it was found, and before it was read
