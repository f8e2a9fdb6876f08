"""Traces that requests are part of: kept with changes, and passed on by every call that such a request leads to."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from runtime.adapters.http_client import HttpClient
from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.oidc import OidcKeys
from runtime.adapters.signing_keys import SigningKeys
from runtime.app import create_app
from runtime.domain import traces
from runtime.domain.deliveries import Subscription
from runtime.domain.entries import Context
from runtime.embedded.issuer import DISCOVERY, KEYS, signer, trusting
from runtime.environment import Address
from runtime.services.deliveries import Deliveries
from runtime.telemetry import Telemetry
from tests.runtime.changing import change, edit, put
from tests.runtime.composed import composed, until_ready
from tests.runtime.external import answers, external, new_key
from tests.runtime.fakes import MemoryAudit, MemoryEntries, client_of, running
from tests.runtime.memory_deliveries import MemoryDeliveries
from tests.runtime.test_runtime_deliveries import Receiver
from tests.runtime.test_runtime_proposals_http import DEFINITION, PROPOSALS, bob, propose, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import asyncpg
    import httpx

    from runtime.app import Adapters
    from runtime.settings import Settings
    from tests.runtime.external import External

pytestmark = pytest.mark.anyio
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{SPAN}-01"
OTHER = f"00-{'1' * 32}-{'2' * 16}-00"
MALFORMED = (f"00-{TRACE.upper()}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"{TRACEPARENT}-more", "x" * 5000, "")
URL = "/v1/namespaces/payments/entries"


def sent(request: bytes) -> tuple[dict[str, str], Any]:
    """The fields and the body of a request that a server received."""
    head, _, body = request.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    return fields, json.loads(body or b"null")


def spans(requests: list[bytes]) -> Iterator[str]:
    """The span of each request of one trace, which is the one that was sent."""
    for request in requests:
        version, trace, span, flags = sent(request)[0]["traceparent"].split("-")
        assert (version, trace, flags) == ("00", TRACE, "01")
        yield span


@pytest.mark.parametrize(
    ("value", "trace"),
    [
        (TRACEPARENT, TRACEPARENT),
        (f"cc-{TRACE}-{SPAN}-ff", TRACEPARENT),
        (f"00-{TRACE}-{SPAN}-fe", f"00-{TRACE}-{SPAN}-00"),
        *((value, None) for value in MALFORMED),
        (f"ff-{TRACE}-{SPAN}-01", None),
    ],
)
def test_a_trace_is_kept_in_the_version_and_with_the_flag_that_are_known(value: str, trace: str | None) -> None:
    assert traces.parse(value.encode()) == trace


def test_each_call_of_a_trace_has_a_span_of_its_own_and_others_have_none() -> None:
    assert traces.outgoing() == {}
    token = traces.begin(TRACEPARENT)
    calls = [traces.outgoing()["traceparent"] for _ in range(3)]
    traces.end(token)
    assert len({*calls, TRACEPARENT}) == 4
    assert all(traces.parse(call.encode()) == call and call[traces.ID] == TRACE for call in calls)
    assert traces.outgoing() == {}


@pytest.fixture
async def receiver() -> AsyncIterator[External]:
    """A real receiver, which takes every event."""
    async with external(answers(204)) as server:
        yield server


@pytest.fixture
async def api(
    settings: Settings, migrated_url: str, redis_url: str, receiver: External, tmp_path: Path
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a worker on real servers, whose changes are delivered to the receiver from now on."""
    (tmp_path / "keys").write_text(new_key())
    http = HttpClient(settings.external_services, 2)
    receivers = {Subscription("ledger"): HttpReceiver(http, receiver.url, SigningKeys(tmp_path / "keys"))}
    more: dict[str, Any] = {"receivers": receivers, "external": {"integrations": http}}
    async with composed(settings, Address(migrated_url), Address(redis_url), **more) as client:
        await until_ready(client)
        async with asyncio.timeout(30):
            while not (await client.get("/v1/subscribers")).json()["subscribers"]:
                await asyncio.sleep(0.02)
        yield client


async def received(receiver: External, number: int) -> list[bytes]:
    async with asyncio.timeout(30):
        while len(receiver.requests) < number:
            await asyncio.sleep(0.02)
    return receiver.requests


async def write(client: httpx.AsyncClient, key: str, *traceparents: str) -> None:
    fields = [*client.headers.items(), *(("traceparent", each) for each in traceparents)]
    answer = await client.put(f"{URL}/{key}", json={"value": 1}, headers=fields)
    assert answer.status_code == 201
    assert not {"traceparent", "traceresponse"} & answer.headers.keys()


async def test_the_trace_of_a_change_is_kept_with_it_and_in_each_attempt_to_deliver_it(
    api: httpx.AsyncClient, receiver: External, owner: asyncpg.Connection
) -> None:
    """The event says in which trace it came about, at every attempt; the field has a span of each attempt."""
    receiver.behave = answers(503)
    await write(api, "limits", TRACEPARENT)
    await received(receiver, 2)
    receiver.behave = answers(204)
    requests = list(await received(receiver, 3))
    assert len({*spans(requests), SPAN}) == len(requests) + 1
    assert {sent(request)[1]["traceparent"] for request in requests} == {TRACEPARENT}
    assert await owner.fetchval("SELECT traceparent FROM events") == TRACEPARENT
    (version,) = (await api.get(f"{URL}/limits/versions")).json()["versions"]
    (change,) = (await api.get("/v1/namespaces/payments/versions")).json()["changes"]
    assert (version["traceparent"], change["traceparent"]) == (TRACEPARENT, TRACEPARENT)
    assert TRACE not in (await api.get("http://test:9464/metrics")).text


async def test_a_change_without_one_well_formed_trace_is_part_of_none(
    api: httpx.AsyncClient, receiver: External, owner: asyncpg.Connection
) -> None:
    """What is malformed or contradictory is neither kept nor passed on, and nobody makes up a trace in its place."""
    asked = [(), *((value,) for value in MALFORMED), (TRACEPARENT, OTHER)]
    for number, values in enumerate(asked):
        await write(api, f"k{number}", *values)
    fields, bodies = zip(*map(sent, await received(receiver, len(asked))), strict=True)
    assert not any("traceparent" in each for each in (*fields, *bodies))
    assert await owner.fetchval("SELECT count(*) FROM events WHERE traceparent IS NULL") == len(asked)


async def test_a_change_that_is_approved_is_part_of_the_trace_in_which_it_was_proposed(
    api: httpx.AsyncClient, receiver: External
) -> None:
    definition = {"owner": "team-payments", "approvals": 1}
    assert (await api.put(DEFINITION, json=definition)).status_code == 201
    proposed = await propose(api, {"key": "a", "value": 2}, traceparent=TRACEPARENT)
    assert proposed.status_code == 201
    approved = await step(api, proposed, "approve", bob() | {"traceparent": OTHER})
    assert (approved.json()["state"], approved.request.url.path.startswith(PROPOSALS)) == ("made", True)
    defined, made = await received(receiver, 2)
    assert "traceparent" not in sent(defined)[1]
    assert sent(made)[1]["traceparent"] == TRACEPARENT


async def test_a_delivery_that_is_given_up_is_logged_with_its_trace(settings: Settings) -> None:
    entries = MemoryEntries()
    queue, refusing = MemoryDeliveries(entries, MemoryAudit()), Receiver()
    once = settings.queue.model_copy(update={"retry": settings.queue.retry.model_copy(update={"attempts": 1})})
    deliveries = Deliveries(queue, once, 1, "urn:cbp:test", {Subscription("fis"): refusing}, Telemetry())
    await deliveries.turn()
    await entries.change([replace(change(edit("payments", "a")), context=Context(traceparent=TRACEPARENT))])
    await put(entries, "other", "b")
    refusing.faults = ["answered 400"] * 2
    with capture_logs() as logs:
        await deliveries.turn()
        await deliveries.drain()
    given_up = {each["namespace"]: each["trace_id"] for each in logs if each["event"] == "a delivery was buried"}
    assert given_up == {"payments": TRACE, "other": None}


async def test_the_keys_of_an_issuer_are_asked_for_in_the_trace_of_the_request_that_needs_them(
    settings: Settings, adapters: Adapters
) -> None:
    """Keys that are fetched by the clock are part of no trace."""

    async def publishes(server: External, writer: asyncio.StreamWriter) -> None:
        asked = server.requests[-1].split(b" ")[1].decode()
        made = {DISCOVERY: {"issuer": issuer, "jwks_uri": issuer + KEYS}, KEYS: known.keys}
        await answers(200, json.dumps(made[asked]).encode())(server, writer)

    async with external(publishes) as server:
        issuer = server.url.removesuffix("/path")
        known, trusted = signer(issuer), trusting(settings, issuer)
        http = HttpClient(settings.external_services, 2)
        app = create_app(trusted, replace(adapters, keys=OidcKeys(http), external={"issuers": http}))
        async with running(app), client_of(app, headers={}) as client:
            by_the_clock = len(await received(server, 2))
            await asyncio.sleep(trusted.access.keys.pause_seconds + 0.1)
            known = signer(issuer)  # the issuer has rotated its key
            proof = {"authorization": f"Bearer {known.token(['administrator@*'])}"}
            answer = await client.get(f"{URL}/none", headers={**proof, "traceparent": TRACEPARENT})
            assert traces.outgoing() == {}, "the trace ends with its request, which was a part of this task"
    assert answer.status_code == 404
    before, after = server.requests[:by_the_clock], server.requests[by_the_clock:]
    assert not any("traceparent" in sent(request)[0] for request in before)
    assert len(after) == len({*spans(after)}) == 2
