"""What surrounds the entries: throttling, health, settings, metrics, request ids, clients."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from runtime.app import create_app
from runtime.logs import AccessLog
from runtime.ports.availability import UnavailableError
from runtime.ports.throttling import Fault
from runtime.routes import SIGNED, THROTTLED
from runtime.services.cache import STALE_SECONDS
from runtime.settings import Settings
from tests.runtime.changing import put
from tests.runtime.fakes import EPOCH, client_of, running

if TYPE_CHECKING:
    import httpx

    from runtime.app import Adapters
    from runtime.services.draining import Draining
    from tests.runtime.fakes import MemoryBuckets, MemoryChanges, MemoryEntries

pytestmark = pytest.mark.anyio
METRICS = "http://test:9464/metrics"
DETAIL = "http://test:9464/health/detail"
URL = "/v1/namespaces/payments/entries/limits"
PATHS = ("/metrics", "/health/detail", "/health", "/health/ready", "/v1/settings", "/v1/namespaces/n/entries", URL)


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"]["client"] = {"capacity": 5, "refill_per_minute": 6}
    document["throttling"]["endpoint"] = {"capacity": 3, "refill_per_minute": 2}
    return document


CLIENT = ":jININ1oY82NN:"
ENDPOINT = ":i90OackeINiH:"


async def test_every_answer_says_where_the_client_stands(client: httpx.AsyncClient) -> None:
    response = await client.get(URL)
    assert response.status_code == 404
    assert response.headers["ratelimit-policy"] == f'"client";q=11;w=60;pk={CLIENT}, "endpoint";q=5;w=60;pk={ENDPOINT}'
    assert response.headers["ratelimit"] == f'"client";r=4;t=10;pk={CLIENT}, "endpoint";r=2;t=30;pk={ENDPOINT}'


def test_a_partition_key_can_be_computed_by_the_client() -> None:
    scopes = (b"local:tester client", b"local:tester GET /v1/namespaces/{namespace}/entries/{key}")
    keys = [base64.b64encode(hashlib.sha256(scope).digest()[:9]).decode() for scope in scopes]
    assert [f":{key}:" for key in keys] == [CLIENT, ENDPOINT]


async def test_a_denial_says_which_bucket_is_empty_and_when_to_come_back(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.head(URL)  # a HEAD counts as its GET
    response = await client.get(URL)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "30"
    assert response.headers["ratelimit"] == f'"client";r=2;t=10;pk={CLIENT}, "endpoint";r=0;t=30;pk={ENDPOINT}'
    assert response.json() == {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Quota Exceeded",
        "status": 429,
        "detail": "no token is left in the bucket endpoint: try again in 30 s",
        "violated-policies": ["endpoint"],
    }


async def test_no_header_of_the_client_chooses_its_bucket(client: httpx.AsyncClient) -> None:
    statuses = [
        (
            await client.get(URL, headers={"x-forwarded-for": f"192.0.2.{n}", "forwarded": f"for=192.0.2.{n}"})
        ).status_code
        for n in range(4)
    ]
    assert statuses == [404, 404, 404, 429]


@pytest.mark.parametrize(("method", "status"), [("GET", 404), ("PUT", 201)])
async def test_without_redis_reads_and_changes_have_the_fields_of_the_workers_share(
    client: httpx.AsyncClient, buckets: MemoryBuckets, method: str, status: int
) -> None:
    buckets.fault = Fault.TOO_FEW_REPLICAS
    response = await client.request(method, URL, json={"value": 1})
    assert response.status_code == status
    shares = [field.rpartition(";pk=")[0] for field in response.headers["ratelimit-policy"].split(", ")]
    assert shares == ['"client";q=2;w=60', '"endpoint";q=1;w=60']
    standings = [field.rpartition(";pk=")[0] for field in response.headers["ratelimit"].split(", ")]
    assert standings == ['"client";r=0;t=30', '"endpoint";r=0;t=120']
    denial = await client.request(method, URL, json={"value": 1})
    assert (denial.status_code, denial.headers["retry-after"]) == (503, "120")
    assert denial.json() == {
        "type": "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity",
        "title": "Temporary Reduced Capacity",
        "status": 503,
        "detail": "requests cannot be counted together now, so each process admits its share: "
        "no token is left in the bucket client and the bucket endpoint: try again in 120 s",
        "violated-policies": ["client", "endpoint"],
    }


async def test_a_large_change_costs_at_most_half_of_a_workers_share_without_redis(
    document: dict[str, Any], adapters: Adapters, buckets: MemoryBuckets
) -> None:
    """It costs 16 tokens of the shared bucket, and a share holds ten: it would be refused as long as Redis is away."""
    document["throttling"] |= {"client": {"capacity": 40, "refill_per_minute": 60}, "endpoint": None}
    app = create_app(Settings.model_validate_json(json.dumps(document)), adapters)
    buckets.fault = Fault.AWAY
    content = b'{"value":1' + b" " * 1_000_000 + b"}"
    headers = {"content-type": "application/json", "if-match": "*"}
    async with running(app), client_of(app) as http:
        assert (await http.put(URL, json={"value": 1})).status_code == 201
        changed = await http.put(URL, content=content, headers=headers)
        assert (changed.status_code, changed.headers["ratelimit"].partition(";t=")[0]) == (200, '"client";r=4')
        refused = await http.put(URL, content=content, headers=headers)
    assert (refused.status_code, refused.headers["retry-after"]) == (
        503,
        "20",
    )  # five tokens, a share gains 15 a minute


async def test_metrics_tell_why_redis_is_lost_and_how_much_is_admitted_without_it(
    client: httpx.AsyncClient, buckets: MemoryBuckets
) -> None:
    await client.get("/v1/settings")  # the client is known from here on
    losses = 'throttle_losses_total{fault="too_few_replicas"}'
    assert losses not in (await client.get(METRICS)).text
    buckets.fault = Fault.TOO_FEW_REPLICAS
    async with asyncio.timeout(10):
        while "throttle_degraded 1.0" not in (await client.get(METRICS)).text:
            await asyncio.sleep(0.05)
    await client.get(URL)
    await client.get(URL)
    text = (await client.get(METRICS)).text
    assert f"{losses} 1.0" in text
    assert 'throttle_faults_total{fault="too_few_replicas"}' in text
    assert 'throttle_alone_total{outcome="admitted"} 1.0' in text
    assert 'throttle_alone_total{outcome="denied"} 1.0' in text


async def test_the_management_port_serves_metrics_and_details_and_nothing_else(client: httpx.AsyncClient) -> None:
    found = {path: (await client.get(f"http://test:9464{path}")).status_code for path in PATHS}
    assert found == dict.fromkeys(PATHS, 404) | {"/metrics": 200, "/health/detail": 200}
    clients = {path: (await client.get(path)).status_code for path in PATHS}
    assert (clients["/metrics"], clients["/health/detail"], clients["/health"]) == (404, 404, 200)


async def test_every_throttled_endpoint_is_served(client: httpx.AsyncClient) -> None:
    for endpoint in THROTTLED - SIGNED:  # test_runtime_notifications.py signs
        method, template = endpoint.split(" ")
        response = await client.request(method, template.replace("{", "").replace("}", ""))
        assert "ratelimit" in response.headers, endpoint


async def test_health_is_not_throttled_and_does_not_touch_a_server(
    client: httpx.AsyncClient, buckets: MemoryBuckets, entries: MemoryEntries
) -> None:
    buckets.fault = Fault.AWAY
    entries.failures = [UnavailableError("must not be asked")]
    for _ in range(20):
        response = await client.get("/health")
        assert (response.status_code, response.json()) == (200, {"status": "live"})
    assert len(entries.failures) == 1


async def test_readiness_and_metrics_say_what_is_kept_in_memory(
    client: httpx.AsyncClient, entries: MemoryEntries, changes: MemoryChanges
) -> None:
    await put(entries, "n", "k")

    async def cache() -> dict[str, Any]:
        kept: dict[str, Any] = (await client.get(DETAIL)).json()["cache"]
        return kept

    version = {"epoch": EPOCH, "revision": 1}
    while (await cache())["version"] != version:
        await asyncio.sleep(0.001)
    for _ in range(3):
        assert (await client.get("/v1/namespaces/n/entries/k")).status_code == 200
    kept = await cache()
    assert (kept.pop("bytes") > 0, kept.pop("age_seconds") < STALE_SECONDS) == (True, True)
    assert kept == {"live": True, "version": version, "entries": 1, "hits": 2, "misses": 1}
    metrics = (await client.get(METRICS)).text
    assert 'cache_reads_total{outcome="hit"} 2.0' in metrics
    assert 'cache_reads_total{outcome="miss"} 1.0' in metrics
    assert ("cache_live 1.0" in metrics, "cache_revision 1.0" in metrics) == (True, True)
    changes.away = True
    while (kept := await cache())["live"]:
        await asyncio.sleep(0.001)
    assert (kept["entries"], kept["version"]) == (1, version)  # it answers while the database is away
    assert "cache_live 0.0" in (await client.get(METRICS)).text


async def test_while_draining_every_answer_closes_its_connection(client: httpx.AsyncClient, draining: Draining) -> None:
    assert "connection" not in (await client.get(URL)).headers
    draining.begin()
    assert (await client.get(URL)).headers["connection"] == "close"


async def test_the_settings_in_force_are_shown(client: httpx.AsyncClient, settings: Settings) -> None:
    response = await client.get("/v1/settings")
    assert Settings.model_validate_json(response.content) == settings
    again = await client.get("/v1/settings", headers={"if-none-match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_metrics_are_labelled_by_template_and_never_by_what_a_client_sent(client: httpx.AsyncClient) -> None:
    await client.get(URL)
    await client.get("/v1/secret-path")
    await client.request("BREW", "/health")
    text = (await client.get(METRICS)).text
    template = "/v1/namespaces/{namespace}/entries/{key}"
    assert f'http_requests_total{{method="GET",route="{template}",status="404"}} 1.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 1.0' in text
    assert 'http_requests_total{method="other",route="/health",status="405"} 1.0' in text
    assert 'throttle_decisions_total{outcome="admitted"} 1.0' in text
    assert "payments" not in text
    assert "secret-path" not in text


async def test_a_request_keeps_its_id_when_it_is_one(client: httpx.AsyncClient) -> None:
    kept = await client.get("/health", headers={"x-request-id": "order-7.a_b"})
    assert kept.headers["x-request-id"] == "order-7.a_b"
    for bad in ("", "a b", "x" * 65, 'x"'):
        made = (await client.get("/health", headers={"x-request-id": bad})).headers["x-request-id"]
        assert len(made) == 32


async def test_the_log_names_the_trace_that_a_request_is_part_of(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(AccessLog, "write", lambda _, fields: lines.append(fields))
    trace, parent = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    sent = [
        [f"00-{trace}-{parent}-01"],
        [],
        [f"ff-{trace}-{parent}-01"],
        [f"00-{'0' * 32}-{parent}-01"],
        [f"00-{trace}-{'0' * 16}-01"],
        [f"00-{trace.upper()}-{parent}-01"],
        [f"00-{trace}-{parent}-01-more"],
        [f"00-{trace}-{parent}-01"] * 2,
        [""],
    ]
    for values in sent:
        await client.get(URL, headers=[("traceparent", value) for value in values])
    traced = [(line.get("trace_id"), line.get("parent_id")) for line in lines]
    assert traced == [(trace, parent), *[(None, None)] * (len(sent) - 1)]
