"""``python -m benchmarks``, which is ``make bench``: measure the compiler and the API, and print one table.

It takes a few minutes on an idle machine, and writes only to temporary folders.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks import answering, compiling
from benchmarks.table import Aim, Row, machine, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks import changes, deliveries, gate, overload, parts, read_path

FEW, MANY = 3, 100
ROUNDS_OF_FEW, ROUNDS_OF_MANY = 11, 5


def main() -> None:
    """Run every benchmark and print the table."""
    few, many = compiling.measure(FEW, ROUNDS_OF_FEW), compiling.measure(MANY, ROUNDS_OF_MANY)
    answers = answering.measure(FEW, ROUNDS_OF_FEW)
    # Imported after the first measurements: this process's memory counts towards the peak of each process it starts.
    from benchmarks import changes, deliveries, gate, overload, parts, read_path

    rows = (
        *of_compiler(FEW, few),
        *of_compiler(MANY, many),
        *of_answers(FEW, answers),
        *of_share(gate.share(FEW, ROUNDS_OF_FEW)),
        *of_judging("the real output", gate.judging(gate.real_input(), ROUNDS_OF_FEW)),
        *of_judging("3,000 documents", gate.judging(gate.repeated(gate.real_input(), 3000), ROUNDS_OF_MANY)),
        *of_api(read_path.measure()),
        *of_parts(parts.measure()),
        *of_changes(changes.measure()),
        *of_deliveries(deliveries.measure()),
        *of_overload(overload.measure()),
    )
    sys.stdout.write(f"{machine()}; {ROUNDS_OF_FEW} and {ROUNDS_OF_MANY} rounds\n\n{table(rows)}")


def of_compiler(environments: int, rounds: Sequence[compiling.Round]) -> Iterator[Row]:
    """Yield the cost of compiling that many environments, with the aims for :data:`FEW` and :data:`MANY`."""
    few, many = environments == FEW, environments == MANY
    subject = f"{environments} environments"
    yield Row(
        f"{subject}: compile after an edit, wall s", [each.edited.wall for each in rounds], Aim(0.5) if few else None
    )
    yield Row(f"{subject}: compile after an edit, CPU s", [each.edited.cpu for each in rounds])
    yield Row(f"{subject}: compile, wall s", [each.fresh.wall for each in rounds])
    yield Row(f"{subject}: compile, CPU s", [each.fresh.cpu for each in rounds])
    yield Row(f"{subject}: compile, peak MiB", [each.fresh.peak for each in rounds], Aim(150) if many else None)
    yield Row(f"{subject}: floor, CPU s", [each.floor.cpu for each in rounds])
    yield Row(f"{subject}: compile / floor, CPU", [each.above_floor for each in rounds], Aim(3) if many else None)
    yield Row(f"{subject}: compile --check, wall s", [each.check.wall for each in rounds])
    yield Row(f"{subject}: compile --check, CPU s", [each.check.cpu for each in rounds])
    yield Row(f"{subject}: unchanged, wall s", [each.again.wall for each in rounds], Aim(0.3) if few else None)
    yield Row(f"{subject}: unchanged, CPU s", [each.again.cpu for each in rounds])


def of_answers(environments: int, rounds: Sequence[answering.Round]) -> Iterator[Row]:
    """Yield the cost of the first answers about an edit, with that of starting the command as the floor."""
    subject = f"{environments} environments"
    yield Row(f"{subject}: diff, CPU s", [each.diff.cpu for each in rounds], Aim(1))
    yield Row(f"{subject}: impact, CPU s", [each.impact.cpu for each in rounds], Aim(1))
    yield Row(f"{subject}: explain, CPU s", [each.explain.cpu for each in rounds], Aim(1))
    yield Row(f"{subject}: --version, CPU s", [each.floor.cpu for each in rounds])


def of_share(rounds: Sequence[gate.Share]) -> Iterator[Row]:
    """Yield the cost that the gate adds to compiling the real environments."""
    yield Row(f"{FEW} environments: gate, CPU s", [each.gate for each in rounds])
    yield Row(f"{FEW} environments: gate / the rest, CPU", [each.added for each in rounds], Aim(0.4))


def of_judging(subject: str, rounds: Sequence[gate.Judging]) -> Iterator[Row]:
    """Yield the time of all rules for one input; OPA's rows are empty when its library is not installed."""
    opa = [each.opa for each in rounds if each.opa]
    yield Row(f"gate, {subject}: regorus, s", [each.regorus for each in rounds])
    yield Row(f"gate, {subject}: OPA, s", opa)
    ratios = [each.regorus / each.opa for each in rounds if each.opa]
    yield Row(f"gate, {subject}: regorus / OPA", ratios, Aim(1))


def of_api(rounds: Sequence[read_path.Round]) -> Iterator[Row]:
    """Yield the cost of the API's read path, compared with a bare endpoint."""
    yield Row("read path: API, requests/s", [each.api.throughput for each in rounds])
    yield Row("read path: bare Starlette, requests/s", [each.bare.throughput for each in rounds])
    yield Row("read path: API / bare, throughput", [each.throughput for each in rounds], Aim(0.5, under=False))
    yield Row("read path: API / bare, CPU a request", [each.cpu for each in rounds])


def of_parts(rounds: Sequence[parts.Round]) -> Iterator[Row]:
    """Yield what each part of a worker adds to a read from memory, and what some of them add together."""
    yield Row("parts: a read from memory, CPU us", [each.whole.microseconds for each in rounds])
    for part in rounds[0].other:
        yield Row(f"parts: {part}, CPU us a read", [each.added(part) for each in rounds])
    yield Row("parts: what is bounded / a read without it", [each.bounded for each in rounds], Aim(0.1))


def of_changes(measured: changes.Measured) -> Iterator[Row]:
    """Yield the cost of changes, compared with bare endpoints and plain rows, and beside an old snapshot."""
    yield Row("changes: API, 32 clients, changes/s", [each.api for each in measured.rounds])
    yield Row("changes: bare endpoints that insert, rows/s", [each.bare for each in measured.rounds])
    yield Row("changes: API / bare endpoints", [each.beside_bare for each in measured.rounds], Aim(1, under=False))
    yield Row("changes: plain statements, rows/s", [each.plain for each in measured.rounds])
    yield Row("changes: API / plain", [each.ratio for each in measured.rounds], Aim(0.5, under=False))
    synchronous = [each.ratio for each in measured.synchronous]
    yield Row("changes: API / plain, 16 workers, synchronous standby", synchronous, Aim(0.5, under=False))
    beside = [each.beside_bare for each in measured.synchronous]
    yield Row("changes: API / bare endpoints, 16 workers, synchronous standby", beside, Aim(1, under=False))
    yield Row("changes: last / first 10 s of 60 beside an old snapshot", [measured.flatness], Aim(0.8, under=False))


def of_deliveries(rounds: Sequence[deliveries.Round]) -> Iterator[Row]:
    """Yield the speed of deliveries by two processes, one of which is killed, over HTTP and to a file."""
    speed = [each.http.speed for each in rounds]
    yield Row("deliveries: signed, over HTTP, deliveries/s", speed, Aim(2000, under=False))
    yield Row("deliveries: to a file, deliveries/s", [each.file.speed for each in rounds])
    yield Row("deliveries: over HTTP, CPU us of one", [each.http.cpu for each in rounds])
    yield Row("deliveries: over HTTP, CPU us of one, with database and receiver", [each.http.whole for each in rounds])
    yield Row("deliveries: to a file, CPU us of one", [each.file.cpu for each in rounds])


def of_overload(rounds: Sequence[overload.Round]) -> Iterator[Row]:
    """Yield the goodput and the latency of reads in an overload, compared with a usual load."""
    yield Row(
        "overload: reads at 5 times the capacity / capacity", [each.goodput for each in rounds], Aim(0.9, under=False)
    )
    yield Row("overload: 99 % within, s / the same of a usual load", [each.latency for each in rounds], Aim(2))


if __name__ == "__main__":
    main()
