"""The throttle of a worker: leases, cached denials, and life without Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from runtime.ports.throttling import BucketsUnavailableError, Fault, Grant
from runtime.routes import THROTTLED
from runtime.services import leases, throttling
from runtime.services.decisions import Admission, Decision
from runtime.services.limits import Standing
from runtime.services.throttling import Throttle
from runtime.settings import Bucket, RouteLimit, Throttling
from runtime.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.runtime.fakes import MemoryBuckets

pytestmark = pytest.mark.anyio
LIST = "GET /v1/namespaces/{namespace}/entries"
READ: Final = "GET /v1/namespaces/{namespace}/entries/{key}"
WRITE = "PUT /v1/namespaces/{namespace}/entries/{key}"
SECOND = 1_000_000


class Clock:
    """The worker's monotonic clock, which only a test moves."""

    def __init__(self, buckets: MemoryBuckets) -> None:
        self.buckets = buckets

    def monotonic_ns(self) -> int:
        return self.buckets.now * 1000

    def advance(self, microseconds: int) -> None:
        self.buckets.now += microseconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, buckets: MemoryBuckets) -> Clock:
    clock = Clock(buckets)
    monkeypatch.setattr(throttling, "time", clock)
    return clock


@pytest.fixture
def make(buckets: MemoryBuckets, clock: Clock) -> Callable[..., Throttle]:
    def throttle(
        client: Bucket | None = None, endpoint: Bucket | None = None, read: Bucket | None = None, replicas: int = 1
    ) -> Throttle:
        routes = (RouteLimit(route=READ, bucket=read),) if read else ()
        limits = Throttling(address=bucket(10, 60), client=client, endpoint=endpoint, routes=routes, replicas=replicas)
        return Throttle(buckets, limits, THROTTLED, 2, Telemetry())

    return throttle


def bucket(capacity: int, refill_per_minute: int) -> Bucket:
    return Bucket(capacity=capacity, refill_per_minute=refill_per_minute)


async def ask(throttle: Throttle, endpoint: str = READ, client: str = "192.0.2.1") -> Decision:
    decision = throttle.decide(client, endpoint)
    return decision or await throttle.ask(client, endpoint)


async def flood(throttle: Throttle, endpoint: str = READ, client: str = "192.0.2.1") -> int:
    """Ask until denied, at one instant; return how many were admitted."""
    admitted = 0
    while (await ask(throttle, endpoint, client)).admission is Admission.ADMITTED:
        admitted += 1
    return admitted


async def test_without_a_limit_everything_is_admitted_and_redis_is_not_asked(
    make: Callable[..., Throttle], buckets: MemoryBuckets
) -> None:
    throttle = make()
    assert await ask(throttle) == Decision(Admission.ADMITTED)
    assert buckets.taken == []


async def test_a_burst_takes_exactly_the_capacity_with_few_calls(
    make: Callable[..., Throttle], buckets: MemoryBuckets
) -> None:
    throttle = make(client=bucket(2000, 60))
    assert await flood(throttle) == 2000
    assert max(buckets.taken) == 20  # one per cent
    assert len(buckets.taken) < 400  # the last two hundred go one by one


async def test_a_denial_is_remembered_until_the_wait_that_it_was_told(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock
) -> None:
    throttle = make(client=bucket(2, 20))
    assert await flood(throttle) == 2
    calls = len(buckets.taken)
    clock.advance(SECOND // 2)
    assert await ask(throttle) == Decision(Admission.DENIED, 3, ("client",), (Standing("client", 0, 3),))
    clock.advance(2 * SECOND)
    assert (await ask(throttle)).retry_after_seconds == 1
    assert len(buckets.taken) == calls
    clock.advance(SECOND // 2)
    assert (await ask(throttle)).admission is Admission.ADMITTED


async def test_a_denial_names_the_bucket_that_is_empty_and_leaves_the_other_alone(
    make: Callable[..., Throttle],
) -> None:
    throttle = make(client=bucket(5, 1), read=bucket(3, 1))
    assert await flood(throttle, READ) == 3
    assert (await ask(throttle, READ)).denied_by == ("endpoint",)
    assert await flood(throttle, LIST) == 2
    assert (await ask(throttle, LIST)).denied_by == ("client",)


async def test_an_endpoint_without_a_limit_of_its_own_has_the_common_one(make: Callable[..., Throttle]) -> None:
    throttle = make(endpoint=bucket(4, 1), read=bucket(2, 1))
    assert [await flood(throttle, endpoint) for endpoint in (READ, LIST, WRITE)] == [2, 4, 4]


async def test_clients_do_not_spend_each_others_tokens(make: Callable[..., Throttle]) -> None:
    throttle = make(client=bucket(3, 1))
    assert [await flood(throttle, client=client) for client in ("192.0.2.1", "192.0.2.2")] == [3, 3]


async def test_an_answer_says_what_is_left_and_until_when(make: Callable[..., Throttle]) -> None:
    throttle = make(client=bucket(10, 6), endpoint=bucket(5, 60))
    decision = await ask(throttle)
    assert decision.standings == (Standing("client", 9, 10), Standing("endpoint", 4, 1))


async def test_two_workers_admit_the_capacity_together(make: Callable[..., Throttle], clock: Clock) -> None:
    workers = [make(client=bucket(1000, 600)) for _ in range(2)]
    admitted = 0
    for _ in range(30_000):  # three seconds, a request to each worker every hundred microseconds
        for worker in workers:
            admitted += (await ask(worker)).admission is Admission.ADMITTED
        clock.advance(100)
    assert admitted == 1025  # at 600 a minute five tokens are gained while others wait in a lease


async def test_a_token_that_is_not_spent_in_half_a_second_is_lost(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock
) -> None:
    throttle = make(client=bucket(1000, 1))
    for _ in range(4):  # leases of 2 and 4: two tokens are left
        await ask(throttle)
    held = sum(buckets.taken) - 4
    assert held == 2
    clock.advance(SECOND // 2)
    assert await flood(throttle) == 996 - held


async def test_a_client_that_sends_nothing_for_a_second_is_forgotten(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock
) -> None:
    throttle = make(client=bucket(1, 1))
    await flood(throttle)
    calls = len(buckets.taken)
    for elapsed, asked in ((SECOND - 1, 0), (SECOND, 1)):
        clock.advance(elapsed)
        throttle.drop_idle()
        assert (await ask(throttle)).admission is Admission.DENIED
        assert len(buckets.taken) == calls + asked


async def lose(throttle: Throttle, buckets: MemoryBuckets, clock: Clock, fault: Fault = Fault.AWAY) -> None:
    """Let probes fail until the worker throttles alone."""
    buckets.fault = fault
    while not throttle.degraded:
        clock.advance(SECOND // 4)
        await throttle.probe()


async def regain(throttle: Throttle, buckets: MemoryBuckets) -> int:
    """Let probes succeed until Redis is used again; return their number."""
    buckets.fault, before = None, buckets.probes
    while throttle.degraded:
        await throttle.probe()
    return buckets.probes - before


async def test_without_redis_reads_and_changes_go_on_at_this_workers_share(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock
) -> None:
    throttle = make(client=bucket(80, 240), replicas=4)
    buckets.fault = Fault.AWAY
    assert [await flood(throttle, WRITE), await flood(throttle)] == [10, 0]  # of four replicas of two workers
    assert throttle.degraded
    denial = await ask(throttle)
    assert denial == Decision(Admission.DENIED, 2, ("client",), (Standing("client", 0, 2),), alone=True)
    clock.advance(2 * SECOND)
    assert await flood(throttle) == 1


async def test_a_strict_route_admits_nothing_without_redis_and_others_their_share(
    buckets: MemoryBuckets, clock: Clock
) -> None:
    strict = RouteLimit(route="PUT /v1/namespaces/{namespace}/entries/{key}", bucket=bucket(10, 60), strict=True)
    limits = Throttling(address=bucket(80, 60), client=bucket(80, 60), endpoint=None, routes=(strict,), replicas=4)
    throttle = Throttle(buckets, limits, THROTTLED, 2, Telemetry())
    assert not (await ask(throttle, WRITE)).alone
    buckets.fault = Fault.AWAY
    clock.advance(SECOND)
    refusal = await ask(throttle, WRITE)
    standings = (Standing("client", 0, 1), Standing("endpoint", 0, 1))
    assert refusal == Decision(Admission.DENIED, 1, ("endpoint",), standings, alone=True)
    assert [limit.share_quota for limit in throttle.limits("c", WRITE)] == [17, 0]
    assert await flood(throttle) == 10


async def test_an_answer_without_redis_says_what_is_left_of_the_share(
    make: Callable[..., Throttle], buckets: MemoryBuckets
) -> None:
    throttle = make(client=bucket(80, 240), endpoint=bucket(40, 60), replicas=4)
    buckets.fault = Fault.AWAY
    assert (await ask(throttle)).standings == (Standing("client", 9, 2), Standing("endpoint", 4, 8))


async def test_a_share_of_less_than_a_token_still_admits_one_at_a_time(
    make: Callable[..., Throttle], buckets: MemoryBuckets
) -> None:
    throttle = make(client=bucket(3, 60), replicas=4)
    buckets.fault = Fault.AWAY
    assert await flood(throttle) == 1
    assert (await ask(throttle)).retry_after_seconds == 8


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault not in (Fault.BROKEN_KEY, Fault.POOL_FULL)])
async def test_one_failure_is_decided_alone_and_a_series_loses_the_worker(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock, fault: Fault
) -> None:
    throttle = make(client=bucket(100, 1))
    await throttle.probe()
    buckets.fault = fault
    assert (await ask(throttle)).alone
    assert not throttle.degraded
    buckets.fault = None
    clock.advance(leases.ALONE_MICROSECONDS)
    assert not (await ask(throttle)).alone
    await lose(throttle, buckets, clock, fault)


@pytest.mark.parametrize("fault", [Fault.BROKEN_KEY, Fault.POOL_FULL])
async def test_a_fault_of_one_request_degrades_that_request_alone(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock, fault: Fault
) -> None:
    throttle = make(client=bucket(100, 1), replicas=5)
    await throttle.probe()
    buckets.fault = fault
    admitted = 0
    for _ in range(100):
        admitted += (await ask(throttle)).admission is Admission.ADMITTED
        clock.advance(SECOND // 4)
    assert admitted == 10  # its share
    assert not throttle.degraded
    buckets.fault = None
    assert not (await ask(throttle, client="192.0.2.2")).alone


async def test_requests_that_waited_for_a_failing_redis_do_not_wait_for_it_again(
    make: Callable[..., Throttle], buckets: MemoryBuckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = make(client=bucket(1000, 1))
    await throttle.probe()
    calls = 0

    async def take(*_: object) -> Grant:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)
        raise BucketsUnavailableError(Fault.SLOW)

    monkeypatch.setattr(buckets, "take", take)
    decisions = await asyncio.gather(*(throttle.ask("192.0.2.1", READ) for _ in range(50)))
    assert calls == 1
    assert all(decision.alone for decision in decisions)
    assert not throttle.degraded


async def test_requests_behind_many_others_do_not_wait_for_a_slow_redis_one_after_another(
    make: Callable[..., Throttle], buckets: MemoryBuckets, monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    throttle = make(client=bucket(90, 1))  # one token a lease
    take = buckets.take

    async def slow(*arguments: Any) -> Grant:
        await asyncio.sleep(0)  # the others come
        clock.advance(200_000)
        return await take(*arguments)

    monkeypatch.setattr(buckets, "take", slow)
    decisions = await asyncio.gather(*(throttle.ask("192.0.2.1", READ) for _ in range(10)))
    assert [decision.alone for decision in decisions] == [False] * 3 + [True] * 7
    assert not throttle.degraded


async def test_while_redis_is_away_no_request_asks_for_it_and_three_probes_bring_it_back(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock
) -> None:
    throttle = make(client=bucket(10, 1))
    await throttle.probe()
    await lose(throttle, buckets, clock)
    buckets.fault = None
    await ask(throttle)
    assert buckets.taken == []
    assert await regain(throttle, buckets) == 3
    assert await flood(throttle) == 10


async def test_answers_that_were_on_their_way_when_redis_was_lost_do_not_bring_it_back(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    throttle = make(client=bucket(10, 1))
    await throttle.probe()
    lost = asyncio.Event()
    take = buckets.take

    async def late(*arguments: Any) -> Grant:
        await lost.wait()
        buckets.fault = None
        return await take(*arguments)

    monkeypatch.setattr(buckets, "take", late)
    asking = [asyncio.create_task(throttle.ask(f"client {n}", READ)) for n in range(10)]
    await asyncio.sleep(0)
    await lose(throttle, buckets, clock)
    lost.set()
    await asyncio.gather(*asking)
    assert throttle.degraded


async def test_a_redis_that_is_away_at_the_start_is_used_from_its_first_success(
    make: Callable[..., Throttle], buckets: MemoryBuckets
) -> None:
    throttle = make(client=bucket(10, 1))
    buckets.fault = Fault.LOADING
    await throttle.probe()
    assert throttle.degraded
    assert await regain(throttle, buckets) == 1


async def test_coming_and_going_refills_no_share(
    make: Callable[..., Throttle], buckets: MemoryBuckets, clock: Clock
) -> None:
    throttle = make(client=bucket(100, 1), replicas=5)
    await throttle.probe()
    admitted = []
    for _ in range(10):
        await lose(throttle, buckets, clock)
        admitted.append(await flood(throttle))
        await regain(throttle, buckets)
        throttle.drop_idle()
    assert admitted == [10, *[0] * 9]


async def test_however_many_clients_come_the_leases_are_bounded(
    make: Callable[..., Throttle], monkeypatch: pytest.MonkeyPatch, buckets: MemoryBuckets
) -> None:
    monkeypatch.setattr(throttling, "MOST", 10)
    throttle = make(client=bucket(5, 1))
    admitted = 0
    for n in range(100):
        admitted += await flood(throttle, client=f"client {n}")
    assert admitted == 500
    calls = len(buckets.taken)
    assert await flood(throttle, client="client 0") == 0
    assert await flood(throttle, client="client 99") == 0
    assert len(buckets.taken) == calls + 1  # the first client's denial made room, the last one's is remembered
