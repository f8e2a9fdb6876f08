"""One worker of the service in the process of a test, on real servers, and clients that never stop asking it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_access import PostgresAccess
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_changes import PostgresChanges
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_notifications import PostgresNotifications
from runtime.adapters.postgres_proposals import PostgresProposals
from runtime.adapters.redis import RedisTokenBuckets
from runtime.adapters.redis_high_water import RedisHighWater
from runtime.app import Adapters, create_app
from runtime.services.draining import Draining
from runtime.telemetry import Telemetry
from tests.identity import MemoryKeys
from tests.runtime.fakes import StatedMemory, client_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.environment import Address
    from runtime.settings import Settings

CLIENTS = 3
ROUNDS = 4
"""The rounds of every client in which something that was done has come to bear."""

PAUSE_SECONDS = 0.05
"""Clients leave some of the machine to what is done meanwhile."""

LIST = "/v1/namespaces/n/entries"
BUSY_SECONDS = 30


@asynccontextmanager
async def composed(
    settings: Settings, database: Address, redis: Address, direct: Address | None = None, **more: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """Run one worker, and yield a client of it; ``more`` are further adapters.

    ``direct`` is the address without a pooler, where that of the database leads through one.
    """
    telemetry, horizon = Telemetry(), Horizon(3)
    buckets = RedisTokenBuckets(redis, telemetry)
    store = PostgresEntries(database, None, settings.database, horizon)
    adapters = Adapters(
        store=store,
        access=PostgresAccess(store),
        proposals=PostgresProposals(store, horizon),
        queue=PostgresDeliveries(store, settings.database.pool_size),
        notifications=PostgresNotifications(store),
        changes=PostgresChanges(direct or database, settings.database, horizon, RedisHighWater(buckets)),
        buckets=buckets,
        keys=MemoryKeys(),
        telemetry=telemetry,
        draining=Draining(),
        audit=PostgresAudit(store),
        memory=StatedMemory(),
        replace=StatedMemory().replace,
        **more,
    )
    app = create_app(settings, adapters)
    async with running(app), client_of(app) as client:
        yield client


async def until_ready(client: httpx.AsyncClient) -> None:
    """Wait until the worker is ready, and no server is away."""
    async with asyncio.timeout(BUSY_SECONDS):
        while (await client.get("/health/ready")).json()["status"] != "ready":
            await asyncio.sleep(0.02)


@dataclass(slots=True)
class Load:
    """Clients that change an entry and list a namespace in turn; ``failed`` are the answers that are no success."""

    client: httpx.AsyncClient
    rounds: list[int] = field(default_factory=lambda: [0] * CLIENTS)
    failed: list[str] = field(default_factory=list)

    async def goes_on(self) -> None:
        """Wait until each client has done some rounds from here on."""
        wanted = [done + ROUNDS for done in self.rounds]
        async with asyncio.timeout(BUSY_SECONDS):
            while any(done < least for done, least in zip(self.rounds, wanted, strict=True)):
                await asyncio.sleep(0.01)

    async def work(self, number: int) -> None:
        """Work as one client until cancelled."""
        while True:
            await self._ask("PUT", f"{LIST}/k{number}", json={"value": self.rounds[number] + 1}, headers=_ANY)
            await self._ask("GET", LIST)
            self.rounds[number] += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def _ask(self, method: str, path: str, **options: Any) -> None:
        try:
            answer = await self.client.request(method, path, **options)
        except httpx.TransportError as error:
            self.failed.append(f"{method} {error!r}")
            return
        if not answer.is_success:
            self.failed.append(f"{method} {answer.status_code} {answer.text}")


@asynccontextmanager
async def loaded(client: httpx.AsyncClient) -> AsyncIterator[Load]:
    """Keep the worker under load, and fail for the first answer that is no success."""
    load = Load(client)
    for number in range(CLIENTS):
        (await client.put(f"{LIST}/k{number}", json={"value": None})).raise_for_status()
    tasks = [asyncio.create_task(load.work(number)) for number in range(CLIENTS)]
    try:
        await load.goes_on()
        yield load
        await load.goes_on()
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
    assert load.failed == []


_ANY = {"If-Match": "*"}
