"""Write ``generated/`` in children that are killed at random instants: killing.py ONE OTHER SEED prints what each left.

ONE and OTHER are two states of a project; the first's generated/ is written. Forking spares each run the start of the
command, so that dozens of instants fit into seconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from compiler import pipeline
from compiler.write import journal
from tests.e2e.states import chance, contents

if TYPE_CHECKING:
    from collections.abc import Callable

    from compiler.pipeline import Compilation

_RUNS = 36


@dataclass(frozen=True)
class Left:
    """What a kill left: a journal or none, and which of the two states the tree had once it was finished."""

    killed: bool
    pending: bool
    state: str


def main(one: Path, other: Path, seed: int) -> None:
    """Kill a writer of the one state or the other, in turns, and finish what it left."""
    instants = chance(seed)
    states = [pipeline.compile_project(root) for root in (one, other)]
    compilations = [replace(state, root=one) for state in states]
    trees, seconds = zip(*(_written(compilation) for compilation in compilations), strict=True)
    generated, current, found, longest = one / "generated", 1, [], max(seconds)
    for run in range(_RUNS):
        target = 1 - current
        until = (generated / ".cbp", generated / ".cbp/journal.json", generated)[run % 3]
        killed = _killed(partial(_write, compilations[target]), until, instants.uniform(0, longest))
        # However fast the machine is at the moment, some writers are killed and some come to their end.
        longest *= 1.2 if killed else 0.8
        pending = journal.pending(generated)
        if instants.random() < 1 / 3:  # whoever finishes it may be killed as well
            _killed(partial(journal.finish, generated), generated, instants.uniform(0, longest / 2))
        journal.finish(generated)
        tree = contents(one)
        state = {True: "new", False: "old"}[tree == trees[target]] if tree in trees else "neither"
        found.append(Left(killed, pending, state))
        current = target if state == "new" else current
    json.dump([asdict(left) for left in found], sys.stdout)


def _written(compilation: Compilation) -> tuple[object, float]:
    started = time.monotonic()
    _write(compilation)
    return contents(compilation.root), time.monotonic() - started


def _write(compilation: Compilation) -> None:
    pipeline.write(compilation)


def _killed(work: Callable[[], None], until: Path, seconds: float) -> bool:
    """Do the work in a child, and kill it some time after a path exists; say whether it was killed before its end."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    while not until.exists():
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
