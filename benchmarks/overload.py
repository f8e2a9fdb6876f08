"""A benchmark of an overload: more reads of a real PostgreSQL than its connections can make.

``python -m benchmarks.overload`` has each statement take ten milliseconds in the server, so that the server is the
bottleneck. It measures what the connections can make, and then lets reads arrive at random, at four fifths and at five
times of that, in one process and one round: how many are answered, and within which time.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from benchmarks.read_path import SETTINGS
from runtime.adapters import postgres as adapter
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import migrate
from runtime.embedded import postgres as embedded
from runtime.embedded.cluster import API
from runtime.environment import Address
from runtime.ports.availability import UnavailableError
from runtime.services.admission import INTERVAL_SECONDS
from runtime.services.asking import Asking
from runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

_SLOW = "SELECT found.*, pg_sleep(0.01) FROM ({}) AS found"
USUAL, OVERLOAD = 0.8, 5.0


@dataclass(frozen=True, slots=True)
class Answers:
    """Reads answered in a second, and the seconds within which 99 % of them were."""

    a_second: float
    within: float


@dataclass(frozen=True, slots=True)
class Round:
    """The reads that the connections can make in a second, and those of a usual load and of an overload."""

    capacity: float
    usual: Answers
    overload: Answers

    @property
    def goodput(self) -> float:
        """The part of the capacity that is answered in the overload."""
        return self.overload.a_second / self.capacity

    @property
    def latency(self) -> float:
        """The time within which 99 % are answered in the overload, in that of the usual load."""
        return self.overload.within / self.usual.within


def measure(rounds: int = 5, seconds: float = 5.0) -> Sequence[Round]:
    """Return some rounds, each with two loads of so many seconds."""
    settings = Settings.model_validate_json(json.dumps(SETTINGS))
    with (
        tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as folder,
        embedded.postgres(Path(folder)) as database,
        mock.patch.object(adapter, "_READ", _SLOW.format(adapter._READ)),  # noqa: SLF001 - made slow
    ):
        asyncio.run(migrate(Address(database.migration_url), settings.database, API))
        return [asyncio.run(_round(database.url, settings, seconds)) for _ in range(rounds)]


async def _round(url: str, settings: Settings, seconds: float) -> Round:
    store = adapter.PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await store.open()
    readers = 2 * settings.database.read_pool_size
    await _closed(store, settings, readers, 0.5)  # connects
    capacity = await _closed(store, settings, readers, seconds / 2)
    usual = await _arriving(store, settings, USUAL * capacity, seconds)
    overload = await _arriving(store, settings, OVERLOAD * capacity, seconds)
    await store.close()
    return Round(capacity, usual, overload)


async def _closed(store: adapter.PostgresEntries, settings: Settings, readers: int, seconds: float) -> float:
    """Return the reads a second of a number of ``readers``, each with one request at a time."""
    asking, end, count = Asking(settings.database), time.monotonic() + seconds, 0

    async def read() -> None:
        nonlocal count
        while time.monotonic() < end:
            await asking.ask(lambda: store.read("n", "k"))
            count += 1

    await asyncio.gather(*(read() for _ in range(readers)))
    return count / seconds


async def _arriving(store: adapter.PostgresEntries, settings: Settings, rate: float, seconds: float) -> Answers:
    """Return the answers to reads that arrive at random, but for those of the time that recognises an overload."""
    asking, chance, took = Asking(settings.database), random.Random(7), list[float]()  # noqa: S311  # no secret
    began = time.monotonic()
    counted = began + 2 * INTERVAL_SECONDS

    async def read() -> None:
        sent = time.monotonic()
        try:
            await asking.ask(lambda: store.read("n", "k"))
        except UnavailableError:
            return
        if sent >= counted:
            took.append(time.monotonic() - sent)

    due = began
    async with asyncio.TaskGroup() as group:
        while due < counted + seconds:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(read())
            due += chance.expovariate(rate)
    return Answers(len(took) / seconds, statistics.quantiles(took, n=100)[98] if len(took) > 1 else float("inf"))


def main() -> int:
    """Run the benchmark, and print what it measures."""
    for each in measure():
        print(  # noqa: T201 - its output
            f"capacity {each.capacity:.0f}/s; usual {each.usual.a_second:.0f}/s, 99 % in {each.usual.within:.3f} s;"
            f" overload {each.overload.a_second:.0f}/s, 99 % in {each.overload.within:.3f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
