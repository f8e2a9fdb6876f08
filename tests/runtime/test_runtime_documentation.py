"""What describes the API over HTTP: the index, the pages and their files, and the explanations of problems."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from runtime.domain.entries import ChangeExpiredError
from runtime.domain.webhooks import signed_fields
from runtime.http.application import LONGEST_QUERY_BYTES
from runtime.http.bodies import MAX_BYTES
from runtime.http.problem_kinds import KINDS
from runtime.ports.availability import OutcomeUnknownError, UnavailableError
from runtime.ports.throttling import Fault
from tests.identity import signed_in
from tests.runtime.changing import put
from tests.runtime.fakes import EPOCH, running

if TYPE_CHECKING:
    from runtime.http.application import Application
    from runtime.http.problem_kinds import Kind
    from tests.runtime.fakes import MemoryBuckets, MemoryEntries

pytestmark = pytest.mark.anyio
JSON = {"Content-Type": "application/json"}
ENTRY = "/v1/namespaces/payments/entries/limits"
NOTIFICATION = {"method": "POST", "url": "/v1/notifications/fis"}
DELETING = "DELETE /v1/namespaces/{namespace}/entries/{key}"
PAGES = ("/", "/openapi.json", "/docs", "/docs/swagger-ui.css", "/docs/start.js", "/problems")


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    """Settings under which a client may delete once, not at all without Redis, and waits a second for a change."""
    bucket = {"capacity": 1, "refill_per_minute": 1}
    document["throttling"]["routes"] = [{"route": DELETING, "bucket": bucket, "strict": True}]
    document["database"]["statement_timeout_seconds"] = 1
    return document


async def test_the_index_says_where_things_are_and_each_of_them_is_there(client: httpx.AsyncClient) -> None:
    index = await client.get("/")
    found: dict[str, str] = index.json()
    paths = [value for value in found.values() if value.startswith("/") and "{" not in value]
    assert len(paths) == len(found) - 3  # but for the title, the version and the template of entries
    for path in (*paths, *re.findall(r"<([^>]+)>", index.headers["link"])):
        assert (await client.get(path)).status_code == 200, path


@pytest.mark.parametrize("path", PAGES)
async def test_what_a_client_has_is_not_sent_again(client: httpx.AsyncClient, path: str) -> None:
    first = await client.get(path)
    assert (first.status_code, first.headers["cache-control"]) == (200, "private, no-cache")
    again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])


@pytest.mark.parametrize("path", ["/docs", "/problems"])
async def test_a_page_loads_its_own_files_and_runs_none_of_its_text(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert "unsafe" not in page.headers["content-security-policy"]
    assert not re.search(r"<script(?! src=)|<style| style=| on[a-z]+=|https?://(?!iana\.org)", page.text)
    for file in re.findall(r'(?:href|src)="([^"]+)"', page.text):
        assert (await client.get(f"/{file}")).status_code == 200, file


@pytest.mark.parametrize("name", ["handlers.py", "swagger-ui-bundle.js.map", "%2e%2e", "index.html"])
async def test_no_file_but_those_of_the_pages_can_be_read(app: Application, name: str) -> None:
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        assert (await http.get(f"/docs/{name}")).status_code == 404


async def test_the_pages_are_throttled(client: httpx.AsyncClient) -> None:
    for path in PAGES:
        assert "ratelimit" in (await client.get(path)).headers, path


async def test_every_type_of_problem_leads_to_its_explanation(client: httpx.AsyncClient) -> None:
    page = (await client.get("/problems")).text
    assert re.findall(r'<h2 id="([^"]+)">', page) == [kind.name for kind in KINDS]
    for kind in KINDS:
        place = "https://iana.org/assignments/http-problem-types" if kind.registered else "/problems"
        assert kind.type == f"{place}#{kind.name}"
    assert [kind.status for kind in KINDS] == sorted(kind.status for kind in KINDS)


OTHER = {"If-Match": f'"{EPOCH}-77"'}
ANY = {"If-Match": "*"}
KEY = {"Idempotency-Key": "a"}
WHOLE = "/v1/namespaces/payments"
UNKNOWN = "6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90"
GRANT = {"issuer": "local", "subject": "a", "role": "reader", "namespaces": "payments", "reason": "r"}
PROVOKED: dict[str, dict[str, Any]] = {
    "malformed-request": {"url": f"{ENTRY}?{'x' * (LONGEST_QUERY_BYTES + 1)}"},
    "unsettled-time": {"url": f"{ENTRY}?as-of=9999-01-01T00:00:00Z"},
    "approval-required": {"method": "PUT", "json": {"value": 1}, "headers": ANY, "defined": {"approvals": 1}},
    "sign-in-required": {"proof": dict},
    "invalid-token": {"proof": lambda: {"authorization": "Bearer a.b.c"}},
    "second-factor-required": {"method": "DELETE", "proof": lambda: signed_in(second_factor=False)},
    "role-missing": {"method": "DELETE", "proof": lambda: signed_in("reader@*")},
    "no-such-path": {"url": "/v2"},
    "entry-not-found": {"url": f"{ENTRY}-none"},
    "namespace-not-found": {"url": "/v1/namespaces/none"},
    "version-not-found": {"url": f"{ENTRY}/versions/{EPOCH}-1"},
    "not-given": {"method": "DELETE", "url": "/v1/grants/none"},
    "delivery-not-found": {"url": "/v1/subscribers/ledger/deliveries/42-0"},
    "proposal-not-found": {"url": f"{WHOLE}/proposals/{UNKNOWN}"},
    "method-not-allowed": {"method": "POST"},
    "namespace-too-large": {"method": "PUT", "url": WHOLE, "json": {"entries": {f"k{n}": 1 for n in range(1001)}}},
    "namespace-not-empty": {"method": "DELETE", "url": WHOLE},
    "layer-conflict": {"method": "PUT", "url": f"{WHOLE}/definition", "json": {"owner": "me", "parent": "none"}},
    "stored-values-invalid": {"method": "PUT", "url": f"{WHOLE}/definition", "json": {"owner": "me", "schema": False}},
    "edits-refused": {
        "method": "POST",
        "url": f"{WHOLE}/transactions",
        "json": {"edits": [{"key": "k", "remove": True}]},
    },
    "name-taken": {"method": "PUT", "url": "/v1/grants/team", "json": {**GRANT, "namespaces": "cards"}},
    "precondition-failed": {"method": "PUT", "json": {"value": 1}, "headers": OTHER},
    "other-history": {"url": f"{ENTRY}?at_least=ffffffff-1"},
    "content-too-large": {"method": "PUT", "content": b" " * (MAX_BYTES + 1), "headers": JSON},
    "unsupported-content": {"method": "PUT", "content": b"value: 1", "headers": {"Content-Type": "text/yaml"}},
    "idempotency-key-reused": {"method": "PUT", "json": {"value": 2}, "headers": KEY},
    "signature-refused": {**NOTIFICATION, "proof": lambda: signed_fields([b"k"], "msg_1", int(time.time()), b"")},
    "notification-untimely": {**NOTIFICATION, "headers": signed_fields([b"k"], "msg_1", 1, b"")},
    "subscriber-not-paused": {"method": "POST", "url": "/v1/subscribers/nobody/resume"},
    "definition-invalid": {"method": "PUT", "url": f"{WHOLE}/definition", "json": {"owner": ""}},
    "values-invalid": {"method": "PUT", "json": {"value": 1}, "headers": ANY, "defined": {"schema": False}},
    "precondition-required": {"method": "PUT", "json": {"value": 1}},
    "quota-exceeded": {"method": "DELETE"},
    "unavailable": {"store": UnavailableError("the database is away")},
    "outcome-unknown": {"method": "PUT", "json": {"value": 1}, "store": OutcomeUnknownError("the answer is lost")},
    "change-expired": {"method": "PUT", "json": {"value": 1}, "store": ChangeExpiredError()},
    "defect": {"store": ZeroDivisionError()},
    "temporary-reduced-capacity": {"method": "DELETE", "redis": Fault.AWAY},
}
"""The request that leads to each kind of problem, and what it needs: a proof, a definition, a fault of the stores."""
OF_PROPOSALS = {"decision-barred", "proposal-closed", "proposal-refused", "proposals-full", "proposal-stale"}
"""The kinds of test_runtime_proposals_http.py, which makes the proposals that they need."""
OF_DELIVERIES = {"delivery-not-dead"}
"""The kind of test_runtime_queue_http.py, which makes the deliveries that it needs."""
BELOW = {"request-incomplete", "fields-too-large", "no-such-protocol"}
"""The kinds that the protocol of a connection answers with (test_runtime_connections.py)."""
OF_LONG_HISTORIES = {"not-kept", "rollback-too-large"}
"""The kinds of test_runtime_history_http.py, which makes the histories that they need."""


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.name not in BELOW | OF_LONG_HISTORIES | OF_PROPOSALS | OF_DELIVERIES],
    ids=lambda kind: kind.name,
)
async def test_a_kind_of_problem_has_its_type_title_and_fields(
    client: httpx.AsyncClient, entries: MemoryEntries, buckets: MemoryBuckets, kind: Kind
) -> None:
    await client.put(f"{ENTRY}-new", json={"value": 1}, headers=KEY)
    await client.put("/v1/grants/team", json=GRANT)
    await put(entries, "payments", "limits")
    request = {"method": "GET", "url": ENTRY, **PROVOKED[kind.name]}
    if kind.name == "idempotency-key-reused":
        request["url"] = f"{ENTRY}-new"
    faults = {name: request.pop(name, None) for name in ("store", "redis")}
    if "defined" in request:
        definition = {"owner": "me", **request.pop("defined")}
        await client.put(f"{WHOLE}/definition?allow-invalid=true", json=definition)
    if proof := request.pop("proof", None):
        del client.headers["authorization"]
        client.headers.update(proof())
    buckets.fault = faults["redis"]
    for _ in range(2 if kind.name == "quota-exceeded" else 1):
        entries.failures = [faults["store"]] * 10_000 if faults["store"] else []
        response = await client.request(**request)
    found = response.json()
    assert (response.status_code, found["type"], found["title"]) == (kind.status, kind.type, kind.title)
    assert found["status"] == kind.status
    assert response.headers["content-type"] == "application/problem+json"
    required = {"Allow", "Retry-After"} & set(kind.fields)
    assert {name for name in required if name in response.headers} == required
