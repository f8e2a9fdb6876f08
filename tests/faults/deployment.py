"""The service as it is deployed: replicas of several workers, breakable ways to their servers, and receivers."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from runtime.embedded.api import migrate
from runtime.embedded.loopback import LOOPBACK
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program
from tests.compiler.project import artifacts, site
from tests.faults.cache import Valkey
from tests.faults.container import Container
from tests.faults.database import PREVIOUS, Postgres, durable_postgres, with_password
from tests.faults.receivers import receiving
from tests.identity import access
from tests.runtime.forwarder import Forwarder, forwarding
from tests.runtime.replicated import NAME, Replicated, replicated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from tests.faults.receivers import Receiver

STALE_SECONDS = 6
"""How long memory may answer while PostgreSQL is away."""

CHANGE_SECONDS = 3
"""The deadline of a change."""

REPLICAS = 2
WORKERS = 2
START_SECONDS = 60.0
ENDED = "Finished server process"
EPHEMERAL = ('save ""', "appendonly no")
QUOTA = {"capacity": 30, "refill_per_minute": 600}
"""The bucket of each client. Only the flood of a row that is about it meets it: other clients change who they are."""


CALL_SECONDS = 1
"""The longest that a receiver of changes has to answer."""

CIRCUIT = {"failure_threshold": 2, "reset_seconds": 2}
"""The circuits to the receivers: a worker without one would ask several times in each of these seconds."""


def settings() -> dict[str, Any]:
    """Return the settings of the frozen project, small enough for a test machine and with short times."""
    document: dict[str, Any] = json.loads(artifacts(site())["runtime/settings.json"].content)
    document["process"] |= {"workers": WORKERS, "shutdown_seconds": 3, "cache_bytes": 1_000_000}
    document["database"]["retry"] |= {"initial_milliseconds": 20, "maximum_milliseconds": 200}
    document["database"]["circuit_breaker"] = {"failure_threshold": 2, "reset_seconds": 1}
    document["database"] |= {
        "pool_size": 4,
        "read_pool_size": 4,
        "partitions": 2,
        "connect_timeout_seconds": 2,
        "statement_timeout_seconds": CHANGE_SECONDS,
        "stale_seconds": STALE_SECONDS,
    }
    document["throttling"] |= {"address": QUOTA, "client": QUOTA, "endpoint": None, "routes": [], "replicas": REPLICAS}
    document["external_services"] |= {"timeout_seconds": CALL_SECONDS, "waiting_milliseconds": 500, "idle_seconds": 1}
    document["external_services"]["integrations"] = {"pool_size": 4, "circuit_breaker": CIRCUIT}
    document["queue"]["visibility_seconds"] = 4
    document["queue"]["retry"] |= {"attempts": 1000, "initial_milliseconds": 20, "maximum_milliseconds": 50}
    document["access"] = access()
    return document


class Replica:
    """One replica: a parent process and its workers in a container, and its own ways to the servers.

    ``direct`` leads to PostgreSQL itself where a pooler is before it.
    """

    def __init__(
        self,
        folder: Path,
        settings: Path,
        database: Forwarder,
        direct: Forwarder,
        cache: Forwarder,
        variables: Mapping[str, str],
    ) -> None:
        folder.mkdir()
        self.database = database
        self.direct = direct
        self.cache = cache
        self.container = Container(folder / "container")
        self._more = variables
        self.password_file = folder / "password"
        self._folder = folder
        self._settings = settings
        self._child: Child | None = None
        self._log = folder / "log.jsonl"
        self._starts = 0
        self._port = 0

    @property
    def url(self) -> str:
        """Return the address at which it listens whenever it runs."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def workers(self) -> list[int]:
        """Return the processes of the workers that have started since its last start, in order."""
        return [event["process"] for event in self._events() if event["event"] == "Application startup complete."]

    @property
    def databases(self) -> tuple[Forwarder, Forwarder]:
        """Return both ways to PostgreSQL."""
        return self.database, self.direct

    @property
    def metrics_url(self) -> str:
        """Return the address of its metrics."""
        (port,) = (event["port"] for event in self._events() if event["event"] == "the management port is open")
        return f"http://{LOOPBACK}:{port}/metrics"

    def start(self) -> None:
        """Start it, on a free port the first time, and return when every worker serves."""
        self._starts += 1
        self._log = self._folder / f"log-{self._starts}.jsonl"
        options = ("--settings", str(self._settings), "--port", str(self._port), "--management-port", "0")
        self._child = start(
            Program(
                name="A replica",
                arguments=self.container.inside(sys.executable, "-m", "runtime", *options),
                directory=self._folder,
                log=self._log,
                environment=_inherited(self._folder) | self._variables(),
                stop_seconds=10,
                death=signal.SIGTERM,  # so that it stops its workers
            )
        )
        self._child.wait_until(self._serves, START_SECONDS)
        self._port = urlsplit(self._text().partition("Uvicorn running on ")[2].split()[0]).port or 0

    def kill(self) -> None:
        """End every process of it at once."""
        if self._child is not None:
            # The parent first: it would replace a worker that is gone.
            for process in (self._child.pid, *self.workers):
                _signal(process, signal.SIGKILL)
            self._child.stop()
            self._child = None

    def replace_workers(self) -> None:
        """Let new workers take the place of those that run, one by one, and return when they have."""
        assert self._child is not None
        wanted = self._text().count(ENDED) + WORKERS
        os.kill(self._child.pid, signal.SIGHUP)
        self._child.wait_until(lambda: self._text().count(ENDED) >= wanted, START_SECONDS)

    def busiest_worker(self) -> int:
        """Return the process of the worker with the most connections: one accepts most of them when there are few."""
        return max(self.workers, key=lambda process: len(_sockets(process)))

    def worker_with(self, port: int) -> int | None:
        """Return the worker whose TCP connection has a local port, if it is one of this replica."""
        lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        wanted = {f"socket:[{line[9]}]" for line in lines if int(line[1].partition(":")[2], 16) == port}
        return next((each for each in self.workers if wanted & _sockets(each)), None)

    def _variables(self) -> dict[str, str]:
        return {
            "CBP_DATABASE_URL": with_password(self.database.url, "unused"),
            "CBP_DATABASE_DIRECT_URL": with_password(self.direct.url, "unused"),
            "CBP_DATABASE_PASSWORD_FILE": str(self.password_file),
            "CBP_DATABASE_PREVIOUS_USER": PREVIOUS,
            "CBP_REDIS_URL": self.cache.url,
            "CBP_TRUSTED_PROXIES": "127.0.0.1/32",
            **self._more,
        }

    def _events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._text().splitlines(keepends=True) if line.endswith("\n")]

    def _serves(self) -> bool:
        return self._text().count("Application startup complete.") >= WORKERS

    def _text(self) -> str:
        return self._log.read_text(encoding="utf-8")


@dataclass(slots=True)
class Deployment:
    """Everything that a row of faults acts on."""

    folder: Path
    settings: Mapping[str, Any]
    database: Postgres
    cache: Valkey
    redis: Replicated | None
    """The servers that sentinels watch, which then are used in place of ``cache``."""
    replicas: list[Replica]
    receivers: list[Receiver]
    """They take every change; the first one is the one that faults are of."""
    running: AsyncExitStack
    """Where servers that are started later are stopped at the end."""

    @property
    def databases(self) -> list[Forwarder]:
        """Return every way to PostgreSQL."""
        return [way for replica in self.replicas for way in replica.databases]

    def new_folder(self, name: str) -> Path:
        """Return the path of a folder that is not there yet."""
        return self.folder / f"{name}-{secrets.token_hex(4)}"

    def hand_out_password(self) -> None:
        """Write the password of the role that serves to the files that the replicas read."""
        for replica in self.replicas:
            replica.password_file.touch(mode=0o600)
            replica.password_file.write_text(self.database.password)

    async def lead_to(self, server: Postgres) -> None:
        """Lead the replicas to another PostgreSQL, as the address of a service that follows its primary does."""
        self.database = server
        for way in self.databases:
            way.target = server.url
            await way.sever()


@asynccontextmanager
async def deployed(folder: Path, *, sentinels: bool = False) -> AsyncIterator[Deployment]:
    """Run the whole of it in an empty folder, and leave no process behind; Redis is replicated under ``sentinels``."""
    async with AsyncExitStack() as running:
        document = settings()
        path = folder / "settings.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        cache = running.enter_context(_valkey(folder / "valkey"))
        redis = await asyncio.to_thread(running.enter_context, replicated(folder)) if sentinels else None
        database = await asyncio.to_thread(running.enter_context, durable_postgres(folder))
        await asyncio.to_thread(migrate, folder, path, database.migration_url)
        await database.keep_previous_password()
        receivers, subscribers = await running.enter_async_context(receiving(folder, ("ledger", "cards")))
        variables = {**_watched(redis), "CBP_SUBSCRIBERS_FILE": str(subscribers)}
        replicas = []
        for number in range(REPLICAS):
            to_database = await running.enter_async_context(forwarding(database.url))
            direct = await running.enter_async_context(forwarding(database.url))
            to_cache = await running.enter_async_context(forwarding(cache.url))
            replica = Replica(folder / f"replica-{number}", path, to_database, direct, to_cache, variables)
            running.callback(replica.kill)
            replicas.append(replica)
        deployment = Deployment(folder, document, database, cache, redis, replicas, receivers, running)
        deployment.hand_out_password()
        await asyncio.gather(*(asyncio.to_thread(replica.start) for replica in replicas))
        while await database.execute("SELECT count(*) FROM subscribers") < len(receivers):
            await asyncio.sleep(0.05)  # they receive the changes from then on
        yield deployment


class Deployments:
    """One deployment after another below a folder: one that a fault has broken for good is replaced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = AsyncExitStack()
        self._current: Deployment | None = None

    async def current(self, *, sentinels: bool) -> Deployment:
        """Return the deployment that runs, or start one, with or without sentinels."""
        if self._current is not None and sentinels != (self._current.redis is not None):
            await self.discard()
        if self._current is None:
            folder = self._folder / secrets.token_hex(4)
            folder.mkdir()
            self._current = await self._running.enter_async_context(deployed(folder, sentinels=sentinels))
        return self._current

    async def discard(self) -> None:
        """Stop the deployment that runs; the next one is a new one."""
        self._current = None
        await self._running.aclose()


@contextmanager
def _valkey(folder: Path) -> Iterator[Valkey]:
    server = Valkey(folder, secrets.token_hex(16), EPHEMERAL)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _watched(redis: Replicated | None) -> dict[str, str]:
    """Return the variables that lead to the master whom sentinels name."""
    if redis is None:
        return {}
    return {
        "CBP_REDIS_URL": redis.servers[0].url,
        "CBP_REDIS_SENTINELS": ",".join(f"{host}:{port}" for host, port in redis.addresses),
        "CBP_REDIS_MASTER_NAME": NAME,
    }


def _inherited(folder: Path) -> dict[str, str]:
    """Return our environment without the service's variables, and with temporary files in a folder of ours."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CBP_", "PROMETHEUS_"))}
    return kept | {"TMPDIR": str(folder)}


def _sockets(process: int) -> set[str]:
    """Return the sockets of a process; none, when it has ended."""
    found = set()
    with suppress(FileNotFoundError):
        for file in Path(f"/proc/{process}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed meanwhile
                found.add(str(file.readlink()))
    return {each for each in found if each.startswith("socket:")}


def _signal(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:
        return  # it has ended already
