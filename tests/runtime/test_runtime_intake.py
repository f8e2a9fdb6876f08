"""What one client may have in progress, and what the size of a body costs."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.app import create_app
from runtime.http import bodies
from runtime.http.bodies import INLINE_BYTES, MAX_BYTES, TOKEN_BYTES, parse_value
from runtime.ports.throttling import Fault
from runtime.services.changes import Changes
from runtime.services.intake import Bounds, FullError, Level
from runtime.settings import Bucket
from tests.runtime.fakes import client_of, running
from tests.runtime.test_runtime_entries_http import left

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from runtime.app import Adapters
    from runtime.domain.entries import Change, Json, Made
    from runtime.settings import Settings
    from tests.runtime.fakes import MemoryBuckets, MemoryEntries

pytestmark = pytest.mark.anyio
METRICS = "http://test:9464/metrics"
LIST = "/v1/namespaces/payments/entries"
URL = f"{LIST}/limits"
JSON = {"content-type": "application/json"}


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": {"capacity": 100, "refill_per_minute": 60}, "endpoint": None}
    return document


def body(size: int) -> bytes:
    return b'{"value":1' + b" " * (size - 11) + b"}"


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.usefixtures("still_buckets")
@pytest.mark.parametrize(("size", "tokens"), [(11, 1), (TOKEN_BYTES, 1), (TOKEN_BYTES + 1, 2), (MAX_BYTES, 16)])
async def test_a_body_costs_a_token_for_each_64_kib(client: httpx.AsyncClient, size: int, tokens: int) -> None:
    before = left(await client.get(URL))
    written = await client.put(URL, content=body(size), headers=JSON)
    assert (written.status_code, left(written)) == (201, before - tokens)


@pytest.mark.usefixtures("still_buckets")
async def test_a_body_without_a_declared_length_costs_as_much_as_the_largest(client: httpx.AsyncClient) -> None:
    before = left(await client.get(URL))
    written = await client.put(URL, content=chunks(body(11)), headers=JSON)
    assert (written.status_code, left(written)) == (201, before - 16)


async def test_a_body_that_cannot_be_paid_for_is_denied_unread_until_it_can(
    client: httpx.AsyncClient, still_buckets: MemoryBuckets, entries: MemoryEntries
) -> None:
    while left(await client.get(URL)) > 9:
        pass
    denied = await client.put(URL, content=body(MAX_BYTES), headers=JSON)
    assert (denied.status_code, denied.headers["retry-after"], entries.entries) == (429, "16", {})
    assert denied.json()["violated-policies"] == ["client"]
    still_buckets.now += 17_000_000
    assert (await client.put(URL, content=body(MAX_BYTES), headers=JSON)).status_code == 201


async def test_the_largest_body_can_be_paid_from_a_small_share(
    settings: Settings, adapters: Adapters, buckets: MemoryBuckets
) -> None:
    """Four workers in all: each has a share of 10 tokens, and the body would take 16."""
    client = Bucket(capacity=40, refill_per_minute=60)
    small = settings.model_copy(update={"throttling": settings.throttling.model_copy(update={"client": client})})
    app = create_app(small, adapters)
    buckets.fault = Fault.AWAY
    async with running(app), client_of(app) as http:
        written = await http.put(URL, content=body(MAX_BYTES), headers=JSON)
        assert (written.status_code, left(written)) == (201, 5)


class SlowChanges:
    """Changes that wait for ``go_on`` before they are made."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.waiting = 0
        self.go_on = asyncio.Event()
        make = Changes.make

        async def wait(sender: Changes, change: Change) -> tuple[Made, ...]:
            self.waiting += 1
            await self.go_on.wait()
            return await make(sender, change)

        monkeypatch.setattr(Changes, "make", wait)


async def asked(http: httpx.AsyncClient, number: int, size: int = 11) -> int:
    return (await http.put(f"{URL}.{number}", content=body(size), headers=JSON)).status_code


@pytest.mark.parametrize(
    ("bounds", "status", "bound"),
    [
        (Bounds(client_requests=3), 429, "client-requests"),
        (Bounds(requests=3), 503, "requests"),
        (Bounds(client_body_bytes=3 * 50_000), 429, "client-body-bytes"),
        (Bounds(body_bytes=3 * 50_000), 503, "body-bytes"),
    ],
)
async def test_a_request_beyond_a_bound_is_refused_at_once_and_nothing_stays_counted(
    settings: Settings,
    adapters: Adapters,
    bounds: Bounds,
    status: int,
    bound: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slow = SlowChanges(monkeypatch)
    app = create_app(settings, adapters, bounds)
    async with running(app), client_of(app) as http:
        first = [asyncio.create_task(asked(http, number, 50_000)) for number in range(3)]
        while slow.waiting < 3:
            await asyncio.sleep(0.001)
        refused = await http.put(URL, content=body(50_000), headers=JSON)
        assert (refused.status_code, refused.headers["retry-after"]) == (status, "1")
        kind = {429: "quota-exceeded", 503: "temporary-reduced-capacity"}[status]
        assert refused.json()["type"] == f"https://iana.org/assignments/http-problem-types#{kind}"
        assert refused.json().get("violated-policies") == ([bound] if status == 429 else None)
        assert bound in refused.json()["detail"]
        slow.go_on.set()
        assert await asyncio.gather(*first) == [201] * 3
        assert [await asked(http, number, 50_000) for number in range(3, 9)] == [201] * 6
        assert f'intake_refusals_total{{bound="{bound}"}} 1.0' in (await http.get(METRICS)).text


async def test_a_refused_request_takes_no_token(settings: Settings, adapters: Adapters) -> None:
    app = create_app(settings, adapters, Bounds(client_requests=0))
    async with running(app), client_of(app) as http:
        assert [(await http.get(URL)).status_code for _ in range(200)] == [429] * 200
        assert "throttle_decisions" not in "".join(
            line for line in (await http.get(METRICS)).text.splitlines(keepends=True) if not line.startswith("#")
        )


@pytest.mark.parametrize(("size", "thread"), [(INLINE_BYTES, "MainThread"), (INLINE_BYTES + 1, "bodies_0")])
async def test_a_large_body_is_parsed_off_the_event_loop(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, size: int, thread: str
) -> None:
    threads: list[str] = []

    def parse(body: bytes) -> Json:
        threads.append(threading.current_thread().name)
        return parse_value(body)

    monkeypatch.setattr(bodies, "parse_value", parse)
    assert (await client.put(URL, content=body(size), headers=JSON)).status_code == 201
    assert threads == [thread]


CLIENTS = st.sampled_from("abc")


@given(st.lists(st.tuples(CLIENTS, st.integers(1, 9))))
def test_what_is_in_progress_never_exceeds_a_bound_and_is_forgotten_when_it_ends(added: list[tuple[str, int]]) -> None:
    refused: list[str] = []
    level = Level("bytes", 20, 10, refused.append)
    held: list[tuple[str, int]] = []
    for client, amount in added:
        with suppress(FullError):
            level.add(client, amount)
            held.append((client, amount))
        assert level.total == sum(amount for _, amount in held) <= 20
        assert max(level.by_client.values(), default=0) <= 10
    assert len(refused) == len(added) - len(held)
    for client, amount in held:
        level.remove(client, amount)
    assert (level.total, level.by_client) == (0, {})


@pytest.mark.usefixtures("still_buckets")
async def test_every_admitted_request_costs_a_token_whatever_its_answer(client: httpx.AsyncClient) -> None:
    written = await client.put(URL, json={"value": 1})
    tag, tokens = written.headers["etag"], left(written)
    asked: list[tuple[int, str, dict[str, Any]]] = [
        (200, "GET", {}),
        (304, "GET", {"headers": {"if-none-match": tag}}),
        (428, "PUT", {"json": {"value": 2}}),
        (428, "DELETE", {}),
        (412, "PUT", {"json": {"value": 2}, "headers": {"if-match": '"other"'}}),
        (412, "DELETE", {"headers": {"if-match": '"other"'}}),
        (400, "PUT", {"content": b"{", "headers": JSON}),
        (415, "PUT", {"content": b"x"}),
    ]
    for spent, (status, method, request) in enumerate(asked, 1):
        response = await client.request(method, URL, **request)
        assert (response.status_code, left(response)) == (status, tokens - spent)


async def test_a_request_that_reaches_no_endpoint_and_a_denied_one_cost_nothing(
    client: httpx.AsyncClient, still_buckets: MemoryBuckets
) -> None:
    before = left(await client.get(URL))
    for method, path in (("GET", "/v1/nowhere"), ("POST", URL), ("GET", f"{URL}%2Fx"), ("GET", "/health")):
        await client.request(method, path)
    assert left(await client.get(URL)) == before - 1
    while (await client.get(URL)).status_code != 429:
        pass
    asked = len(still_buckets.taken)
    for _ in range(50):
        denied = await client.get(URL)
        assert (denied.status_code, denied.headers["retry-after"]) == (429, "1")
    assert len(still_buckets.taken) == asked
    still_buckets.now += 1_000_000
    assert (await client.get(URL)).status_code == 404
