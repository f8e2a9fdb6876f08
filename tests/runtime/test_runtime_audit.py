"""What becomes a record besides changes, how a flood is counted, and how the trail is read over HTTP."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runtime.app import create_app
from runtime.domain.audit import REFUSAL, Note
from runtime.ports.audit import SignedHead
from runtime.ports.availability import UnavailableError
from runtime.services.audit import MOST_KINDS, MOST_WAITING, WINDOW_SECONDS, Audit
from runtime.settings import Bucket
from runtime.telemetry import Telemetry
from tests.runtime.fakes import MemoryAudit, client_of, running

if TYPE_CHECKING:
    from runtime.app import Adapters

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/payments/entries/limits"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorded(audit: MemoryAudit, clock: Clock) -> Audit:
    return Audit(audit, Telemetry(), clock)


def refusal(**members: Any) -> Note:
    given = {"kind": REFUSAL, "outcome": "429", "actor": "anonymous", "client": "10.0.0.1", "endpoint": "GET /v1/x"}
    return Note(**{**given, **members})


def of(audit: MemoryAudit) -> list[dict[str, Any]]:
    return [record for record, _ in audit.records]


async def test_a_flood_of_refusals_writes_its_first_one_and_their_number(
    recorded: Audit, audit: MemoryAudit, clock: Clock
) -> None:
    for number in range(10_000):
        recorded.refuse(refusal(request_id=f"r-{number}"))
    await recorded.turn()
    assert [(each["request_id"], each.get("further")) for each in of(audit)] == [("r-0", None)]
    clock.now += WINDOW_SECONDS
    await recorded.turn()
    assert [each.get("further") for each in of(audit)] == [None, 9999]
    assert "request_id" not in of(audit)[1]
    recorded.refuse(refusal(request_id="later"))
    await recorded.turn()
    assert of(audit)[2]["request_id"] == "later"


async def test_refusals_of_other_kinds_and_clients_are_told_apart(recorded: Audit, audit: MemoryAudit) -> None:
    kinds: list[dict[str, str]] = [{}, {"outcome": "412"}, {"client": "10.0.0.2"}, {"endpoint": "PUT /v1/x"}]
    for kind in [*kinds, *kinds]:
        recorded.refuse(refusal(**kind))
    await recorded.turn()
    assert len(of(audit)) == 4


async def test_a_flood_of_clients_is_counted_together(recorded: Audit, audit: MemoryAudit, clock: Clock) -> None:
    for number in range(3 * MOST_KINDS):
        recorded.refuse(refusal(client=f"2001:db8:{number:x}::/64"))
    clock.now += WINDOW_SECONDS
    await recorded.turn()
    assert len(of(audit)) == MOST_KINDS + 2
    others = [each for each in of(audit) if each["client"] == "others"]
    assert [each.get("further") for each in others] == [None, 2 * MOST_KINDS - 1]


async def test_a_window_that_ended_is_counted_before_the_next_one_begins(
    recorded: Audit, audit: MemoryAudit, clock: Clock
) -> None:
    recorded.refuse(refusal())
    recorded.refuse(refusal())
    clock.now += WINDOW_SECONDS
    recorded.refuse(refusal(request_id="next"))
    await recorded.turn()
    assert [(each.get("further"), each.get("request_id")) for each in of(audit)] == [
        (None, None),
        (1, None),
        (None, "next"),
    ]


async def test_notes_wait_while_the_database_is_away_and_none_is_written_twice(
    recorded: Audit, audit: MemoryAudit, clock: Clock
) -> None:
    recorded.refuse(refusal())
    audit.failures = [UnavailableError(), UnavailableError()]
    await recorded.turn()
    await recorded.turn()
    assert not audit.notes
    clock.now += 30
    await recorded.turn()
    assert len(of(audit)) == 1


async def test_what_waits_is_bounded_and_what_is_dropped_is_counted(audit: MemoryAudit, clock: Clock) -> None:
    telemetry = Telemetry()
    recorded = Audit(audit, telemetry, clock)
    for number in range(MOST_WAITING + 5):
        recorded.refuse(refusal())
        clock.now += WINDOW_SECONDS if number else 0
    await recorded.turn()
    telemetry.write()
    assert len(of(audit)) == MOST_WAITING
    assert 'audit_notes_dropped_total{reason="database-away"}' in telemetry.exposition().decode()


async def test_counts_are_written_when_a_worker_ends(recorded: Audit, audit: MemoryAudit) -> None:
    recorded.refuse(refusal())
    recorded.refuse(refusal())
    await recorded.close()
    assert [note.further for note, _ in audit.notes] == [None, 1]


async def test_metrics_tell_the_length_and_that_what_waits_grows_older_while_the_database_is_away(
    audit: MemoryAudit, clock: Clock
) -> None:
    telemetry = Telemetry()
    recorded = Audit(audit, telemetry, clock)
    recorded.refuse(refusal())
    await recorded.turn()
    await recorded.turn()
    audit.failures = [UnavailableError()]
    clock.now += 300
    await recorded.turn()
    telemetry.write()
    exposed = dict(line.rsplit(" ", 1) for line in telemetry.exposition().decode().splitlines() if line[0] != "#")
    assert exposed["audit_length"] == "1.0"
    assert float(exposed["audit_unsealed_age_seconds"]) >= 300
    assert exposed['audit_refusals_total{status="429"}'] == "1.0"


async def noted(app: Any, audit: MemoryAudit, *requests: httpx.Request) -> list[Note]:
    """Send requests, end the service, which writes what waits, and return the notes."""
    async with running(app), client_of(app) as client:
        for request in requests:
            request.headers.setdefault("authorization", client.headers["authorization"])
            await client.send(request)
    sealed = [Note(**{k: v for k, v in record.items() if k != "at"}) for record, _ in audit.records]
    return [*sealed, *(note for note, _ in audit.notes)]


def request(method: str, path: str, **arguments: Any) -> httpx.Request:
    return httpx.Request(method, f"http://test{path}", **arguments)


SECRET = "hunter2"  # noqa: S105 - what no record may hold


@pytest.mark.parametrize(
    ("asked", "outcome", "endpoint", "named"),
    [
        (request("DELETE", URL), "404", "DELETE /v1/namespaces/{namespace}/entries/{key}", True),
        (request("PUT", URL, content=f'{{"value": {SECRET}'), "415", "PUT {}", True),
        (request("PUT", URL, json={"valu": SECRET}), "400", "PUT {}", True),
        (request("PUT", URL, json={"value": SECRET}, headers={"If-Match": '"x-1"'}), "412", "PUT {}", True),
        (request("GET", f"{URL}?{SECRET}=1"), "400", "GET {}", True),
        (request("GET", f"/v1/namespaces/{SECRET.upper()}!/entries/x"), "400", "GET {}", False),
        (request("PATCH", URL), "405", "PATCH {}", True),
        (request("GET", f"/v1/{SECRET}"), "404", "GET unmatched", False),
        (request("GET", f"/v1/namespaces/a%2f{SECRET}/entries/x"), "400", "GET unmatched", False),
    ],
)
async def test_a_refused_request_becomes_a_note_without_its_body_and_its_raw_path(
    app: Any, audit: MemoryAudit, asked: httpx.Request, outcome: str, endpoint: str, named: bool
) -> None:
    (made,) = await noted(app, audit, asked)
    template = "/v1/namespaces/{namespace}/entries/{key}"
    assert (made.kind, made.outcome, made.client) == ("refusal", outcome, "127.0.0.1")
    assert made.endpoint == endpoint.replace("{}", template)
    assert (made.namespace, made.key) == (("payments", "limits") if named else (None, made.key))
    assert len(made.request_id or "") == 32
    assert SECRET not in json.dumps(made.members()).lower()


async def test_what_is_no_refusal_leaves_no_note(app: Any, audit: MemoryAudit) -> None:
    made = await noted(
        app,
        audit,
        request("GET", URL),
        request("HEAD", URL),
        request("PUT", URL, json={"value": 1}),
        request("GET", URL),
        request("GET", "/health"),
        request("POST", "/health"),
        request("GET", "/v1/settings"),
    )
    assert made == []


async def test_the_trail_is_read_in_pages_and_each_read_is_recorded(
    client: httpx.AsyncClient, audit: MemoryAudit
) -> None:
    await audit.note([(refusal(namespace=name, outcome="412"), 60.0) for name in ("a", "b", "a")])
    await audit.seal(10)
    page = (await client.get("/v1/audit?namespace=a&limit=1", headers={"X-Request-ID": "r-1"})).json()
    assert (page["first"], page["previous"], page["next"]) == (1, "0" * 64, 1)
    (only,) = page["records"]
    assert (only["sequence"], only["record"]["namespace"], len(only["link"])) == (1, "a", 64)
    rest = await client.get("/v1/audit?namespace=a&limit=1&after=1")
    assert (rest.json()["records"][0]["sequence"], rest.json()["next"]) == (3, None)
    assert rest.headers["cache-control"] == "private, no-cache"
    reads = [note for note, _ in audit.notes] + [record for record in of(audit) if record["kind"] == "read"]
    assert len(reads) == 2
    await audit.seal(10)
    first = next(record for record in of(audit) if record["kind"] == "read")
    named = {name: first[name] for name in ("outcome", "endpoint", "namespace", "query", "request_id", "client")}
    assert named == {
        "outcome": "200",
        "endpoint": "GET /v1/audit",
        "namespace": "a",
        "query": "namespace=a&limit=1",
        "request_id": "r-1",
        "client": "127.0.0.1",
    }


async def test_a_read_that_cannot_be_recorded_is_not_answered(client: httpx.AsyncClient, audit: MemoryAudit) -> None:
    for path in ("/v1/audit", "/v1/audit/anchors"):
        audit.failures = [UnavailableError("the database cannot be reached")]
        assert (await client.get(path)).status_code == 503


async def test_a_database_that_is_silent_is_waited_for_no_longer_than_by_a_read(
    recorded: Audit, audit: MemoryAudit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.services.audit.READ_SECONDS", 0.01)
    monkeypatch.setattr(audit, "note", lambda _notes: asyncio.Event().wait())
    with pytest.raises(UnavailableError, match="did not answer in time"):
        await recorded.record(refusal())


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "after=-1",
        "after=x",
        "since=yesterday",
        "since=2026-01-05T08:00:00",
        "until=9999-99-99",
        "kind=anything",
        "namespace=A",
        "actor=%00",
        "actor=a&actor=b",
        "unknown=1",
    ],
)
async def test_a_filter_of_another_form_is_refused(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/v1/audit?{query}")).status_code == 400


async def test_anchors_are_listed_in_pages(client: httpx.AsyncClient, audit: MemoryAudit) -> None:
    audit.heads = [SignedHead(place, f'{{"sequence":{place}}}', "vault:v1:AA==") for place in (3, 7)]
    first = (await client.get("/v1/audit/anchors?limit=1")).json()
    assert first == {"anchors": [{"statement": {"sequence": 3}, "signature": "vault:v1:AA=="}], "next": 3}
    second = (await client.get("/v1/audit/anchors?limit=1&after=3")).json()
    assert (second["anchors"][0]["statement"], second["next"]) == ({"sequence": 7}, None)


async def test_a_denied_request_is_noted_once_a_minute(adapters: Adapters, audit: MemoryAudit, settings: Any) -> None:
    limits = settings.throttling.model_copy(update={"client": Bucket(capacity=3, refill_per_minute=1)})
    app = create_app(settings.model_copy(update={"throttling": limits}), adapters)
    made = await noted(app, audit, *(request("GET", URL) for _ in range(20)))
    assert [(each.outcome, each.further) for each in made] == [("429", None), ("429", 16)]
