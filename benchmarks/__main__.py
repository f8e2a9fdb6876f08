"""``python -m benchmarks``, which is ``make bench``: measure the compiler and the API, and print one table.

It takes a few minutes, on a machine that does nothing else. Nothing is written outside of temporary folders.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks import compiling
from benchmarks.table import Aim, Row, machine, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks import read_path

FEW, MANY = 3, 100
ROUNDS_OF_FEW, ROUNDS_OF_MANY = 11, 5


def main() -> None:
    """Measure and print."""
    few, many = compiling.measure(FEW, ROUNDS_OF_FEW), compiling.measure(MANY, ROUNDS_OF_MANY)
    # Only now: what this process has imported counts as memory of each process that it starts.
    from benchmarks import read_path

    rows = (*of_compiler(FEW, few), *of_compiler(MANY, many), *of_api(read_path.measure()))
    sys.stdout.write(f"{machine()}; {ROUNDS_OF_FEW} and {ROUNDS_OF_MANY} rounds\n\n{table(rows)}")


def of_compiler(environments: int, rounds: Sequence[compiling.Round]) -> Iterator[Row]:
    """Yield what compiling so many environments costs; the aims are those of the two numbers that are measured."""
    few, many = environments == FEW, environments == MANY
    what = f"{environments} environments"
    yield Row(f"{what}: compile, wall s", [each.fresh.wall for each in rounds], Aim(0.5) if few else None)
    yield Row(f"{what}: compile, CPU s", [each.fresh.cpu for each in rounds])
    yield Row(f"{what}: compile, peak MiB", [each.fresh.peak for each in rounds], Aim(150) if many else None)
    yield Row(f"{what}: floor, CPU s", [each.floor.cpu for each in rounds])
    yield Row(f"{what}: compile / floor, CPU", [each.above_floor for each in rounds], Aim(3) if many else None)
    yield Row(f"{what}: compile --check, wall s", [each.check.wall for each in rounds])
    yield Row(f"{what}: compile --check, CPU s", [each.check.cpu for each in rounds])
    yield Row(f"{what}: unchanged, wall s", [each.again.wall for each in rounds], Aim(0.3) if few else None)
    yield Row(f"{what}: unchanged, CPU s", [each.again.cpu for each in rounds])


def of_api(rounds: Sequence[read_path.Round]) -> Iterator[Row]:
    """Yield what the API's read path costs beside a bare endpoint."""
    yield Row("read path: API, requests/s", [each.api.throughput for each in rounds])
    yield Row("read path: bare Starlette, requests/s", [each.bare.throughput for each in rounds])
    yield Row("read path: API / bare, throughput", [each.throughput for each in rounds], Aim(0.5, under=False))
    yield Row("read path: API / bare, CPU a request", [each.cpu for each in rounds])


if __name__ == "__main__":
    main()
