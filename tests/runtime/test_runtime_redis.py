"""The contract of shared token buckets, on the fake and on a real server, and Lua against the reference arithmetic."""

from __future__ import annotations

import asyncio
import math
import random
import re
import socket
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from redis.asyncio import Redis

from runtime.adapters.redis import RedisTokenBuckets
from runtime.domain.buckets import LARGEST, MICROSECONDS_PER_MINUTE, Shape, State, debited, refilled, wait_microseconds
from runtime.environment import Address
from runtime.ports.availability import UnavailableError
from runtime.ports.throttling import BucketsUnavailableError, Fault, Grant, KeyedBucket
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryBuckets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable
    from pathlib import Path

    from runtime.ports.throttling import TokenBuckets

pytestmark = pytest.mark.anyio
SLOW = Shape(100, 1)  # a token a minute: nothing is gained while a test runs


@pytest.fixture(params=["memory", "redis"])
def address(request: pytest.FixtureRequest) -> Address | None:
    return Address(request.getfixturevalue("redis_url")) if request.param == "redis" else None


@pytest.fixture
async def buckets(address: Address | None) -> AsyncIterator[TokenBuckets]:
    buckets = MemoryBuckets() if address is None else RedisTokenBuckets(address, Telemetry())
    yield buckets
    await buckets.close()


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[Redis]:
    server = Redis.from_url(redis_url, decode_responses=True)
    yield server
    await server.aclose()


@pytest.fixture
async def real(redis_url: str) -> AsyncIterator[RedisTokenBuckets]:
    buckets = RedisTokenBuckets(Address(redis_url), Telemetry())
    yield buckets
    await buckets.close()


def keyed(*shapes: Shape) -> tuple[KeyedBucket, ...]:
    return tuple(KeyedBucket(f"cbp:throttle:{{client}}:{index}", shape) for index, shape in enumerate(shapes))


def tokens(grant: Grant) -> list[int]:
    return [level // MICROSECONDS_PER_MINUTE for level in grant.levels]


async def test_a_grant_is_debited_from_every_bucket(buckets: TokenBuckets) -> None:
    grant = await buckets.take(keyed(SLOW, Shape(50, 1)), 3)
    assert (grant.tokens, grant.wait_microseconds, tokens(grant)) == (3, 0, [97, 47])


async def test_a_grant_shrinks_to_a_tenth_of_what_is_left_and_to_one_near_the_end(buckets: TokenBuckets) -> None:
    granted = []
    while (grant := await buckets.take(keyed(Shape(30, 1)), 100)).tokens:
        granted.append(grant.tokens)
    assert granted == [3, 2, 2, 2, 2, *[1] * 19]
    assert sum(granted) == 30


async def test_an_empty_bucket_denies_for_all_and_none_is_debited(buckets: TokenBuckets) -> None:
    both = keyed(SLOW, Shape(1, 1))
    assert (await buckets.take(both, 1)).tokens == 1
    denial = await buckets.take(both, 1)
    assert (denial.tokens, tokens(denial)) == (0, [99, 0])
    assert 55_000_000 < denial.wait_microseconds <= 60_000_000


async def test_the_wait_is_that_of_the_bucket_that_is_empty_longest(buckets: TokenBuckets) -> None:
    both = keyed(Shape(1, 1000), Shape(1, 1))
    await buckets.take(both, 1)
    assert (await buckets.take(both, 1)).wait_microseconds > 55_000_000


async def test_only_what_was_taken_is_kept_and_only_until_the_bucket_is_full(
    real: RedisTokenBuckets, server: Redis
) -> None:
    (bucket,) = keyed(Shape(100, 60))
    await real.take([bucket], 5)
    assert 4_000 < await server.pttl(bucket.key) <= 5_000


async def test_lua_counts_as_the_reference_does_for_any_shape_level_and_time(
    real: RedisTokenBuckets, server: Redis
) -> None:
    generator = random.Random(20_260_101)  # noqa: S311  # not a secret: the same cases every time
    compared = 0
    for _ in range(500):
        capacity, refill = (math.floor(LARGEST ** generator.random()) for _ in range(2))
        shape = Shape(capacity, refill, lag=generator.choice((0, 500_000)))
        elapsed = math.floor(10 ** generator.uniform(0, 12)) * generator.choice((1, 1, 1, -1))
        (bucket,) = keyed(shape)
        seconds, micros = await server.time()
        before = State(math.floor(shape.full * generator.random() ** 3), seconds * 1_000_000 + micros - elapsed)
        await server.hset(bucket.key, mapping={"level": before.level, "at": before.at})

        grant = await real.take([bucket], 7)

        if not (stored := await server.hgetall(bucket.key)):
            continue  # it was full again before it could be looked at
        now = int(stored["at"])  # the server's clock, when it ran the script
        expected = refilled(shape, before, now)
        left = expected.level // shape.token
        assert grant.tokens == (min(7, max(1, left // 10)) if left else 0)
        assert grant.levels == (debited(shape, expected, grant.tokens).level,)
        assert grant.wait_microseconds == wait_microseconds(shape, expected)
        assert int(stored["level"]) == grant.levels[0]
        await server.delete(bucket.key)
        compared += 1
    assert compared > 250


async def test_a_smaller_capacity_holds_at_once(real: RedisTokenBuckets) -> None:
    await real.take(keyed(SLOW), 1)
    assert tokens(await real.take(keyed(Shape(10, 1)), 1)) == [9]


async def test_many_takers_share_one_bucket_exactly(real: RedisTokenBuckets) -> None:
    async def taker() -> int:
        return sum([(await real.take(keyed(SLOW), 5)).tokens for _ in range(25)])

    assert sum(await asyncio.gather(*(taker() for _ in range(8)))) == 100


async def test_a_server_that_forgot_its_scripts_is_taught_them_again(real: RedisTokenBuckets, server: Redis) -> None:
    await real.take(keyed(SLOW), 1)
    await server.script_flush()
    assert tokens(await real.take(keyed(SLOW), 1)) == [98]


async def fault_of(call: Awaitable[object]) -> Fault:
    """Return why a call failed."""
    with pytest.raises(BucketsUnavailableError) as caught:
        await call
    return caught.value.fault


@asynccontextmanager
async def configured(server: Redis, **values: str) -> AsyncIterator[None]:
    """Set parameters of the server for a while."""
    names = {name.replace("_", "-"): value for name, value in values.items()}
    before: dict[str, Any] = {name: (await server.config_get(name))[name] for name in names}
    for name, value in names.items():
        await server.config_set(name, value)
    try:
        yield
    finally:
        for name, was in before.items():
            await server.config_set(name, was)


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ({"min_replicas_to_write": "1"}, Fault.TOO_FEW_REPLICAS),
        ({"maxmemory": "1", "maxmemory_policy": "noeviction"}, Fault.OUT_OF_MEMORY),
    ],
)
async def test_a_server_that_answers_ping_and_refuses_writes_fails_a_probe_and_a_request_with_the_reason(
    real: RedisTokenBuckets, server: Redis, values: dict[str, str], fault: Fault
) -> None:
    await real.probe()
    async with configured(server, **values):
        assert await server.ping()
        assert await fault_of(real.probe()) is fault
        assert await fault_of(real.take(keyed(SLOW), 1)) is fault
    await real.probe()


async def test_a_replica_is_read_only(real: RedisTokenBuckets, server: Redis) -> None:
    await server.replicaof("127.0.0.1", "1")
    try:
        assert await fault_of(real.probe()) is Fault.READ_ONLY
    finally:
        await server.replicaof("NO", "ONE")
    await real.probe()


@pytest.mark.parametrize("broken", ["a string in place of a hash", "a level that is no number"])
async def test_a_key_that_the_script_cannot_use_is_a_fault_of_that_client_alone(
    real: RedisTokenBuckets, server: Redis, broken: str
) -> None:
    (bucket,) = keyed(SLOW)
    if broken == "a string in place of a hash":
        await server.set(bucket.key, "x")
    else:
        await server.hset(bucket.key, mapping={"level": "x", "at": "y"})
    assert await fault_of(real.take((bucket,), 1)) is Fault.BROKEN_KEY
    assert (await real.take((KeyedBucket("cbp:throttle:{other}:client", SLOW),), 1)).tokens == 1


async def test_a_user_without_the_rights_is_denied_access(redis_url: str, server: Redis) -> None:
    await server.acl_setuser("narrow", enabled=True, passwords=["+pw"], commands=["+ping"], keys=["*"], reset=True)
    location = redis_url.rpartition("@")[2]
    buckets = RedisTokenBuckets(Address(f"redis://narrow:pw@{location}"), Telemetry())
    try:
        assert await fault_of(buckets.probe()) is Fault.ACCESS_DENIED
    finally:
        await buckets.close()
        await server.acl_deluser("narrow")


async def test_a_pause_of_the_server_is_slow_for_the_calls_that_wait_for_it_and_full_for_those_behind_them(
    real: RedisTokenBuckets, server: Redis
) -> None:
    await real.probe()
    await server.client_pause(1_000)
    faults = await asyncio.gather(*(fault_of(real.take(keyed(SLOW), 1)) for _ in range(20)))
    # A connection that gives up early on a busy machine is lent to a call behind it.
    assert faults.count(Fault.SLOW) >= 16
    assert set(faults) <= {Fault.SLOW, Fault.POOL_FULL}
    await server.client_unpause()
    assert sum([(await real.take(keyed(Shape(1000, 1)), 1)).tokens for _ in range(40)]) == 40  # none is lent for good


async def test_a_call_that_is_cancelled_ends_wherever_it_is(real: RedisTokenBuckets) -> None:
    """Workers end by cancelling their tasks; before Python 3.12, wait_for() keeps that from a call that it finishes."""

    async def always() -> None:
        while True:
            await real.probe()

    for rounds in range(40):
        task = asyncio.create_task(always())
        for _ in range(rounds):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        assert task.cancelled(), f"after {rounds} rounds of the event loop"


async def test_a_server_that_is_away_is_unavailable() -> None:
    buckets = RedisTokenBuckets(Address("redis://:secret@127.0.0.1:1/0"), Telemetry())
    for call in (buckets.probe(), buckets.take(keyed(SLOW), 1)):
        with pytest.raises(UnavailableError, match=r"^Redis cannot count requests \(away\)$"):
            await call
    await buckets.close()


async def test_a_server_that_accepts_and_never_answers_is_slow() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        buckets = RedisTokenBuckets(Address(f"redis://127.0.0.1:{silent.getsockname()[1]}/0"), Telemetry())
        assert await fault_of(buckets.take(keyed(SLOW), 1)) is Fault.SLOW
        await buckets.close()


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ("LOADING Valkey is loading the dataset in memory", Fault.LOADING),
        ("MASTERDOWN Link with MASTER is down", Fault.READ_ONLY),
        ("BUSY Valkey is busy running a script", Fault.SLOW),
        ("MISCONF Valkey is configured to save RDB snapshots", Fault.REFUSED),
        ("NOAUTH Authentication required.", Fault.ACCESS_DENIED),
        ("ERR max number of clients reached", Fault.AWAY),
    ],
)
async def test_an_answer_of_a_server_that_cannot_serve_yet_is_told_by_its_code(answer: str, fault: Fault) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while commands := await reader.read(4096):
                writer.write(f"-{answer}\r\n".encode() * len(re.findall(rb"^\*\d", commands, re.MULTILINE)))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        buckets = RedisTokenBuckets(Address(f"redis://127.0.0.1:{port}"), Telemetry())
        assert await fault_of(buckets.take(keyed(SLOW), 1)) is fault
        await buckets.close()


async def test_a_probe_leaves_nothing_behind(real: RedisTokenBuckets, server: Redis) -> None:
    await real.probe()
    async with asyncio.timeout(10):
        while await server.dbsize():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
async def test_a_password_file_that_cannot_be_read_denies_access(
    redis_url: str, tmp_path: Path, content: bytes | None
) -> None:
    secret = tmp_path / "password"
    if content is not None:
        secret.write_bytes(content)
    buckets = RedisTokenBuckets(Address(redis_url, secret), Telemetry())
    assert await fault_of(buckets.probe()) is Fault.ACCESS_DENIED
    assert await fault_of(buckets.take(keyed(SLOW), 1)) is Fault.ACCESS_DENIED
    await buckets.close()


async def test_the_password_is_read_from_its_file_with_every_connection(
    redis_url: str, server: Redis, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    await server.acl_setuser("reader", enabled=True, passwords=["+first"], commands=["+@all"], keys=["*"], reset=True)
    location = redis_url.rpartition("@")[2].removeprefix("redis://")
    try:
        for password, accepted in (("first", True), ("second", False)):
            secret.write_text(f"{password}\n", encoding="utf-8")
            buckets = RedisTokenBuckets(Address(f"redis://reader@{location}", secret), Telemetry())
            if accepted:
                await buckets.probe()
            else:
                assert await fault_of(buckets.probe()) is Fault.ACCESS_DENIED
            await buckets.close()
    finally:
        await server.acl_deluser("reader")
