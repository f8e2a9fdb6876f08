"""A benchmark of the parts of a worker: the CPU time that each of them adds to a read from memory.

``python -m benchmarks.parts`` asks the whole application and one without each part, in a process of its own each
(``benchmarks/part_process.py``), all of them in every round.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.part_process import BATCHES, PARTS, TRACES
from benchmarks.read_path import spread

if TYPE_CHECKING:
    from collections.abc import Mapping

BOUNDED = ("monitors", "shedding", TRACES, "metrics")
"""The parts that are bounded together: not those without which nobody is served, or known."""


@dataclass(frozen=True, slots=True)
class Cost:
    """The CPU of an application: microseconds of a request and of its metrics, and the share used without requests."""

    request: float
    written: float
    idle: float

    @property
    def microseconds(self) -> float:
        """The microseconds of a request in a saturated process, whose background work takes its share of the CPU."""
        return (self.request + self.written) / (1 - self.idle)


@dataclass(frozen=True, slots=True)
class Round:
    """The cost of a request to the whole application, and to one without each part or, of traces, with it."""

    whole: Cost
    other: Mapping[str, Cost]

    def added(self, part: str) -> float:
        """Return the microseconds that a part adds to a request."""
        difference = self.whole.microseconds - self.other[part].microseconds
        return -difference if part == TRACES else difference

    @property
    def bounded(self) -> float:
        """The cost of the bounded parts, relative to a request without them."""
        added = sum(self.added(part) for part in BOUNDED)
        return added / (self.whole.microseconds + self.added(TRACES) - added)  # the whole is asked without a trace


def measure(rounds: int = 7) -> tuple[Round, ...]:
    """Ask every application in each of ``rounds``, taking turns in going first."""
    names = ["", *PARTS, TRACES]
    measured = []
    for number in range(rounds):
        first = number % len(names)
        costs = {name: measured_cost(name) for name in (*names[first:], *names[:first])}
        measured.append(Round(costs.pop(""), costs))
    return tuple(measured)


def main() -> int:
    """Run the benchmark, and print what each part adds."""
    measured = measure()
    print(f"a read from memory: {spread([each.whole.microseconds for each in measured])} us")  # noqa: T201 - its output
    for part in measured[0].other:
        print(f"{part}: {spread([each.added(part) for each in measured])} us")  # noqa: T201 - its output
    together = spread([100 * each.bounded for each in measured])
    print(f"{', '.join(BOUNDED)}: {together} %")  # noqa: T201 - its output
    return 0


def measured_cost(part: str, batches: int = BATCHES) -> Cost:
    """Return the cost of a request to an application without a part, or with the one that clients switch on."""
    command = (sys.executable, "-m", "benchmarks.part_process", part, str(batches))
    ran = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)  # noqa: S603 - ours
    return Cost(**json.loads(ran.stderr))


if __name__ == "__main__":
    sys.exit(main())
