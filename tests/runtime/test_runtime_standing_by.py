"""The API where its cluster stands by, on a real server in recovery: it reads, and changes nothing.

Its sessions are read-only, as their address asks, and its role is a member of the one that serves.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.postgres_migrations import migrate
from runtime.embedded.cluster import API
from runtime.environment import Address
from tests.faults.database import Passwords, Postgres, durable_postgres
from tests.identity import signed_in
from tests.runtime.test_runtime_deadlines import eventually, is_ready, served

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx

    from runtime.settings import Settings

pytestmark = pytest.mark.anyio

READER = "reader"
READ_ONLY = "default_transaction_read_only=on"
METRICS = "http://test:9464/metrics"
ENTRY = "/v1/namespaces/n/entries/k"


@pytest.fixture
def primary(tmp_path: Path, settings: Settings) -> Iterator[Postgres]:
    with durable_postgres(tmp_path) as server:
        asyncio.run(migrate(Address(server.migration_url), settings.database, API))
        asyncio.run(server.execute(f"CREATE ROLE {READER} LOGIN PASSWORD 'a word' IN ROLE {API}"))
        yield server


@pytest.fixture
def standby(primary: Postgres, tmp_path: Path) -> Iterator[Postgres]:
    server = primary.backup(tmp_path / "standby", primary.port, "--write-recovery-conf")
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def writer(settings: Settings, primary: Postgres, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the cluster that serves."""
    async with served(settings, primary.url, redis_url) as client:
        await eventually(lambda: is_ready(client, 200, "ready"))
        yield client


@pytest.fixture
async def reader(settings: Settings, standby: Postgres, redis_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the cluster that stands by."""
    url = Passwords({READER: "a word"}).url(standby.port, READER)
    async with served(settings, url, redis_url, READ_ONLY) as client:
        await eventually(lambda: is_ready(client, 200, "ready"))
        yield client


async def test_a_pod_that_stands_by_reads_what_is_replayed_and_refuses_every_change(
    writer: httpx.AsyncClient, reader: httpx.AsyncClient, standby: Postgres
) -> None:
    made = await writer.put(ENTRY, json={"value": 1})
    assert made.status_code == 201

    async def reads(value: int) -> bool:
        answer = await reader.get(ENTRY)
        return answer.status_code == 200 and answer.json()["value"] == value

    await eventually(lambda: reads(1))
    assert (await reader.get(ENTRY)).headers["ETag"] == made.headers["ETag"]
    again = await writer.put(ENTRY, json={"value": 2}, headers={"If-Match": "*"})
    await eventually(lambda: reads(2))
    for refused in (
        await reader.put(ENTRY, json={"value": 3}, headers={"If-Match": "*"}),
        await reader.delete(ENTRY, headers={"If-Match": "*"}),
    ):
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "read-only" in refused.json()["detail"]
    assert await is_ready(reader, 200, "ready")

    epoch, _, revision = again.headers["ETag"].strip('"').rpartition("-")
    later = f"{epoch}-{int(revision) + 1}"
    assert (await reader.get("/v1/namespaces/n/entries", params={"at_least": later})).status_code == 412


async def test_a_right_is_in_force_where_it_is_replayed_and_given_where_the_cluster_serves(
    writer: httpx.AsyncClient, reader: httpx.AsyncClient
) -> None:
    await writer.put(ENTRY, json={"value": 1})
    right = {"issuer": "local", "subject": "alice", "role": "reader", "namespaces": "n", "reason": "on call"}
    alice = signed_in("x", subject="alice")
    assert (await reader.get(ENTRY, headers=alice)).status_code == 403
    assert (await reader.put("/v1/grants/alice", json=right)).status_code == 503
    assert (await writer.put("/v1/grants/alice", json=right)).status_code == 201

    async def holds() -> bool:
        return (await reader.get(ENTRY, headers=alice)).status_code == 200

    await eventually(holds)


async def test_a_promotion_is_judged_by_a_person_and_meanwhile_memory_answers(
    writer: httpx.AsyncClient, reader: httpx.AsyncClient, standby: Postgres
) -> None:
    """A pod that stood by knows of no commit that was lost with the other region: it would confirm the history."""
    made = await writer.put(ENTRY, json={"value": 1})

    async def follows() -> bool:
        return "cache_revision 1.0" in (await reader.get(METRICS)).text

    async def reads() -> bool:
        return (await reader.get(ENTRY)).status_code == 200

    async def ages() -> bool:
        return "Age" in (await reader.get(ENTRY)).headers

    async def knows_a_new_history() -> bool:
        answer = await reader.get(ENTRY)
        current = answer.status_code == 200 and "Age" not in answer.headers  # 503 until the next probe of the database
        return current and answer.headers["ETag"] != made.headers["ETag"]

    await eventually(follows)  # the news of a change evicts what was read before it
    await eventually(reads)
    await standby.execute("SELECT pg_promote()")
    await eventually(ages)
    assert await standby.execute("SELECT epoch FROM store_position()") is None
    assert (await reader.put(f"{ENTRY}2", json={"value": 3})).status_code == 503
    await standby.execute("CHECKPOINT")  # the server tells its new timeline from the first one after the promotion
    await standby.execute("SELECT confirm_history(NULL, NULL, NULL, false, 'a disaster')")
    await eventually(knows_a_new_history)
    assert (await reader.put(f"{ENTRY}2", json={"value": 3})).status_code == 503
