"""A failover of Redis is followed: real servers, and real sentinels that exchange or replace the master."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runtime.adapters.redis import RedisTokenBuckets
from runtime.adapters.redis_sentinels import SentinelGroup
from runtime.domain.buckets import Shape
from runtime.environment import Address, Sentinels
from runtime.ports.throttling import BucketsUnavailableError, Fault, KeyedBucket
from runtime.routes import THROTTLED
from runtime.services.decisions import Admission
from runtime.services.throttling import Throttle
from runtime.settings import Bucket, Throttling
from runtime.telemetry import Telemetry
from tests.identity import signed_in
from tests.runtime.replicated import NAME, replicated
from tests.runtime.service import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.runtime.replicated import Replicated, Server

pytestmark = pytest.mark.anyio
BUCKET = KeyedBucket("cbp:throttle:{client}:client", Shape(100, 1))
OTHER = KeyedBucket("cbp:throttle:{other}:client", Shape(100_000, 1))
ENDPOINT = "GET /v1/settings"


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Replicated]:
    with replicated(tmp_path) as servers:
        yield servers


@pytest.fixture
def sentinels(servers: Replicated) -> Sentinels:
    return Sentinels(servers.addresses, NAME)


@pytest.fixture
def address(servers: Replicated, tmp_path: Path) -> Address:
    """The address of the first master, with a password that is in a file alone."""
    master, _ = servers.servers
    secret = tmp_path / "password"
    secret.write_text(f"{master.password}\n", encoding="utf-8")
    return Address(f"redis://127.0.0.1:{master.port}/0", secret)


@pytest.fixture
async def buckets(address: Address, sentinels: Sentinels) -> AsyncIterator[RedisTokenBuckets]:
    buckets = RedisTokenBuckets(address, Telemetry(), sentinels)
    yield buckets
    await buckets.close()


@pytest.fixture
async def group(address: Address, sentinels: Sentinels) -> AsyncIterator[SentinelGroup]:
    group = SentinelGroup(sentinels, address)
    yield group
    await group.close()


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.05)


async def named(group: SentinelGroup, server: Server) -> None:
    """Wait until the sentinels name a server as the master."""
    async with asyncio.timeout(60):
        while (await group.master())[1] != server.port:
            await asyncio.sleep(0.05)


async def test_a_handover_is_followed_by_the_next_probe_and_keeps_what_was_debited(
    servers: Replicated, buckets: RedisTokenBuckets, group: SentinelGroup
) -> None:
    async def keep_taking() -> None:
        while True:
            with suppress(BucketsUnavailableError):  # and no other error
                await buckets.take((OTHER,), 1)
            await asyncio.sleep(0.001)

    await buckets.probe()
    others = [asyncio.create_task(keep_taking()) for _ in range(8)]
    await buckets.take((BUCKET,), 5)
    servers.servers[0].ask("WAIT", "1", "5000")
    servers.fail_over()
    await named(group, servers.servers[1])
    await eventually(lambda: servers.servers[1].ask("INFO", "replication")["role"] == "master")
    await buckets.probe()
    assert (await buckets.take((BUCKET,), 1)).levels[0] // BUCKET.shape.token == 94
    assert not any(other.done() for other in others)
    for other in others:
        other.cancel()


async def test_a_sentinel_that_missed_a_failover_is_not_believed(servers: Replicated, group: SentinelGroup) -> None:
    old, new = servers.servers
    late = servers.sentinels[2]
    late.freeze()
    servers.fail_over()
    await named(group, new)
    late.thaw()
    for _ in range(20):
        assert (await group.master())[1] == new.port
        await asyncio.sleep(0.02)
    assert old.port != new.port


async def test_without_sentinels_the_last_master_is_used_on(
    servers: Replicated, address: Address, sentinels: Sentinels, group: SentinelGroup
) -> None:
    telemetry = Telemetry()
    buckets = RedisTokenBuckets(address, telemetry, sentinels)
    await buckets.probe()
    for sentinel in servers.sentinels:
        sentinel.kill()
    await buckets.probe()
    with pytest.raises(BucketsUnavailableError) as caught:
        await group.master()
    await buckets.close()
    assert caught.value.fault is Fault.NO_SENTINEL
    telemetry.write()
    assert b'throttle_faults_total{fault="no_sentinel"} 1.0' in telemetry.exposition()


async def test_a_master_that_freezes_is_left_for_the_one_that_replaces_it_and_not_returned_to(
    servers: Replicated, buckets: RedisTokenBuckets, group: SentinelGroup
) -> None:
    old, new = servers.servers
    wide = Bucket(capacity=100_000, refill_per_minute=1)
    limits = Throttling(address=wide, client=wide, endpoint=None, routes=(), replicas=1)
    throttle = Throttle(buckets, limits, THROTTLED, 2, Telemetry())
    await throttle.probe()
    keeping = asyncio.create_task(throttle.maintain())

    async def alone() -> bool:
        decision = throttle.decide("c", ENDPOINT) or await throttle.ask("c", ENDPOINT)
        assert decision.admission is Admission.ADMITTED
        return decision.alone

    assert not await alone()
    old.freeze()
    async with asyncio.timeout(60):
        while not throttle.degraded:
            await alone()
            await asyncio.sleep(0.01)
        await named(group, new)
        while await alone():
            await asyncio.sleep(0.01)
    old.thaw()
    await eventually(lambda: old.ask("INFO", "replication")["role"] == "slave")
    assert not throttle.degraded
    assert new.ask("HEXISTS", "cbp:throttle:{c}:client", "level")
    keeping.cancel()


async def test_no_change_fails_while_the_service_follows_a_failover(
    servers: Replicated, address: Address, migrated_url: str, document: dict[str, Any], tmp_path: Path
) -> None:
    """The whole service as processes, by its variables; the master is killed, and changes go on."""
    variables = {
        "CBP_DATABASE_URL": migrated_url,
        "CBP_REDIS_URL": address.url,
        "CBP_REDIS_PASSWORD_FILE": str(address.password_file),
        "CBP_REDIS_SENTINELS": ",".join(f"{host}:{port}" for host, port in servers.addresses),
        "CBP_REDIS_MASTER_NAME": NAME,
    }
    document["throttling"] |= {"client": {"capacity": 100_000, "refill_per_minute": 1}, "endpoint": None}
    old, new = servers.servers
    with serving(tmp_path, document, variables) as service:
        async with httpx.AsyncClient(headers=signed_in(), base_url=service.url, timeout=60) as client:

            async def change() -> str:
                response = await client.put(
                    "/v1/namespaces/payments/entries/limits", json={"value": 1}, headers={"if-match": "*"}
                )
                assert response.status_code == 200
                return response.headers["ratelimit-policy"].partition(";pk")[0]

            await client.put("/v1/namespaces/payments/entries/limits", json={"value": 1})
            assert await change() == '"client";q=100001;w=60'
            old.kill()
            async with asyncio.timeout(60):
                while await change() != '"client";q=25000;w=60':
                    await asyncio.sleep(0.02)
                while await change() != '"client";q=100001;w=60':
                    await asyncio.sleep(0.02)
        followed = [event for event in service.events() if event["event"] == "the sentinels name another master"]
    assert {event["port"] for event in followed} == {new.port}
    assert new.ask("DBSIZE")
