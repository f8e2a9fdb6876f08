"""A benchmark of deliveries: two processes deliver changes from a durable PostgreSQL, and one is killed on the way.

``python -m benchmarks.deliveries`` makes changes, each with one entry, and then has two processes deliver them, each
acknowledged by a statement of its own; it kills one after a third. It prints the deliveries a second, and how many came
twice.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.changes import DURABLE
from benchmarks.read_path import SETTINGS
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_migrations import migrate
from runtime.embedded import postgres as embedded
from runtime.embedded.cluster import API
from runtime.environment import Address
from runtime.settings import Settings
from tests.runtime import delivering
from tests.runtime.changing import change, edit

CHANGES, TOGETHER, NAMESPACES = 8000, 200, 64
MOST = 0.8
"""The part of the changes whose speed counts: the last ones wait until the claims of the killed process run out."""


async def prepare(url: str, settings: Settings) -> None:
    """Follow, and then make the changes in groups, as workers do."""
    store = PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await store.open()
    await PostgresDeliveries(store, 2).fan_out(delivering.SUBSCRIPTION, 0, 1, 1)
    for first in range(0, CHANGES, TOGETHER):
        numbers = range(first, first + TOGETHER)
        await store.change([change(edit(f"n{number % NAMESPACES}", f"k{number}")) for number in numbers])
    await store.close()


def main() -> int:
    """Run the benchmark, and print what it measures."""
    settings = Settings.model_validate_json(json.dumps(SETTINGS))
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name:
        folder = Path(name)
        with embedded.postgres(folder, parameters=DURABLE) as database:
            asyncio.run(migrate(Address(database.migration_url), settings.database, API))
            asyncio.run(prepare(database.url, settings))
            print("\n".join(_deliver(database.url, folder / "received", settings)))  # noqa: T201 - its output
    return 0


def _deliver(url: str, file: Path, settings: Settings) -> list[str]:
    file.touch()
    command = [sys.executable, "-m", delivering.__name__, url, str(file), settings.model_dump_json()]
    processes = [subprocess.Popen(command) for _ in range(2)]  # noqa: S603 - its own command
    began, most, killed = 0.0, 0.0, False
    try:
        while (seen := file.read_bytes().count(b"\n")) < CHANGES:
            began = began or (time.perf_counter() if seen else 0.0)
            if seen >= CHANGES * MOST and not most:
                most = seen / (time.perf_counter() - began)
            if seen >= CHANGES // 3 and not killed:
                killed = True
                processes[0].kill()
            time.sleep(0.01)
        seconds = time.perf_counter() - began
    finally:
        for process in processes:
            process.kill()
            process.wait()
    lines = file.read_text(encoding="utf-8").splitlines()
    ids = {json.loads(line)["id"] for line in lines}
    return [
        f"{most:.0f} deliveries/s up to {MOST:.0%}, all in {seconds:.1f} s",
        f"{len(lines) - len(ids)} of {len(lines)} came twice",
    ]


if __name__ == "__main__":
    sys.exit(main())
