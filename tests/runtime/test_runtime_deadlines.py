"""The service on real servers that are frozen, cut off, starved or not there: it answers in time."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import asyncpg
import pytest
from structlog.testing import capture_logs

from runtime.adapters.postgres_migrations import migrate
from runtime.environment import Address
from runtime.services.asking import READ_SECONDS
from tests.conftest import in_database
from tests.runtime.composed import composed
from tests.runtime.forwarder import Forwarder, forwarding

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx

    from runtime.embedded.postgres import PostgresServer
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio


BUSY_SECONDS = 3.0
"""How much longer than its deadline an answer may take on a busy machine: without one it took half a minute."""

BOUND_SECONDS = 3.0 + BUSY_SECONDS
"""The longest that a read waits, whatever happens to the servers."""

LIST = "/v1/namespaces/n/entries"
URL = f"{LIST}/k"
DETAIL = "http://test:9464/health/detail"
READS = [f"{LIST}/absent-{n}" for n in range(80)] + [f"/v1/namespaces/n{n}/entries" for n in range(20)]


class Ways(NamedTuple):
    """The ways to the servers, which a test can cut and silence."""

    database: Forwarder
    redis: Forwarder


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    wide = {"capacity": 100_000, "refill_per_minute": 1}
    document["throttling"] |= {"client": wide, "endpoint": None}
    document["database"]["statement_timeout_seconds"] = 3
    return document


@pytest.fixture
async def ways(migrated_url: str, redis_url: str) -> AsyncIterator[Ways]:
    async with forwarding(migrated_url) as database, forwarding(redis_url) as redis:
        yield Ways(database, redis)


@asynccontextmanager
async def served(
    settings: Settings, database_url: str, redis_url: str, *parameters: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Run one worker of the service in this process; ``parameters`` are further ones of the database's address."""
    # While it asks for TLS, asyncpg leaves futures with errors behind when it is cancelled, which end a test.
    address = Address(f"{database_url}?{'&'.join(('sslmode=disable', *parameters))}")
    async with composed(settings, address, Address(redis_url)) as client:
        yield client


@pytest.fixture
async def client(settings: Settings, ways: Ways) -> AsyncIterator[httpx.AsyncClient]:
    async with served(settings, ways.database.url, ways.redis.url) as client:
        await eventually(lambda: is_ready(client, 200, "ready"))
        yield client


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition holds; the bound is for a system that is broken, not for one that is slow."""
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.02)


async def is_ready(client: httpx.AsyncClient, status: int, state: str) -> bool:
    response = await client.get("/health/ready")
    return (response.status_code, response.json()["status"]) == (status, state)


@asynccontextmanager
async def frozen(server: PostgresServer) -> AsyncIterator[None]:
    """Stop the postmaster and every backend where they are."""
    processes = [server.child.pid]
    os.kill(server.child.pid, signal.SIGSTOP)
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == server.child.pid:
            processes.append(int(status.parent.name))
            os.kill(processes[-1], signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):
            os.kill(process, signal.SIGCONT)


@asynccontextmanager
async def silenced(*ways: Forwarder) -> AsyncIterator[None]:
    """Drop everything on the ways, without breaking a connection."""
    for way in ways:
        way.silence()
    yield
    for way in ways:
        way.resume()


@asynccontextmanager
async def lent(server: PostgresServer, url: str) -> AsyncIterator[None]:
    """Let every connection for reads wait for a lock of somebody else."""
    locking = await asyncpg.connect(in_database(server.admin_url, url.rpartition("/")[2]))
    transaction = locking.transaction()
    await transaction.start()
    await locking.execute("LOCK TABLE entries IN ACCESS EXCLUSIVE MODE")
    yield
    await transaction.rollback()
    await locking.close()


async def timed(answer: Awaitable[httpx.Response]) -> tuple[httpx.Response, float]:
    started = time.monotonic()
    return await answer, time.monotonic() - started


@pytest.fixture(params=["frozen", "silent", "lent", "both silent"])
def fault(request: pytest.FixtureRequest, postgres: PostgresServer, migrated_url: str, ways: Ways) -> Any:
    match request.param:
        case "frozen":
            return frozen(postgres)
        case "silent":
            return silenced(ways.database)
        case "lent":
            return lent(postgres, migrated_url)
    return silenced(ways.database, ways.redis)


async def test_reads_and_lists_are_refused_in_time_and_then_at_once_and_memory_answers(
    client: httpx.AsyncClient, settings: Settings, fault: Any
) -> None:
    assert settings.database.circuit_breaker is not None
    assert (await client.put(URL, json={"value": 1})).status_code == 201
    assert (await client.get(URL)).status_code == 200
    async with fault:
        for _ in range(settings.database.circuit_breaker.failure_threshold):  # each time one reaches the store at least
            for response, seconds in await asyncio.gather(*(timed(client.get(path)) for path in READS)):
                assert (response.status_code, response.headers["retry-after"]) == (503, "1")
                assert seconds < BOUND_SECONDS
            circuit = (await client.get(DETAIL)).json()["circuits"]["database-reads"]
            if circuit["state"] != "closed":
                break
        assert circuit["reason"] == "slow"
        assert (await client.get("/health/ready")).status_code == 200
        answers = await asyncio.gather(*(timed(client.get(path)) for path in READS))
        assert {response.status_code for response, _ in answers} == {503}
        assert sum(seconds >= READ_SECONDS for _, seconds in answers) <= 1  # that of the probe alone
        remembered, seconds = await timed(client.get(URL))
        assert (remembered.status_code, seconds < BOUND_SECONDS) == (200, True)

    async def answered() -> bool:
        return [(await client.get(path)).status_code for path in (READS[0], READS[-1])] == [404, 200]

    await eventually(answered)
    await eventually(lambda: is_ready(client, 200, "ready"))


async def test_the_details_show_a_pool_that_is_wholly_lent(
    client: httpx.AsyncClient, postgres: PostgresServer, migrated_url: str
) -> None:
    async with lent(postgres, migrated_url):
        reading = [asyncio.create_task(client.get(path)) for path in READS[:5]]

        async def starved() -> bool:
            pool = (await client.get(DETAIL)).json()["pools"]["reads"]
            return bool(pool == {"size": 2, "in_use": 2, "waiting": 3, "refused": 0})

        await eventually(starved)
        metrics = (await client.get("http://test:9464/metrics")).text
        assert "database_pool_waiting 3.0" in metrics
        await asyncio.gather(*reading)


@pytest.mark.parametrize("kind", ["frozen", "silent"])
async def test_changes_are_refused_within_the_statement_timeout_and_then_at_once(
    client: httpx.AsyncClient, postgres: PostgresServer, ways: Ways, settings: Settings, kind: str
) -> None:
    async def change(number: int) -> tuple[httpx.Response, float]:
        return await timed(client.put(f"{LIST}/c{number}", json={"value": number}))

    assert (await change(0))[0].status_code == 201
    async with frozen(postgres) if kind == "frozen" else silenced(ways.database):
        for response, seconds in await asyncio.gather(*(change(n) for n in range(1, 40))):
            assert (response.status_code, response.headers["retry-after"]) == (503, "1")
            assert seconds < settings.database.statement_timeout_seconds + BUSY_SECONDS
        await asyncio.gather(*(change(n) for n in range(40, 45)))
        answers = await asyncio.gather(*(change(n) for n in range(50, 90)))
        assert {response.status_code for response, _ in answers} == {503}
        assert sum(seconds >= settings.database.statement_timeout_seconds for _, seconds in answers) <= 1
        assert (await client.get(DETAIL)).json()["circuits"]["database-changes"]["reason"] == "slow"

    async def changed() -> bool:
        return (await change(100))[0].status_code in (201, 428)

    await eventually(changed)
    assert (await client.get(DETAIL)).json()["circuits"]["database-changes"] == {"state": "closed"}


@pytest.mark.parametrize("kind", ["refusing", "silent"])
async def test_a_worker_starts_without_its_servers_and_is_ready_when_they_come(
    settings: Settings, ways: Ways, kind: str
) -> None:
    for way in ways:
        if kind == "silent":
            way.silence()
        else:
            await way.cut()
    started = time.monotonic()
    async with served(settings, ways.database.url, ways.redis.url) as client:
        assert time.monotonic() - started < BOUND_SECONDS
        assert (await client.get("/health")).status_code == 200
        assert await is_ready(client, 503, "starting")
        for way in ways:
            if kind == "silent":
                way.resume()
            else:
                await way.open()
        await eventually(lambda: is_ready(client, 200, "ready"))
        assert (await client.put(URL, json={"value": 1})).status_code == 201


async def test_a_worker_of_a_server_in_recovery_is_ready_and_reads(
    settings: Settings, postgres: PostgresServer, migrated_url: str, redis_url: str
) -> None:
    """An API that stands by in the recovery region; the server answers here as one in recovery does."""
    name = migrated_url.rpartition("/")[2]
    administrator = await asyncpg.connect(in_database(postgres.admin_url, name))
    await administrator.execute(
        "CREATE FUNCTION public.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true';"
        f"ALTER DATABASE {name} SET search_path = public, pg_catalog"
    )
    await administrator.close()
    async with served(settings, migrated_url, redis_url) as client:
        await eventually(lambda: is_ready(client, 200, "ready"))
        assert (await client.get(URL)).status_code == 404


async def test_a_worker_with_a_wrong_password_says_so_and_is_not_ready(
    settings: Settings, migrated_url: str, redis_url: str
) -> None:
    parts = urlsplit(migrated_url)
    wrong = parts._replace(netloc=f"{parts.username}:wrong-password@{parts.hostname}:{parts.port}").geturl()
    with capture_logs() as logs:
        async with served(settings, wrong, redis_url) as client:
            await eventually(lambda: is_ready(client, 503, "refused"))

            async def told() -> bool:
                return bool((await client.get(DETAIL)).json()["feed"].get("reason") == "access_denied")

            await eventually(told)
            shown = (await client.get(DETAIL)).text
    (line,) = (log for log in logs if log["event"] == "the feed of changes is interrupted")
    assert (line["log_level"], line["reason"]) == ("error", "access_denied")
    assert "password authentication failed" in line["cause"]
    assert "wrong-password" not in shown + str(logs)


async def test_a_worker_before_the_migration_is_not_ready_and_becomes_so_by_itself(
    settings: Settings, postgres: PostgresServer, database_url: str, redis_url: str
) -> None:
    async with served(settings, database_url, redis_url) as client:
        await eventually(lambda: is_ready(client, 503, "refused"))

        async def told() -> bool:
            return bool((await client.get(DETAIL)).json()["feed"].get("reason") == "schema_missing")

        await eventually(told)
        await migrate(Address(database_url), settings.database)
        await eventually(lambda: is_ready(client, 200, "ready"))
        schema = (await client.get(DETAIL)).json()["schema"]
        assert schema["found"] == schema["needed"]


async def test_a_worker_is_not_ready_while_the_entries_have_other_partitions_than_the_settings_say(
    settings: Settings, migrated_url: str, redis_url: str
) -> None:
    other = settings.model_copy(update={"database": settings.database.model_copy(update={"partitions": 4})})
    async with served(other, migrated_url, redis_url) as client:

        async def told() -> bool:
            return bool((await client.get(DETAIL)).json()["feed"].get("reason") == "other_partitions")

        await eventually(told)
        assert await is_ready(client, 503, "refused")
