"""The queue over HTTP: who sees which deliveries, and what becomes of dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from runtime.domain.deliveries import Subscription
from runtime.ports.availability import UnavailableError
from runtime.services import queue as queue_service
from tests.identity import signed_in
from tests.runtime.changing import put
from tests.runtime.test_runtime_entries_http import check_problem

if TYPE_CHECKING:
    import httpx

    from tests.runtime.fakes import MemoryAudit, MemoryEntries
    from tests.runtime.memory_deliveries import MemoryDeliveries

pytestmark = pytest.mark.anyio
LEDGER = Subscription("ledger")
SUBSCRIBERS = "/v1/subscribers"
DELIVERIES = f"{SUBSCRIBERS}/ledger/deliveries"
WHY = {"change-reason": "OPS-4: entered by hand"}


def of_payments() -> dict[str, str]:
    """An administrator of one namespace, and a reader of the others."""
    return signed_in("administrator@payments", "reader@*", subject="ada")


@pytest.fixture
async def buried(entries: MemoryEntries, queue: MemoryDeliveries) -> MemoryDeliveries:
    """A queue with dead letters of payments and cards, and a delivery that waits."""
    await bury(entries, queue, "payments", "cards")
    await put(entries, "payments", "next")
    await queue.fan_out(LEDGER, 0, 10, 10)
    return queue


async def bury(entries: MemoryEntries, queue: MemoryDeliveries, *names: str) -> None:
    await queue.fan_out(LEDGER, 0, 10, 10)
    for name in names:
        await put(entries, name, str(uuid4()), '{"daily": 1.10}')
    await queue.fan_out(LEDGER, 0, 200, 200)
    while claimed := await queue.claim(["ledger"], 1, 1, 60):
        await queue.give_back(claimed[0], "answered 500", None, bury=True)


async def listed(client: httpx.AsyncClient, query: str = "", **options: Any) -> list[str]:
    answer = await client.get(f"{DELIVERIES}{query}", **options)
    assert (answer.status_code, "no-store" in answer.headers["cache-control"]) == (200, True)
    return [each["id"] for each in answer.json()["deliveries"]]


async def test_subscribers_are_listed_with_the_numbers_of_their_deliveries(
    client: httpx.AsyncClient, buried: MemoryDeliveries
) -> None:
    (found,) = (await client.get(SUBSCRIBERS)).json()["subscribers"]
    assert found.pop("oldest_seconds") >= 0
    assert found == {"name": "ledger", "revision": 3, "lag": 1, "waiting": 1, "dead_letters": 2, "missed": 0} | {
        "paused_at": None,
        "pause_reason": None,
    }


async def test_deliveries_are_listed_in_pages_without_their_values(
    client: httpx.AsyncClient, buried: MemoryDeliveries
) -> None:
    first = (await client.get(f"{DELIVERIES}?limit=2")).json()
    assert [each["id"] for each in first["deliveries"]] == ["1-0", "2-0"]
    assert first["deliveries"][0] == {
        "id": "1-0",
        "subscriber": "ledger",
        "namespace": "payments",
        "state": "dead",
        "attempts": 1,
        "reason": "answered 500",
        "occurred_at": first["deliveries"][0]["occurred_at"],
        "due_at": None,
        "buried_at": first["deliveries"][0]["buried_at"],
    }
    second = (await client.get(f"{DELIVERIES}?limit=2&after={first['next']}")).json()
    assert [(each["id"], each["state"]) for each in second["deliveries"]] == [("3-0", "waiting")]
    assert (first["next"], second["next"]) == ("2-0", None)
    assert await listed(client, "?state=dead") == ["1-0", "2-0"]
    assert (await client.get(f"{SUBSCRIBERS}/nobody/deliveries")).json() == {"deliveries": [], "next": None}


async def test_a_delivery_is_shown_with_its_event_and_every_digit_of_its_value(
    client: httpx.AsyncClient, buried: MemoryDeliveries
) -> None:
    shown = await client.get(f"{DELIVERIES}/1-0")
    assert '"value":{"daily": 1.10}' in shown.text
    assert shown.json()["event"]["action"] == "create"
    assert shown.json()["reason"] == "answered 500"


async def test_an_administrator_sees_and_settles_deliveries_of_own_namespaces_alone(
    client: httpx.AsyncClient, buried: MemoryDeliveries
) -> None:
    ada = of_payments()
    assert await listed(client, headers=ada) == ["1-0", "3-0"]
    check_problem(await client.get(f"{DELIVERIES}/2-0", headers=ada), 404, "keeps no delivery")
    check_problem(await client.post(f"{DELIVERIES}/2-0/replay", headers=ada), 404, "keeps no delivery")
    check_problem(await client.delete(f"{DELIVERIES}/2-0", headers={**ada, **WHY}), 404, "keeps no delivery")
    assert (await client.post(f"{SUBSCRIBERS}/ledger/replay", headers=ada)).json() == {"replayed": 1, "more": False}
    assert await listed(client, "?state=dead") == ["2-0"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", SUBSCRIBERS),
        ("POST", f"{SUBSCRIBERS}/ledger/replay"),
        ("GET", DELIVERIES),
        ("GET", f"{DELIVERIES}/1-0"),
        ("DELETE", f"{DELIVERIES}/1-0"),
        ("POST", f"{DELIVERIES}/1-0/replay"),
    ],
)
async def test_only_administrators_see_and_settle_deliveries(
    client: httpx.AsyncClient, buried: MemoryDeliveries, method: str, path: str
) -> None:
    refused = await client.request(method, path, headers={**signed_in("approver@*"), **WHY})
    check_problem(refused, 403, "administrator in any namespace")
    assert await listed(client, "?state=dead") == ["1-0", "2-0"]


async def test_a_subscriber_that_is_paused_is_listed_with_its_reason_and_resumed_by_administrators_of_every_namespace(
    client: httpx.AsyncClient, buried: MemoryDeliveries, audit: MemoryAudit
) -> None:
    await buried.pause("ledger", "answered 410")
    (found,) = (await client.get(SUBSCRIBERS)).json()["subscribers"]
    assert (found["pause_reason"], found["paused_at"] is not None) == ("answered 410", True)
    resume = f"{SUBSCRIBERS}/ledger/resume"
    check_problem(await client.post(resume, headers=of_payments()), 403, "administrator in every namespace")
    assert (await client.post(resume, headers=WHY)).status_code == 204
    check_problem(await client.post(resume), 409, "no such subscriber, or changes are delivered")
    await audit.seal(100)
    (record,) = [record for record, _ in audit.records if record["kind"] == "queue"]
    assert (record["outcome"], record["subscriber"], record["reason"]) == ("resume", "ledger", WHY["change-reason"])


async def test_a_dead_letter_that_is_replayed_waits_again_and_is_no_dead_letter(
    client: httpx.AsyncClient, buried: MemoryDeliveries
) -> None:
    assert (await client.post(f"{DELIVERIES}/1-0/replay")).status_code == 204
    shown = (await client.get(f"{DELIVERIES}/1-0")).json()
    assert (shown["state"], shown["attempts"], shown["buried_at"]) == ("waiting", 0, None)
    again = check_problem(await client.post(f"{DELIVERIES}/1-0/replay"), 409, "still to be made")
    assert again["type"] == "/problems#delivery-not-dead"
    check_problem(await client.delete(f"{DELIVERIES}/3-0", headers=WHY), 409, "still to be made")


async def test_a_dead_letter_is_discarded_for_a_reason_alone(
    client: httpx.AsyncClient, buried: MemoryDeliveries
) -> None:
    check_problem(await client.delete(f"{DELIVERIES}/1-0"), 400, "send Change-Reason")
    assert (await client.delete(f"{DELIVERIES}/1-0", headers=WHY)).status_code == 204
    check_problem(await client.delete(f"{DELIVERIES}/1-0", headers=WHY), 404, "keeps no delivery")


async def test_many_dead_letters_are_replayed_in_parts(
    client: httpx.AsyncClient, entries: MemoryEntries, queue: MemoryDeliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_service, "MOST_REPLAYED", 2)
    await bury(entries, queue, "a", "b", "c")
    answers = [(await client.post(f"{SUBSCRIBERS}/ledger/replay")).json() for _ in range(3)]
    assert answers == [{"replayed": 2, "more": True}, {"replayed": 1, "more": False}, {"replayed": 0, "more": False}]


async def test_reads_and_settlements_are_in_the_audit_trail(
    client: httpx.AsyncClient, buried: MemoryDeliveries, audit: MemoryAudit
) -> None:
    await client.get(SUBSCRIBERS)
    await client.get(f"{DELIVERIES}?state=dead")
    await client.get(f"{DELIVERIES}/1-0")
    await client.post(f"{DELIVERIES}/1-0/replay", headers={"x-request-id": "r-1"})
    await client.delete(f"{DELIVERIES}/2-0", headers=WHY)
    await audit.seal(100)
    records = [record for record, _ in audit.records if record["kind"] in ("read", "queue")]
    template = f"{SUBSCRIBERS}/{{subscriber}}/deliveries"
    assert [(each["kind"], each["outcome"], each["endpoint"], each.get("query")) for each in records] == [
        ("read", "200", f"GET {SUBSCRIBERS}", None),
        ("read", "200", f"GET {template}", "state=dead"),
        ("read", "200", f"GET {template}/{{delivery}}", None),
        ("queue", "replay", f"POST {template}/{{delivery}}/replay", None),
        ("queue", "discard", f"DELETE {template}/{{delivery}}", None),
    ]
    assert (records[3]["namespace"], records[3]["request_id"]) == ("payments", "r-1")
    assert records[4]["reason"] == WHY["change-reason"]
    assert records[4]["delivery"] == {"subscriber": "ledger", "revision": 2, "ordinal": 0}
    assert all("value" not in str(each) for each in records)


async def test_nothing_is_read_or_settled_that_cannot_be_recorded(
    client: httpx.AsyncClient, buried: MemoryDeliveries, audit: MemoryAudit
) -> None:
    for method, path in (("GET", DELIVERIES), ("GET", SUBSCRIBERS), ("POST", f"{DELIVERIES}/1-0/replay")):
        audit.failures = [UnavailableError("the database is away")]
        check_problem(await client.request(method, path), 503, "is away")
    assert await listed(client, "?state=dead") == ["1-0", "2-0"]


async def test_a_queue_that_is_away_is_503(client: httpx.AsyncClient, queue: MemoryDeliveries) -> None:
    queue.failures = [UnavailableError("the database is away")]
    check_problem(await client.get(DELIVERIES), 503, "is away")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (f"{SUBSCRIBERS}?limit=1", "has no parameters"),
        (f"{DELIVERIES}?state=lost", "state is one of waiting, claimed, dead"),
        (f"{DELIVERIES}?limit=0", "limit is a whole number"),
        (f"{DELIVERIES}?after=1", "after is a revision"),
        (f"{DELIVERIES}/1", "the id of a delivery is a revision"),
        (f"{DELIVERIES}/01-0", "the id of a delivery is a revision"),
        (f"{DELIVERIES}/1-0?value=true", "has no parameters"),
        (f"{SUBSCRIBERS}/Ledger/deliveries", "the name of a subscriber"),
    ],
)
async def test_a_request_of_another_form_is_400(client: httpx.AsyncClient, path: str, told: str) -> None:
    check_problem(await client.get(path), 400, told)
