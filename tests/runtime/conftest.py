"""The service composed on fakes, and the settings that it enforces."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING, Any

import asyncpg
import orjson
import pytest

from runtime.adapters.postgres_migrations import migrate
from runtime.app import Adapters, create_app
from runtime.embedded.cluster import API, OWNER
from runtime.environment import Address
from runtime.services import throttling
from runtime.services.draining import Draining
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from tests.conftest import copied_database, empty_database, in_database
from tests.identity import MemoryKeys, access
from tests.runtime.fakes import (
    MemoryAccess,
    MemoryAudit,
    MemoryBuckets,
    MemoryChanges,
    MemoryEntries,
    StatedMemory,
    client_of,
    running,
)
from tests.runtime.memory_deliveries import MemoryDeliveries
from tests.runtime.memory_notifications import MemoryNotifications
from tests.runtime.memory_proposals import MemoryProposals

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    import httpx

    from runtime.embedded.postgres import PostgresServer
    from runtime.http.application import Application
    from runtime.settings import Database


@pytest.fixture
def document() -> dict[str, Any]:
    """A settings file that is right, as JSON values."""
    bucket = {"capacity": 1000, "refill_per_minute": 1000}
    backoff = {
        "attempts": 3,
        "exponential": True,
        "jitter": True,
        "initial_milliseconds": 1,
        "maximum_milliseconds": 10,
    }
    retry = backoff | {"budget_percent": 20, "budget_retries": 10}
    return {
        "version": 1,
        "environment": "test",
        "cluster": "one",
        "process": {
            "port": 8080,
            "management_port": 9464,
            "workers": 2,
            "threads": 8,
            "shutdown_seconds": 10,
            "keep_alive_seconds": 75,
            "cache_bytes": 1_000_000,
            "health_path": "/health",
            "ready_path": "/health/ready",
        },
        "api": {
            "middleware": ["observation", "authentication", "intake", "throttling", "authorization"],
            "documentation": True,
        },
        "database": {
            "pool_size": 4,
            "read_pool_size": 2,
            "lossless_failover": True,
            "replica_lag_seconds": 3,
            "stale_seconds": 900,
            "events_retention_days": 90,
            "partitions": 3,
            "connect_timeout_seconds": 2,
            "statement_timeout_seconds": 5,
            "idle_timeout_seconds": 60,
            "retry": retry,
            "circuit_breaker": {"failure_threshold": 2, "reset_seconds": 1},
        },
        "throttling": {"address": bucket, "client": bucket, "endpoint": bucket, "routes": [], "replicas": 2},
        "queue": {
            "events": True,
            "priorities": True,
            "ageing_seconds": 60,
            "dead_letters": True,
            "retry": backoff,
            "visibility_seconds": 6,
            "concurrency": 4,
            "waiting": 100,
        },
        "notifications": {"window_seconds": 300},
        "external_services": {
            "timeout_seconds": 1,
            "waiting_milliseconds": 500,
            "idle_seconds": 4,
            "monitored": True,
            "issuers": {"pool_size": 2, "circuit_breaker": {"failure_threshold": 2, "reset_seconds": 1}},
            "integrations": {"pool_size": 2, "circuit_breaker": {"failure_threshold": 2, "reset_seconds": 1}},
        },
        "access": access(),
        "secrets": {"maximum_age_seconds": 2_592_000},
        "monitors": {
            "memory": {
                "container_bytes": 4_000_000_000,
                "heap_bytes": 3_200_000_000,
                "levels": {"warning_percent": 80, "critical_percent": 90},
            },
            "threads": {"warning_percent": 70, "critical_percent": 85},
            "connections": {"warning_percent": 75, "critical_percent": 90},
            "background_tasks": 64,
            "event_loop": {"warning_milliseconds": 100, "critical_milliseconds": 500},
        },
    }


@pytest.fixture
def settings(document: dict[str, Any]) -> Settings:
    return Settings.model_validate_json(orjson.dumps(document))


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> Iterator[Callable[[Database], str]]:
    """The name of a database that was migrated by settings and then left alone, made once for each of them."""
    with ExitStack() as stack:

        @cache
        def made(settings: Database) -> str:
            name = stack.enter_context(empty_database(postgres, OWNER))
            asyncio.run(migrate(Address(in_database(postgres.migration_url, name)), settings, API))
            return name

        yield made


@pytest.fixture
def migrated_url(postgres: PostgresServer, settings: Settings, migrated: Callable[[Database], str]) -> Iterator[str]:
    """A database that the migrating role has migrated, for the role that serves, as in production.

    It is a copy of one that was migrated from nothing; the second migration grants what belongs to no table of it.
    """
    with copied_database(postgres, OWNER, migrated(settings.database)) as name:
        asyncio.run(migrate(Address(in_database(postgres.migration_url, name)), settings.database, API))
        yield in_database(postgres.url, name)


@pytest.fixture
def owner_url(postgres: PostgresServer, migrated_url: str) -> str:
    """The address of that database for the role that migrates, a member of its owner."""
    return in_database(postgres.migration_url, migrated_url.rpartition("/")[2])


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the rights of the database's owner."""
    connection = await asyncpg.connect(owner_url)
    await connection.execute(f"SET ROLE {OWNER}")
    yield connection
    await connection.close()


@pytest.fixture
def entries() -> MemoryEntries:
    return MemoryEntries()


@pytest.fixture
def buckets() -> MemoryBuckets:
    return MemoryBuckets()


@pytest.fixture
def draining() -> Draining:
    return Draining()


@pytest.fixture
def changes(entries: MemoryEntries) -> MemoryChanges:
    return MemoryChanges(entries)


@pytest.fixture
def memory() -> StatedMemory:
    return StatedMemory()


@pytest.fixture
def audit() -> MemoryAudit:
    return MemoryAudit()


@pytest.fixture
def queue(entries: MemoryEntries, audit: MemoryAudit) -> MemoryDeliveries:
    return MemoryDeliveries(entries, audit)


@pytest.fixture
def notifications(audit: MemoryAudit) -> MemoryNotifications:
    return MemoryNotifications(audit)


@pytest.fixture
def adapters(
    entries: MemoryEntries,
    changes: MemoryChanges,
    buckets: MemoryBuckets,
    draining: Draining,
    audit: MemoryAudit,
    memory: StatedMemory,
    queue: MemoryDeliveries,
    notifications: MemoryNotifications,
) -> Adapters:
    access = MemoryAccess(audit)
    return Adapters(
        store=entries,
        changes=changes,
        buckets=buckets,
        keys=MemoryKeys(),
        access=access,
        proposals=MemoryProposals(entries, access),
        queue=queue,
        notifications=notifications,
        telemetry=Telemetry(),
        draining=draining,
        audit=audit,
        memory=memory,
        replace=memory.replace,
    )


@pytest.fixture
def app(settings: Settings, adapters: Adapters) -> Application:
    return create_app(settings, adapters)


@pytest.fixture
def still_buckets(buckets: MemoryBuckets, monkeypatch: pytest.MonkeyPatch) -> MemoryBuckets:
    """Buckets whose time passes only where ``now`` is moved: nothing is refilled, and no lease expires meanwhile."""
    monkeypatch.setattr(throttling, "_now", lambda: buckets.now)
    return buckets


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the started service, who may do everything; what the service raises fails the test."""
    async with running(app), client_of(app) as http:
        yield http
