"""The service as real processes on real servers: exact admission, draining, replacement, outages."""

from __future__ import annotations

import asyncio
import json
import math
import os
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest
from redis import Redis

from runtime.domain.buckets import Shape
from runtime.domain.webhooks import signed_fields
from runtime.http.protocol import LONGEST_HEAD_BYTES
from runtime.services.leases import LIFETIME_MICROSECONDS
from runtime.supervisor import WORKER_START_SECONDS
from tests.identity import header_line, signed_in
from tests.runtime.external import answers, external
from tests.runtime.forwarder import forwarding
from tests.runtime.service import Service, command_of, flood, kill_session, serving

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

pytestmark = pytest.mark.anyio
LIST = "/v1/namespaces/payments/entries"
URL = f"{LIST}/limits"
FAILURES = 2
"""Those that open a circuit of the settings that these tests enforce."""
PAUSE_SECONDS = 0.005
"""Between two requests of a client, while workers are replaced: who asks without a pause takes their time to start."""
WIDE = {"capacity": 100_000, "refill_per_minute": 1}


@pytest.fixture
def variables(migrated_url: str, redis_url: str) -> dict[str, str]:
    return {"CBP_DATABASE_URL": migrated_url, "CBP_REDIS_URL": redis_url}


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": WIDE, "endpoint": None}
    return document


@pytest.fixture
def service(tmp_path: Path, document: dict[str, Any], variables: dict[str, str]) -> Iterator[Service]:
    with serving(tmp_path, document, variables) as service:
        yield service


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition holds; the bound is for a system that is broken, not for one that is slow."""
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("scope", ["client", "route"])
async def test_a_flood_from_a_full_bucket_is_admitted_to_the_floor_within_a_token_of_each_worker(
    tmp_path: Path, document: dict[str, Any], variables: dict[str, str], scope: str
) -> None:
    limit = {"capacity": 300, "refill_per_minute": 1500}
    if scope == "client":
        document["throttling"]["client"] = limit
    else:
        document["throttling"]["routes"] = [{"route": "GET /v1/namespaces/{namespace}/entries/{key}", "bucket": limit}]
    with serving(tmp_path, document, variables) as service:
        tally = await flood(service, URL, sum(limit.values()), seconds=3)
        admitting = {e["process"] for e in service.events() if e["event"] == "request" and e["status"] == 404}
    assert len(admitting) == 2

    full = Shape(limit["capacity"], limit["refill_per_minute"], lag=LIFETIME_MICROSECONDS).full / 60_000_000

    def allowed(seconds: float) -> int:
        return math.floor(full + limit["refill_per_minute"] * seconds / 60)

    # The bucket was full until the first request of the flood was counted, between its sending and its answer. A denial
    # says that it was empty, so everything until the last one had been admitted, but for a token
    # that each worker may have on its way.
    lost = tally.pauses * document["process"]["workers"] * (limit["capacity"] // 100)
    least = allowed(tally.last_denied_sent - tally.first_answered) - len(admitting) - lost
    most = allowed(tally.last_answered - tally.first_sent)
    assert least <= tally.admitted <= most


async def test_a_signal_drains_answers_what_is_in_flight_and_ends_with_status_0(
    service: Service, migrated_url: str
) -> None:
    connection = await asyncpg.connect(migrated_url)
    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:
        await client.put(URL, json={"value": 1})
        lock = connection.transaction()
        await lock.start()
        await connection.execute(f"SELECT pg_advisory_xact_lock({0x636270}, 1)")
        change = asyncio.create_task(client.put(URL, json={"value": 2}, headers={"if-match": "*"}))
        await eventually(lambda: _waits_for_lock(connection))
        service.process.send_signal(signal.SIGTERM)

        async def draining() -> bool:
            response = await client.get("/health/ready")
            return response.status_code == 503 and response.headers["connection"] == "close"

        await eventually(draining)
        read = await client.get(URL)
        assert (read.status_code, read.headers["connection"]) == (200, "close")
        await lock.rollback()
        assert (await change).json()["value"] == 2
    await connection.close()
    assert service.process.wait(30) == 0


async def test_a_rolling_restart_replaces_every_worker_and_fails_no_request(service: Service) -> None:
    before = service.workers()
    answered = 0
    done = asyncio.Event()

    async def keep_asking(client: httpx.AsyncClient) -> None:
        nonlocal answered
        while not done.is_set():
            assert (await client.get(URL)).status_code == 404
            answered += 1
            await asyncio.sleep(PAUSE_SECONDS)

    async def reconnect() -> None:
        while not done.is_set():
            async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:
                assert (await client.get(URL)).status_code == 404
            await asyncio.sleep(PAUSE_SECONDS)

    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client, asyncio.TaskGroup() as load:
        for _ in range(4):
            load.create_task(keep_asking(client))
        load.create_task(reconnect())
        service.process.send_signal(signal.SIGHUP)

        async def replaced() -> bool:
            await asyncio.sleep(0.1)
            finished = sum(event["event"].startswith("Finished server process") for event in service.events())
            return finished == 2 and len(service.workers()) == 4 and answered > 100

        await eventually(replaced)
        done.set()
    assert len(set(before) | set(service.workers())) == 4


async def converse(service: Service, together: int, done: asyncio.Event) -> int:
    """Send requests, some together, over connections that are kept, until no connection is accepted; count answers.

    A connection may only end after an answer that says so, and never by a reset once there was an answer.
    """
    answered = 0
    while not done.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
        except (ConnectionRefusedError, ConnectionResetError):  # reset in the queue of a socket that is being closed
            return answered
        on_this, ended = 0, False
        while not ended and not done.is_set():
            try:
                writer.write(f"GET {URL} HTTP/1.1\r\nHost: x\r\n{header_line()}\r\n".encode() * together)
                for _ in range(together):
                    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                    await reader.readexactly(int(head.partition("content-length: ")[2].split("\r\n")[0]))
                    assert head.startswith("http/1.1 404")
                    on_this += 1
                    if ended := "connection: close" in head:
                        assert await reader.read() == b""
                        break
                await asyncio.sleep(PAUSE_SECONDS)
            except (ConnectionError, asyncio.IncompleteReadError):
                assert on_this == 0  # the connection was never accepted
                ended = True
        answered += on_this
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
    return answered


@pytest.mark.parametrize("together", [1, 5])
async def test_a_signal_resets_no_connection_of_a_client_that_keeps_it(service: Service, together: int) -> None:
    idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", service.port)
    idle_writer.write(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    await idle_reader.readuntil(b'{"status":"live"}')
    never = asyncio.Event()
    clients = [asyncio.create_task(converse(service, together, never)) for _ in range(8)]
    await asyncio.sleep(0.2)
    service.process.send_signal(signal.SIGTERM)
    assert min(await asyncio.gather(*clients)) > 0
    assert await idle_reader.read() == b""
    idle_writer.close()
    await idle_writer.wait_closed()
    assert service.process.wait(30) == 0


@pytest.mark.parametrize("together", [1, 5])
async def test_a_replacement_of_workers_resets_no_connection(service: Service, together: int) -> None:
    done = asyncio.Event()
    clients = [asyncio.create_task(converse(service, together, done)) for _ in range(8)]
    service.process.send_signal(signal.SIGHUP)

    async def replaced() -> bool:
        await asyncio.sleep(0.1)
        finished = [event for event in service.events() if event["event"].startswith("Finished server process")]
        return len(finished) == 2

    await eventually(replaced)
    done.set()
    assert min(await asyncio.gather(*clients)) > 0


async def test_a_reader_of_the_log_that_stops_stops_nobody(
    tmp_path: Path, document: dict[str, Any], variables: dict[str, str]
) -> None:
    """The pipe takes 64 KiB, which is a third of the lines of these requests."""
    command = command_of(tmp_path, document)
    environment = os.environ | variables | {"TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, start_new_session=True) as process:
        try:
            assert process.stdout is not None
            started, port = 0, 0
            while started < 2:
                event = json.loads(process.stdout.readline())["event"]
                started += event == "Application startup complete."
                if event.startswith("Uvicorn running on "):
                    port = int(event.split()[3].rpartition(":")[2])
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                for _ in range(1_000):
                    assert (await client.get("/nowhere")).status_code == 404
            process.terminate()
            assert process.wait(30) == 0
        finally:
            kill_session(process)


async def test_a_restart_does_not_read_the_settings_again(service: Service, tmp_path: Path) -> None:
    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:
        before = await client.get("/v1/settings")
    (tmp_path / "settings.json").write_text("{", encoding="utf-8")
    service.process.send_signal(signal.SIGHUP)

    async def replaced() -> bool:
        finished = sum(event["event"].startswith("Finished server process") for event in service.events())
        return finished == 2 and len(service.workers()) == 4

    await eventually(replaced)
    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:
        after = await client.get("/v1/settings")
    assert (after.status_code, after.headers["etag"], after.json()) == (200, before.headers["etag"], before.json())


async def test_a_worker_that_dies_is_replaced_and_its_metrics_are_settled(service: Service, tmp_path: Path) -> None:
    victim = service.workers()[0]
    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:
        for _ in range(10):
            await client.get("/health")

        async def value(name: str) -> float:
            lines = (await client.get(f"{service.management_url}/metrics")).text.splitlines()
            return sum(float(line.split()[-1]) for line in lines if line.startswith(name))

        name = 'http_requests_total{method="GET",route="/health"'

        async def counted() -> bool:
            return (await value(name), await value("database_pool_size")) == (10, 12)

        await eventually(counted)  # another worker than the one that counted may answer, a second late at most
        os.kill(victim, signal.SIGKILL)

    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:

        async def replaced() -> bool:
            return len(service.workers()) == 3

        await eventually(replaced)
        assert (await value(name), await value("database_pool_size")) == (10, 12)
    files = tmp_path.glob("cbp-metrics-*/*.db")
    assert {int(each.stem.rpartition("_")[2]) for each in files} == set(service.workers())  # and none of the parent


async def test_a_worker_that_is_killed_while_it_is_stopped_is_replaced_at_once(service: Service) -> None:
    victim = service.workers()[0]
    os.kill(victim, signal.SIGSTOP)
    os.kill(victim, signal.SIGKILL)

    async def replaced() -> bool:
        return len(service.workers()) == 3

    async with asyncio.timeout(WORKER_START_SECONDS / 2):
        await eventually(replaced)
    # The main thread, and that of the log, which rests at a fork: imports that start others would make forks unsafe.
    assert len(list(Path(f"/proc/{service.process.pid}/task").iterdir())) == 2


async def test_no_process_outlives_a_parent_that_was_killed(service: Service) -> None:
    service.process.kill()
    service.process.wait()

    async def gone() -> bool:
        try:
            os.killpg(service.process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    await eventually(gone)


async def test_a_redis_that_answers_ping_and_refuses_writes_leaves_each_worker_its_share(
    tmp_path: Path, document: dict[str, Any], variables: dict[str, str]
) -> None:
    """The worker was declared well four times a second, and its share refilled: 9,307 were admitted of 1,200."""
    document["throttling"]["client"] = {"capacity": 400, "refill_per_minute": 60}  # two replicas of two workers
    with Redis.from_url(variables["CBP_REDIS_URL"]) as redis, serving(tmp_path, document, variables) as service:
        redis.config_set("min-replicas-to-write", 1)
        try:
            tally = await flood(service, URL, (400 + 60) // 4, seconds=6)
        finally:
            redis.config_set("min-replicas-to-write", 0)
        events = service.events()
    faults = {event["fault"] for event in events if "the shared buckets are lost" in event["event"]}
    asked = Counter(event["process"] for event in events if event["event"] == "request")
    flooded = sum(requests > 100 for requests in asked.values())  # one worker may accept every connection
    minutes = (tally.last_answered - tally.first_sent) / 60
    assert flooded
    assert 75 * flooded < tally.admitted <= 2 * (100 + minutes * 15 + 1)
    assert faults == {"too_few_replicas"}


async def test_outages_of_redis_and_of_the_database_are_answered_at_once_and_end_by_themselves(
    tmp_path: Path, document: dict[str, Any], variables: dict[str, str]
) -> None:
    variables["CBP_DATABASE_DIRECT_URL"] = variables["CBP_DATABASE_URL"]
    async with forwarding(variables["CBP_REDIS_URL"]) as redis, forwarding(variables["CBP_DATABASE_URL"]) as database:
        variables |= {"CBP_REDIS_URL": redis.url, "CBP_DATABASE_URL": database.url}
        with serving(tmp_path, document, variables) as service:
            async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:

                async def ready(status: int, state: str) -> bool:
                    response = await client.get("/health/ready")
                    return (response.status_code, response.json()["status"]) == (status, state)

                async def writable() -> bool:
                    response = await client.put(URL, json={"value": 1}, headers={"if-match": "*"})
                    return response.status_code == 200

                async def policy() -> str:
                    return (await client.get(URL)).headers["ratelimit-policy"].partition(";pk=")[0]

                async def told(expected: str) -> bool:
                    return await policy() == expected

                async def created() -> bool:
                    return (await client.put(URL, json={"value": 1})).status_code == 201

                await eventually(created)
                await redis.cut()
                await eventually(lambda: ready(200, "degraded"))
                assert (await client.get(URL)).status_code == 200
                assert await writable()
                assert await policy() == '"client";q=25000;w=60'  # one worker's share
                await redis.open()
                await eventually(lambda: told('"client";q=100001;w=60'))
                assert await writable()  # which memory forgets
                await database.cut()
                for _ in range(FAILURES):
                    response = await client.get(URL)
                    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
                assert await ready(200, "degraded")
                await database.open()
                await eventually(lambda: ready(200, "ready"))
                assert (await client.get(URL)).status_code == 200


async def test_every_worker_reads_from_memory_and_hears_what_another_has_written(service: Service) -> None:
    async def read() -> tuple[int, int]:
        """Read over a connection of its own: the revision, and the worker that has answered, by its log."""
        async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:
            response = await client.get(URL)
        workers: list[int] = []
        while not workers:
            await asyncio.sleep(0.01)
            request = response.headers["x-request-id"]
            workers = [event["process"] for event in service.events() if event.get("request_id") == request]
        return response.json()["revision"], workers[0]

    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as writer:
        for revision in range(1, 6):
            await writer.put(URL, json={"value": revision}, headers={"if-match": "*"} if revision > 1 else {})
            assert (await writer.get(URL)).json()["revision"] == revision
            current: set[int] = set()

            async def everywhere(revision: int = revision, current: set[int] = current) -> bool:
                found, worker = await read()
                (current.add if found == revision else current.discard)(worker)
                return current >= set(service.workers())

            await eventually(everywhere)

        async def counted() -> bool:
            metrics = (await writer.get(f"{service.management_url}/metrics")).text.splitlines()
            hits = sum(
                float(line.split()[-1]) for line in metrics if line.startswith('cache_reads_total{outcome="hit"')
            )
            return hits > 0 and "cache_live 1.0" in metrics and "cache_revision 5.0" in metrics

        await eventually(counted)


async def test_what_reaches_no_handler_is_a_problem_too(service: Service) -> None:
    """A chunked body that tells no length, what is not HTTP, and a head without end."""

    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 65536

    one = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(headers=signed_in(), base_url=service.url, limits=one) as client:
        response = await client.put(URL, content=chunks(), headers={"content-type": "application/json"})
        assert (response.status_code, response.headers["content-type"]) == (413, "application/problem+json")
        assert "server" not in response.headers
        assert (await client.get(URL)).status_code == 404  # the connection survives

    head, body = await _exchange(service, b"NONSENSE\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-type: application/problem+json" in head.split(b"\r\n")
    assert json.loads(body)["detail"] == "Invalid HTTP request received. The connection is closed."

    start = b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: "
    head, body = await _exchange(service, start + b"a" * (LONGEST_HEAD_BYTES + 1 - len(start)))
    assert head.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
    assert json.loads(body)["status"] == 431


async def _exchange(service: Service, sent: bytes) -> tuple[bytes, bytes]:
    """Send bytes over a connection of their own, and return head and body of what is answered until it is closed."""
    reader, writer = await asyncio.open_connection("127.0.0.1", service.port)
    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return head, body


async def _waits_for_lock(connection: asyncpg.Connection) -> bool:
    await connection.execute("SELECT pg_stat_clear_snapshot()")
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await connection.fetchval(waiting))


async def test_a_change_is_signed_and_delivered_to_the_subscriber_that_the_file_names(
    tmp_path: Path, document: dict[str, Any], variables: dict[str, str]
) -> None:
    """And the workers take a notification of the connector that another file names, once."""
    keys, file, connectors = tmp_path / "keys", tmp_path / "subscribers.json", tmp_path / "connectors.json"
    keys.write_text("whsec_" + "A" * 32)
    fis = {"name": "fis", "namespace": "payments", "form": "standard-webhooks", "keys_file": str(keys)}
    connectors.write_text(json.dumps([fis]))
    here = {"CBP_SUBSCRIBERS_FILE": str(file), "CBP_CONNECTORS_FILE": str(connectors)}
    async with external(answers(204)) as ledger:
        file.write_text(json.dumps([{"name": "ledger", "url": ledger.url, "keys_file": str(keys)}]))
        with serving(tmp_path, document, {**variables, **here}) as service:
            async with httpx.AsyncClient(headers=signed_in(), base_url=service.url) as client:

                async def follows() -> bool:
                    return bool((await client.get("/v1/subscribers")).json()["subscribers"])

                async def delivered() -> bool:
                    return bool(ledger.requests)

                await eventually(follows)
                assert (await client.put(URL, json={"value": 1})).status_code == 201
                await eventually(delivered)
                detail = (await client.get(f"{service.management_url}/health/detail")).json()
                told = b'{"type":"calendar.changed","timestamp":"2026-01-05T09:30:00Z","data":{}}'
                signed = signed_fields([bytes(24)], "msg_1", int(time.time()), told)
                sent = [client.post("/v1/notifications/fis", content=told, headers=signed) for _ in range(4)]
                assert {answer.status_code for answer in await asyncio.gather(*sent)} == {204}
                kept = (await client.get("/v1/namespaces/payments/notifications")).json()["notifications"]
                assert [(each["id"], each["document"]) for each in kept] == [("msg_1", json.loads(told))]
    assert detail["circuits"]["subscriber-ledger"]["state"] == "closed"
    head, _, body = ledger.requests[0].partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    event = json.loads(body)
    assert (event["subject"], event["data"]["value"]) == ("payments/limits", 1)
    assert fields["webhook-id"] == event["id"]
    expected = signed_fields([bytes(24)], event["id"], int(fields["webhook-timestamp"]), body)
    assert fields["webhook-signature"] == expected["webhook-signature"]
