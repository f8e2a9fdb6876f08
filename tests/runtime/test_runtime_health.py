"""Readiness is about the process itself; the details say which server is away, since when, and why."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from runtime.adapters.oidc import OidcKeys
from runtime.app import Adapters, create_app
from runtime.domain.entries import Version
from runtime.ports.availability import Outage, Reason, Schema, UnavailableError
from runtime.ports.throttling import Fault
from runtime.services.health import State
from runtime.settings import CircuitBreaker, ServiceCalls
from tests.runtime.external import external, hangs_up, http_client, is_silent
from tests.runtime.fakes import EPOCH, client_of, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from runtime.ports.entries import Follower
    from runtime.services.draining import Draining
    from runtime.settings import Settings
    from tests.runtime.fakes import MemoryBuckets, MemoryEntries

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/n/entries/k"
METRICS = "http://test:9464/metrics"
DETAIL = "http://test:9464/health/detail"
AWAY = UnavailableError("the database cannot be reached")

CIRCUITS = (
    "database-reads",
    "database-changes",
    "database-history",
    "database-proposals",
    "database-queue",
    "database-notifications",
    "issuer-local",
)


class ToldFeed:
    """A feed that a test drives by hand, through its only ``follower``."""

    follower: Follower

    def __init__(self) -> None:
        self.outage: Outage | None = None
        self.schema = Schema(None, 3)

    async def follow(self, follower: Follower) -> None:
        self.follower = follower
        await asyncio.Event().wait()

    def see(self) -> None:
        """Let the worker hear of the database, as it is now."""
        self.outage, self.schema = None, Schema(3, 3)
        self.follower.begin(Version(EPOCH, 0))
        self.follower.confirm(time.monotonic())

    def lose(self, reason: Reason) -> None:
        """Interrupt the feed."""
        self.outage = Outage(reason, time.monotonic())
        if hasattr(self, "follower"):
            self.follower.lose()


class Answers:
    """The answers of one worker about its health."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ready(self) -> tuple[int, str]:
        response = await self.http.get("/health/ready")
        return response.status_code, response.json()["status"]

    async def detail(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.http.get(DETAIL)).json()
        return found

    async def metric(self, name: str) -> float:
        lines = (await self.http.get(METRICS)).text.splitlines()
        (value,) = (float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))
        return value


@pytest.fixture
def feed() -> ToldFeed:
    return ToldFeed()


@pytest.fixture
async def worker(settings: Settings, adapters: Adapters, feed: ToldFeed) -> AsyncIterator[Answers]:
    app = create_app(settings, replace(adapters, changes=feed))
    async with running(app), client_of(app) as http:
        while not hasattr(feed, "follower"):
            await asyncio.sleep(0)
        yield Answers(http)


async def lose_database(worker: Answers, entries: MemoryEntries, feed: ToldFeed, reason: Reason) -> None:
    """Let the feed and two reads meet the reason."""
    entries.failures = [UnavailableError("no", reason)] * 1000
    feed.lose(reason)
    for key in ("a", "b"):
        assert (await worker.http.get(f"/v1/namespaces/n/entries/{key}")).status_code == 503


async def test_a_worker_is_ready_when_it_has_seen_the_feed_once(worker: Answers, feed: ToldFeed) -> None:
    assert await worker.ready() == (503, "starting")
    feed.lose(Reason.AWAY)
    assert await worker.ready() == (503, "starting")
    feed.see()
    assert await worker.ready() == (200, "ready")


@pytest.mark.parametrize("reason", [reason for reason in Reason if not reason.refuses])
async def test_a_database_that_is_away_takes_no_worker_out(
    worker: Answers, feed: ToldFeed, entries: MemoryEntries, reason: Reason
) -> None:
    feed.see()
    await lose_database(worker, entries, feed, reason)
    assert await worker.ready() == (200, "degraded")


async def test_redis_that_is_away_takes_no_worker_out(worker: Answers, feed: ToldFeed, buckets: MemoryBuckets) -> None:
    feed.see()
    buckets.fault = Fault.TOO_FEW_REPLICAS
    async with asyncio.timeout(10):
        while await worker.ready() != (200, "degraded"):
            await asyncio.sleep(0.05)
    redis = (await worker.detail())["redis"]
    assert (redis["state"], redis["reason"]) == ("away", "too_few_replicas")


async def test_a_worker_that_drains_is_not_ready(worker: Answers, feed: ToldFeed, draining: Draining) -> None:
    feed.see()
    draining.begin()
    assert await worker.ready() == (503, "draining")


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.refuses])
async def test_a_worker_that_the_database_refuses_from_the_start_is_not_ready_and_says_why(
    worker: Answers, feed: ToldFeed, reason: Reason
) -> None:
    feed.lose(reason)
    assert await worker.ready() == (503, "refused")
    assert (await worker.detail())["feed"]["reason"] == reason
    assert await worker.metric("ready") == 0


async def test_a_worker_whose_reads_are_refused_from_the_start_is_not_ready(
    settings: Settings, adapters: Adapters, feed: ToldFeed, entries: MemoryEntries
) -> None:
    """A pooler may refuse the password that the server itself accepts; the first read is made before readiness."""
    entries.failures = [UnavailableError("no", Reason.ACCESS_DENIED)]
    app = create_app(settings, replace(adapters, changes=feed))
    async with running(app), client_of(app) as http:
        while not hasattr(feed, "follower"):
            await asyncio.sleep(0)
        feed.see()
        worker = Answers(http)
        assert await worker.ready() == (503, "refused")
        async with asyncio.timeout(10):  # nobody sends requests to such a worker: it asks again by itself
            while await worker.ready() != (200, "ready"):
                await asyncio.sleep(0.05)


async def test_a_refusal_that_all_workers_meet_later_takes_none_out_while_memory_answers(
    worker: Answers, feed: ToldFeed, entries: MemoryEntries, settings: Settings
) -> None:
    feed.see()
    assert (await worker.http.get(URL)).status_code == 404
    await lose_database(worker, entries, feed, Reason.ACCESS_DENIED)
    assert await worker.ready() == (200, "degraded")
    assert (await worker.http.get(URL)).headers["cache-status"].startswith("cbp; hit")
    feed.follower.confirm(time.monotonic() - settings.database.stale_seconds - 1)
    assert await worker.ready() == (503, "refused")


async def test_readiness_and_details_ask_no_server(
    worker: Answers, feed: ToldFeed, entries: MemoryEntries, buckets: MemoryBuckets
) -> None:
    feed.see()
    asked = entries.reads, buckets.probes
    for _ in range(100):
        await worker.ready()
        await worker.detail()
    assert entries.reads == asked[0]
    assert buckets.probes <= asked[1] + 10  # those of the throttle, by the clock


async def test_the_details_say_what_is_away_since_when_and_why(
    worker: Answers, feed: ToldFeed, entries: MemoryEntries, settings: Settings
) -> None:
    feed.see()
    found = await worker.detail()
    cache = found.pop("cache")
    monitors = found.pop("monitors")
    assert {name: each["state"] for name, each in monitors.items()} == dict.fromkeys(
        ("memory", "threads", "background_tasks", "connections", "event_loop"), "normal"
    )
    assert (cache["live"], cache["version"]) == (True, {"epoch": EPOCH, "revision": 0})
    assert found == {
        "status": "ready",
        "stale": None,
        "circuits": {name: {"state": "closed"} for name in CIRCUITS},
        "feed": {"state": "up"},
        "redis": {"state": "up"},
        "schema": {"found": 3, "needed": 3},
        "pools": {"reads": {"size": 2, "in_use": 0, "waiting": 0, "refused": 0}},
        "secrets": {},
    }
    before = datetime.now(UTC)
    await lose_database(worker, entries, feed, Reason.SLOW)
    found = await worker.detail()
    for place, state in ((found["circuits"]["database-reads"], "open"), (found["feed"], "away")):
        assert (place["state"], place["reason"]) == (state, "slow")
        assert before <= datetime.fromisoformat(place["since"]) <= datetime.now(UTC)
    assert found["stale"]["bound_seconds"] == settings.database.stale_seconds
    assert 0 <= found["stale"]["age_seconds"] < 60


async def test_the_details_show_the_circuits_and_the_pools_of_external_services(
    settings: Settings, adapters: Adapters
) -> None:
    """The issuer hangs up, and a receiver is silent."""
    opens_at_once = ServiceCalls(pool_size=2, circuit_breaker=CircuitBreaker(failure_threshold=1, reset_seconds=60))
    calls = settings.external_services.model_copy(update={"issuers": opens_at_once})
    async with (
        external(hangs_up) as issuer,
        external(is_silent) as fis,
        http_client() as issuers,
        http_client() as rest,
    ):
        people = settings.access.issuers[0].model_copy(update={"name": "people", "issuer": issuer.url})
        access = settings.access.model_copy(update={"issuers": (people,)})
        stated = settings.model_copy(update={"external_services": calls, "access": access})
        pools = {"issuers": issuers, "integrations": rest}
        delivery = asyncio.ensure_future(rest.ask("POST", fis.url))
        app = create_app(stated, replace(adapters, keys=OidcKeys(issuers), external=pools))
        async with running(app), client_of(app) as http:
            worker = Answers(http)
            async with asyncio.timeout(10):
                while (found := await worker.detail())["circuits"]["issuer-people"]["state"] != "open" or not fis.now:
                    await asyncio.sleep(0.001)
            assert found["circuits"]["issuer-people"]["reason"] == "away"
            assert found["pools"]["issuers"] == {"size": 2, "in_use": 0, "waiting": 0, "refused": 0}
            assert found["pools"]["integrations"] == {"size": 2, "in_use": 1, "waiting": 0, "refused": 0}
            for metric, value in (
                ('circuit_breaker_state{target="issuer-people"}', 2),
                ('external_calls_total{outcome="away",target="issuer-people"}', 1),
                ('external_pool_size{pool="issuers"}', 2),
                ('external_pool_in_use{pool="integrations"}', 1),
                ('external_pool_waiting{pool="integrations"}', 0),
            ):
                assert await worker.metric(metric) == value
        with pytest.raises(UnavailableError):  # a worker that ends closes its connections
            await delivery
        assert not issuer.now


async def test_external_services_that_are_not_monitored_are_in_neither_the_details_nor_the_metrics(
    settings: Settings, adapters: Adapters
) -> None:
    for monitored in (False, True):
        calls = settings.external_services.model_copy(update={"monitored": monitored})
        (issuer, *_) = settings.access.issuers
        app = create_app(settings.model_copy(update={"external_services": calls}), adapters)
        async with running(app), client_of(app) as http:
            worker = Answers(http)
            target = f"issuer-{issuer.name}"
            assert (target in (await worker.detail())["circuits"]) == monitored
            text = (await http.get(METRICS)).text
            assert "circuit_breaker_state" in text
            assert (f'circuit_breaker_state{{target="{target}"}}' in text) == monitored


async def test_metrics_tell_what_the_details_tell(worker: Answers, feed: ToldFeed, entries: MemoryEntries) -> None:
    feed.see()
    circuit = 'circuit_breaker_state{target="database-reads"}'
    assert (await worker.metric("ready"), await worker.metric(circuit)) == (1, 0)
    await lose_database(worker, entries, feed, Reason.AWAY)
    assert (await worker.metric("ready"), await worker.metric(circuit)) == (1, 2)
    feed.follower.confirm(time.monotonic() - 40)
    assert 40 <= await worker.metric("memory_age_seconds") < 100
    assert await worker.metric("memory_bound_seconds") == 900
    feed.schema = Schema(2, 3)
    assert await worker.metric("database_migrations_missing") == 1


def test_only_a_worker_that_can_serve_is_ready() -> None:
    assert [state for state in State if state.ready] == [State.READY, State.DEGRADED]
