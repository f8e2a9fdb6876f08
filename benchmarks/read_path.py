"""A benchmark of the API's read path, compared with a bare Starlette endpoint that returns the same bytes.

``python -m benchmarks.read_path`` starts an embedded PostgreSQL and Valkey, a worker of the API with everything on
(identity, observation, access log, throttling by leases, entity tags) and the bare endpoint, each one process with the
same uvicorn options, and loads them in turns. The server's CPU time for a request is the steadier figure: on a busy
machine the throughput changes, but hardly the CPU time.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import uvloop

from benchmarks.read_path_client import load
from runtime.adapters.postgres_migrations import migrate
from runtime.embedded.cluster import API
from runtime.embedded.issuer import local_issuer, trusting
from runtime.embedded.listening import listens
from runtime.embedded.loopback import LOOPBACK, free_ports, on_free_port
from runtime.embedded.postgres import postgres
from runtime.embedded.process import Child, start
from runtime.embedded.program import Program
from runtime.embedded.valkey import valkey
from runtime.environment import Address
from runtime.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runtime.embedded.issuer import Signer

Variables: TypeAlias = "Mapping[str, str]"

START_SECONDS = 60
CONNECTIONS = 16
TOKEN_SECONDS = 24 * 3600
ENTRY = "/v1/namespaces/payments/entries/daily-limit"
VALUE = {"limit": 5000, "currency": "EUR", "countries": ["DE", "FR", "NL", "ES"], "note": "x" * 120}
# Wide enough to admit the whole load: leases grow to the need of a tenth of a second, as for a busy client.
_WIDE = {"capacity": 100_000_000, "refill_per_minute": 100_000_000}
SETTINGS: dict[str, Any] = {
    "version": 1,
    "environment": "benchmark",
    "cluster": "one",
    "process": {
        "port": 8080,
        "management_port": 9464,
        "workers": 2,
        "threads": 16,
        "shutdown_seconds": 10,
        "keep_alive_seconds": 75,
        "cache_bytes": 64 * 1024 * 1024,
        "health_path": "/health",
        "ready_path": "/health/ready",
    },
    "api": {
        "middleware": ["observation", "authentication", "intake", "throttling", "authorization"],
        "documentation": True,
    },
    "database": {
        "pool_size": 5,
        "read_pool_size": 5,
        "partitions": 4,
        "connect_timeout_seconds": 3,
        "statement_timeout_seconds": 30,
        "idle_timeout_seconds": 300,
        "lossless_failover": True,
        "replica_lag_seconds": 3,
        "stale_seconds": 900,
        "events_retention_days": 90,
        "retry": {
            "attempts": 3,
            "exponential": True,
            "jitter": True,
            "initial_milliseconds": 100,
            "maximum_milliseconds": 2000,
            "budget_percent": 20,
            "budget_retries": 10,
        },
        "circuit_breaker": {"failure_threshold": 5, "reset_seconds": 30},
    },
    "throttling": {"address": _WIDE, "client": _WIDE, "endpoint": _WIDE, "routes": [], "replicas": 2},
    "queue": {
        "events": True,
        "priorities": True,
        "ageing_seconds": 60,
        "dead_letters": True,
        "retry": {
            "attempts": 25,
            "exponential": True,
            "jitter": True,
            "initial_milliseconds": 1000,
            "maximum_milliseconds": 600_000,
        },
        "visibility_seconds": 30,
        "concurrency": 8,
        "waiting": 1000,
    },
    "notifications": {"window_seconds": 300},
    "external_services": {
        "timeout_seconds": 5,
        "waiting_milliseconds": 2500,
        "idle_seconds": 4,
        "monitored": True,
        "issuers": {"pool_size": 5, "circuit_breaker": {"failure_threshold": 5, "reset_seconds": 30}},
        "integrations": {"pool_size": 15, "circuit_breaker": {"failure_threshold": 5, "reset_seconds": 30}},
    },
    "access": {
        "issuers": [],
        "bindings": [],
        "keys": {"refresh_seconds": 300, "pause_seconds": 10, "outage_seconds": 3600},
        "clock_skew_seconds": 30,
        "known_seconds": 5,
        "second_factor": True,
    },
    "secrets": {"maximum_age_seconds": 2_592_000},
    "monitors": {
        "memory": {
            "container_bytes": 4 * 1024**3,
            "heap_bytes": 3 * 1024**3,
            "levels": {"warning_percent": 80, "critical_percent": 90},
        },
        "threads": {"warning_percent": 70, "critical_percent": 85},
        "connections": {"warning_percent": 75, "critical_percent": 90},
        "background_tasks": 64,
        "event_loop": {"warning_milliseconds": 100, "critical_milliseconds": 500},
    },
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One server under load: requests per second, and CPU microseconds (user and system) per request."""

    throughput: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Round:
    """The samples of both servers, one right after the other."""

    api: Sample
    bare: Sample

    @property
    def throughput(self) -> float:
        """The API's throughput relative to the bare endpoint's."""
        return self.api.throughput / self.bare.throughput

    @property
    def cpu(self) -> float:
        """The API's CPU time for a request as a multiple of the bare endpoint's."""
        return self.api.cpu / self.bare.cpu


@dataclass(frozen=True, slots=True)
class Spread:
    """The median, the minimum and the maximum of some numbers."""

    median: float
    least: float
    greatest: float

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.least:.2f} to {self.greatest:.2f})"


def spread(numbers: Sequence[float]) -> Spread:
    """Return the spread of ``numbers``, which are not empty."""
    return Spread(statistics.median(numbers), min(numbers), max(numbers))


def measure(rounds: int = 7, seconds: float = 3.0, connections: int = CONNECTIONS) -> tuple[Round, ...]:
    """Load both servers for ``seconds`` in each of ``rounds``, after an uncounted warm-up round.

    The servers alternate in going first, so that a machine that slows down favours neither.
    """
    with _servers() as (api, bare):
        measured = []
        for number in range(rounds + 1):
            order = (api, bare) if number % 2 else (bare, api)
            samples = {server: server.sample(seconds, connections) for server in order}
            measured.append(Round(samples[api], samples[bare]))
    return tuple(measured[1:])


def main() -> int:
    """Run the benchmark, and print every round and the ratios."""
    measured = measure()
    for number, each in enumerate(measured, 1):
        print(  # noqa: T201 - its output
            f"round {number}: API {each.api.throughput:6.0f}/s {each.api.cpu:4.0f} us,"
            f" bare {each.bare.throughput:6.0f}/s {each.bare.cpu:4.0f} us"
        )
    print(f"throughput, API / bare: {spread([each.throughput for each in measured])}")  # noqa: T201 - its output
    print(f"CPU a request, API / bare: {spread([each.cpu for each in measured])}")  # noqa: T201 - its output
    return 0


@dataclass(frozen=True, slots=True, eq=False)
class Server:
    """A running server, and its port."""

    child: Child
    port: int
    fields: str
    """The line of the head by which a client is signed in; the bare endpoint reads and ignores it."""

    def sample(self, seconds: float, connections: int) -> Sample:
        """Load the server for some seconds."""
        before = cpu_seconds(self.child.pid)
        done = uvloop.run(
            load(LOOPBACK, self.port, ENTRY, seconds=seconds, connections=connections, fields=self.fields)
        )
        used = cpu_seconds(self.child.pid) - before
        return Sample(done.answers / done.seconds, used / done.answers * 1e6)


def cpu_seconds(process: int) -> float:
    """Return the CPU seconds of a process so far, for all its threads (proc(5): utime and stime)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return float(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _servers() -> Iterator[tuple[Server, Server]]:
    """Start both servers, the API with the entry and the bare one with the entry's bytes."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name, ExitStack() as running:
        folder = Path(name)
        signer = running.enter_context(local_issuer())
        compiled = write_settings(folder, signer)
        database, cache = running.enter_context(postgres(folder)), running.enter_context(valkey(folder))
        asyncio.run(migrate(Address(database.migration_url), compiled.database, API))
        variables = {"CBP_DATABASE_URL": database.url, "CBP_REDIS_URL": cache.url}
        token = signer.token(seconds=TOKEN_SECONDS)
        api = running.enter_context(serving(folder, "api", variables, token))
        body = folder / "body.json"
        body.write_bytes(_write_and_read(api.port, token))
        yield api, running.enter_context(serving(folder, "bare", {}, token, str(body)))


def write_settings(folder: Path, signer: Signer) -> Settings:
    """Write ``folder/settings.json``, under which the local issuer is trusted, and return the settings."""
    settings = trusting(Settings.model_validate_json(json.dumps(SETTINGS)), signer.issuer)
    (folder / "settings.json").write_text(settings.model_dump_json(), encoding="utf-8")
    return settings


@contextmanager
def serving(folder: Path, kind: str, variables: Variables, token: str, *arguments: str) -> Iterator[Server]:
    """Run one of the servers of ``read_path_servers`` with ``folder/settings.json``, for a client with a token."""

    def launch(port: int) -> Child:
        words = (kind, str(folder / "settings.json"), str(port), *arguments)
        child = start(_program(folder, kind, variables, words))
        child.wait_until(lambda: listens(child.pid, port), START_SECONDS)
        return child

    child, port = on_free_port(launch, free_ports())
    try:
        yield Server(child, port, f"Authorization: Bearer {token}\r\n")
    finally:
        child.stop()


def _program(folder: Path, kind: str, variables: Variables, words: Sequence[str]) -> Program:
    root = Path(__file__).parents[1]
    return Program(
        name=kind,
        arguments=(sys.executable, "-m", "benchmarks.read_path_servers", *words),
        directory=folder,
        log=folder / f"{kind}-{words[2]}.log",
        environment={"PYTHONPATH": str(root), "TMPDIR": str(folder), "PATH": os.defpath, **variables},
    )


def _write_and_read(port: int, token: str) -> bytes:
    """Write the entry through the API, and return the body of a later GET."""
    signed_in = {"Authorization": f"Bearer {token}"}
    connection = HTTPConnection(LOOPBACK, port, timeout=START_SECONDS)
    connection.request("PUT", ENTRY, json.dumps({"value": VALUE}), {"Content-Type": "application/json", **signed_in})
    connection.getresponse().read()
    connection.request("GET", ENTRY, headers=signed_in)
    body = connection.getresponse().read()
    connection.close()
    return body


if __name__ == "__main__":
    sys.exit(main())
