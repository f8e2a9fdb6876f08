"""A benchmark of deliveries: two processes deliver changes from a durable PostgreSQL, and one is killed on the way.

``python -m benchmarks.deliveries`` makes changes, each with one entry, and then has two processes deliver them: signed,
over HTTP, to a receiver on this machine that verifies each signature. Each delivery is acknowledged by itself; the
acknowledgements of a few milliseconds share a statement. One of the processes is killed after a third. In the same
round, and in turns with it, the same is done with a receiver that appends to a file: the queue without HTTP.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import uvloop

from benchmarks import delivering as over_http
from benchmarks.changes import DURABLE
from benchmarks.deliveries_receiver import receiving
from benchmarks.read_path import SETTINGS, cpu_seconds, spread
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import migrate
from runtime.domain.webhooks import parse_keys
from runtime.embedded import postgres as embedded
from runtime.embedded.cluster import API
from runtime.environment import Address
from runtime.settings import Settings
from tests.runtime import delivering as to_file
from tests.runtime.changing import change, edit
from tests.runtime.external import new_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from types import ModuleType

    from runtime.embedded.postgres import PostgresServer

CHANGES, TOGETHER, NAMESPACES = 8000, 200, 64
MOST = 0.8
"""The part of the changes whose speed counts: the last ones wait until the claims of the killed process run out."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Deliveries a second, and how many of them came twice.

    ``cpu`` is that of one in the delivering processes, in microseconds, and ``whole`` that of one in all processes,
    PostgreSQL and the receiver included.
    """

    speed: float
    repeated: int
    cpu: float
    whole: float


@dataclass(frozen=True, slots=True)
class Round:
    """The samples of both receivers, one right after the other."""

    http: Sample
    file: Sample


def measure(rounds: int = 5, changes: int = CHANGES) -> tuple[Round, ...]:
    """Deliver ``changes`` to both receivers in each of ``rounds``, each time from a new database."""
    settings = Settings.model_validate_json(json.dumps(SETTINGS))
    measured = []
    for number in range(rounds):
        kinds = (_over_http, _to_file) if number % 2 else (_to_file, _over_http)
        samples = {kind: uvloop.run(kind(settings, changes)) for kind in kinds}
        measured.append(Round(samples[_over_http], samples[_to_file]))
    return tuple(measured)


def main() -> int:
    """Run the benchmark, and print every round and the speeds."""
    measured = measure()
    for number, each in enumerate(measured, 1):
        cpu = f"{each.http.cpu:4.0f} us of {each.http.whole:4.0f}"
        line = f"round {number}: HTTP {each.http.speed:5.0f}/s {cpu} {each.http.repeated} twice,"
        print(f"{line} file {each.file.speed:5.0f}/s {each.file.cpu:4.0f} us")  # noqa: T201 - its output
    print(f"deliveries/s over HTTP: {spread([each.http.speed for each in measured])}")  # noqa: T201 - its output
    return 0


async def _over_http(settings: Settings, changes: int) -> Sample:
    key = new_key()
    async with _prepared(settings, changes) as (folder, database), receiving(parse_keys(key)[0]) as received:
        keys = folder / "keys"
        keys.write_text(f"{key}\n")
        arguments = (database.url, received.url, str(keys), settings.model_dump_json())
        sample = await _sample(over_http, arguments, changes, lambda: received.deliveries, database)
        return replace(sample, repeated=received.deliveries - len(received.ids))


async def _to_file(settings: Settings, changes: int) -> Sample:
    async with _prepared(settings, changes) as (folder, database):
        file = folder / "received"
        file.touch()
        arguments = (database.url, str(file), settings.model_dump_json())
        sample = await _sample(to_file, arguments, changes, lambda: file.read_bytes().count(b"\n"), database)
        ids = [json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()]
        return replace(sample, repeated=len(ids) - len(set(ids)))


@asynccontextmanager
async def _prepared(settings: Settings, changes: int) -> AsyncIterator[tuple[Path, PostgresServer]]:
    """Yield a folder, and a durable PostgreSQL with changes that a subscriber has not received."""
    with (
        tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name,
        embedded.postgres(Path(name), parameters=DURABLE) as database,
    ):
        await migrate(Address(database.migration_url), settings.database, API)
        store = PostgresEntries(Address(database.url), None, settings.database, Horizon(3))
        await store.open()
        await PostgresDeliveries(store, 2).fan_out(to_file.SUBSCRIPTION, 0, 1, 1)
        for first in range(0, changes, TOGETHER):  # in groups, as workers do
            numbers = range(first, min(first + TOGETHER, changes))
            await store.change([change(edit(f"n{number % NAMESPACES}", f"k{number}")) for number in numbers])
        await store.close()
        yield Path(name), database


async def _sample(
    program: ModuleType, arguments: Sequence[str], changes: int, seen: Callable[[], int], database: PostgresServer
) -> Sample:
    """Deliver by two processes, kill one after a third of the changes, and return the sample of the counted part."""
    with _running([sys.executable, "-m", program.__name__, *arguments]) as processes:
        while not seen():
            await asyncio.sleep(0.001)
        began, before, at_first = time.perf_counter(), _cpu(processes), seen()
        others = _of_tree(database.child.pid) + time.process_time()
        while seen() < changes // 3:
            await asyncio.sleep(0.005)
        used = _cpu(processes) - before
        processes.pop(0).kill()
        before = _cpu(processes)
        while seen() < changes * MOST:
            await asyncio.sleep(0.005)
        delivered, seconds = seen() - at_first, time.perf_counter() - began
        used += _cpu(processes) - before
        others = _of_tree(database.child.pid) + time.process_time() - others
        return Sample(delivered / seconds, 0, used / delivered * 1e6, (used + others) / delivered * 1e6)


@contextmanager
def _running(command: Sequence[str]) -> Iterator[list[subprocess.Popen[bytes]]]:
    processes = [subprocess.Popen(command) for _ in range(2)]  # noqa: S603 - its own command
    started = list(processes)
    try:
        yield processes
    finally:
        for process in started:
            process.kill()
            process.wait()


def _cpu(processes: Sequence[subprocess.Popen[bytes]]) -> float:
    return sum(cpu_seconds(process.pid) for process in processes)


def _of_tree(process: int) -> float:
    """Return the CPU seconds of a process and its descendants, also of those that have ended."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    own = sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    return own + sum(_of_tree(int(child)) for child in children)


if __name__ == "__main__":
    sys.exit(main())
