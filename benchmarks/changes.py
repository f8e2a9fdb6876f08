"""A benchmark of changes: the API's, compared with plain INSERT statements of the same rows, over HTTP and without.

``python -m benchmarks.changes`` starts a durable PostgreSQL and a Valkey, two workers of the API with everything on,
and two bare Starlette endpoints that insert an event and an entry for each request. It loads in turns the API, the bare
endpoints by as many HTTP clients, and the database by as many sessions that insert such rows, in transactions that the
server commits in groups. Then it loads the API for a longer time beside a session that holds an old snapshot, as a dump
does; and 16 workers, whose groups are small, in turns with such sessions, both with a synchronous standby.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import uvloop

from benchmarks.plain_rows import PLAIN_EVENT, PLAIN_TABLES
from benchmarks.read_path import TOKEN_SECONDS, Server, serving, spread, write_settings
from runtime.adapters.postgres_migrations import migrate
from runtime.embedded import postgres as embedded
from runtime.embedded.cluster import API
from runtime.embedded.issuer import local_issuer
from runtime.embedded.loopback import LOOPBACK
from runtime.embedded.valkey import valkey
from runtime.environment import Address
from tests.faults.database import STANDBY, durable_postgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from tests.faults.database import Postgres

CLIENTS = 32
STANDBY_SECONDS = 30
"""The longest wait for the standby to be synchronous."""

WORKERS, MANY_WORKERS = 2, 16
VALUE = '{"limit": 5000, "currency": "EUR"}'
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True)
class Round:
    """Changes a second of the API, and rows a second of plain statements and of bare endpoints right after."""

    api: float
    plain: float
    bare: float

    @property
    def ratio(self) -> float:
        """The API's changes as a part of the plain rows."""
        return self.api / self.plain

    @property
    def beside_bare(self) -> float:
        """The API's changes as a part of the rows of the bare endpoints."""
        return self.api / self.bare


@dataclass(frozen=True, slots=True)
class Measured:
    """The rounds, and the changes a second in each part of a load beside an old snapshot."""

    rounds: tuple[Round, ...]
    beside_snapshot: tuple[float, ...]
    synchronous: tuple[Round, ...] = ()
    """The rounds of many workers with a synchronous standby."""

    @property
    def flatness(self) -> float:
        """The last part beside the snapshot relative to the first."""
        return self.beside_snapshot[-1] / self.beside_snapshot[0]


def measure(rounds: int = 5, seconds: float = 4.0, parts: int = 6, part_seconds: float = 10.0) -> Measured:
    """Load all in each of ``rounds``, after an uncounted one, and the API beside a snapshot for some ``parts``.

    Then load many workers in as many rounds, with a synchronous standby.
    """
    with servers(_alone, WORKERS) as running:
        measured = uvloop.run(loaded(running, rounds, seconds, (parts, part_seconds)))
    with servers(with_standby, MANY_WORKERS) as running:
        return replace(measured, synchronous=uvloop.run(loaded(running, rounds, seconds, (0, 0))).rounds)


async def loaded(running: Servers, rounds: int, seconds: float, parts: tuple[int, float]) -> Measured:
    """Load servers that run, as :func:`measure` says."""
    owner = await asyncpg.connect(running.address)
    try:
        await owner.execute(PLAIN_TABLES)
        measured = [await _round(running, number, seconds) for number in range(rounds + 1)]
        async with owner.transaction(isolation="repeatable_read"):
            await owner.fetchval("SELECT count(*) FROM entries")
            beside = [await _changes(running.workers, "beside", parts[1], repeated=True) for _ in range(parts[0])]
        return Measured(tuple(measured[1:]), tuple(beside))
    finally:
        owner.terminate()


async def _round(running: Servers, number: int, seconds: float) -> Round:
    return Round(
        await _changes(running.workers, f"round-{number}", seconds),
        await _inserts(running.address, f"round-{number}", seconds),
        await _changes(running.bare, f"bare-{number}", seconds),
    )


async def _changes(workers: Sequence[Server], name: str, seconds: float, *, repeated: bool = False) -> float:
    """Return the changes a second of ``CLIENTS`` clients, each with its own keys: new ones, or the same 1,000."""
    until = time.perf_counter() + seconds
    asked = [workers[number % len(workers)] for number in range(CLIENTS)]
    made = await asyncio.gather(
        *(_client(worker, f"{name}-{number}", until, repeated=repeated) for number, worker in enumerate(asked))
    )
    return sum(made) / seconds


async def _client(worker: Server, name: str, until: float, *, repeated: bool) -> int:
    reader, writer = await asyncio.open_connection(LOOPBACK, worker.port)
    body = json.dumps({"value": json.loads(VALUE)}).encode()
    made = number = 0
    exists = repeated
    while time.perf_counter() < until:
        key = number % 1000 if repeated else number
        condition = "If-Match: *\r\n" if exists else ""
        head = (
            f"PUT /v1/namespaces/{name}/entries/k{key} HTTP/1.1\r\nHost: {LOOPBACK}\r\n{worker.fields}{condition}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        await reader.readexactly(int(answer.partition("content-length: ")[2].split("\r\n")[0]))
        if answer.startswith(("http/1.1 200", "http/1.1 201")):
            made, number, exists = made + 1, number + 1, repeated
        elif answer.startswith("http/1.1 412"):
            exists = False
        else:
            raise RuntimeError(answer)
    writer.close()
    return made


async def _inserts(address: str, name: str, seconds: float) -> float:
    """Return the rows a second of ``CLIENTS`` sessions, which are open before the time begins."""
    sessions = await asyncio.gather(*(asyncpg.connect(address) for _ in range(CLIENTS)))
    until = time.perf_counter() + seconds
    try:
        made = await asyncio.gather(*(_session(each, f"{name}-{n}", until) for n, each in enumerate(sessions)))
    finally:
        for each in sessions:
            each.terminate()
    return sum(made) / seconds


async def _session(connection: asyncpg.Connection, name: str, until: float) -> int:
    number = 0
    while time.perf_counter() < until:
        await connection.execute(PLAIN_EVENT, name, f"k{number}", VALUE)
        number += 1
    return number


@dataclass(frozen=True, slots=True)
class Servers:
    """Workers of the API, as many bare endpoints, and the address of the database for its administrator."""

    workers: tuple[Server, ...]
    bare: tuple[Server, ...]
    address: str


@dataclass(frozen=True, slots=True)
class Addresses:
    """Addresses of a PostgreSQL: for the role of the API, for the role that migrates, and for the superuser."""

    url: str
    migration_url: str
    administrator: str


@contextmanager
def _alone(folder: Path) -> Iterator[Addresses]:
    with embedded.postgres(folder, parameters=DURABLE) as server:
        administrator = f"{server.admin_url.rpartition('/')[0]}/{server.url.rpartition('/')[2]}"
        yield Addresses(server.url, server.migration_url, administrator)


@contextmanager
def with_standby(folder: Path) -> Iterator[Addresses]:
    """Run a primary that acknowledges a commit once its standby has it on its disk."""
    with durable_postgres(folder, archive_mode="off", min_wal_size="80MB", max_wal_size="1GB") as primary:
        standby = primary.backup(folder / STANDBY, primary.port, "--write-recovery-conf")
        try:
            standby.start()
            asyncio.run(primary.configure(synchronous_standby_names=STANDBY))
            asyncio.run(_synchronous(primary))
            yield Addresses(primary.url, primary.migration_url, primary.admin_url)
        finally:
            standby.kill()


async def _synchronous(primary: Postgres) -> None:
    async with asyncio.timeout(STANDBY_SECONDS):
        while await primary.execute("SELECT sync_state FROM pg_stat_replication") != "sync":
            await asyncio.sleep(0.05)


@contextmanager
def servers(run: Callable[[Path], AbstractContextManager[Addresses]], number: int) -> Iterator[Servers]:
    """Run the stores, and that many workers and bare endpoints."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name, ExitStack() as running:
        folder = Path(name)
        signer = running.enter_context(local_issuer())
        settings = write_settings(folder, signer)
        database = running.enter_context(run(folder))
        cache = running.enter_context(valkey(folder))
        asyncio.run(migrate(Address(database.migration_url), settings.database, API))
        token = signer.token(seconds=TOKEN_SECONDS)
        variables = {"CBP_DATABASE_URL": database.url, "CBP_REDIS_URL": cache.url}
        workers = [running.enter_context(serving(folder, "api", variables, token)) for _ in range(number)]
        administrator = database.administrator
        bare = [running.enter_context(serving(folder, "inserting", {}, token, administrator)) for _ in range(number)]
        yield Servers(tuple(workers), tuple(bare), administrator)


def main() -> int:
    """Run the benchmark, and print every round and the ratios."""
    measured = measure()
    for number, each in enumerate(measured.rounds, 1):
        print(_text(number, each))  # noqa: T201 - its output
    print(f"API / bare endpoints: {spread([each.beside_bare for each in measured.rounds])}")  # noqa: T201 - its output
    print(f"API / plain: {spread([each.ratio for each in measured.rounds])}")  # noqa: T201 - its output
    parts = ", ".join(f"{part:.0f}" for part in measured.beside_snapshot)
    print(f"beside an old snapshot, changes/s: {parts}")  # noqa: T201 - its output
    for number, each in enumerate(measured.synchronous, 1):
        print(f"{MANY_WORKERS} workers and a synchronous standby, {_text(number, each)}")  # noqa: T201 - its output
    ratios = spread([each.ratio for each in measured.synchronous])
    print(f"{MANY_WORKERS} workers and a synchronous standby, API / plain: {ratios}")  # noqa: T201 - its output
    return 0


def _text(number: int, each: Round) -> str:
    return f"round {number}: API {each.api:6.0f}/s, bare endpoints {each.bare:6.0f}/s, plain {each.plain:6.0f}/s"


if __name__ == "__main__":
    sys.exit(main())
