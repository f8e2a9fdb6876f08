"""What surrounds the entries: throttling, health, settings, metrics, request ids, clients."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from runtime.ports import UnavailableError
from runtime.routes import THROTTLED
from runtime.services.cache import STALE_SECONDS
from runtime.settings import Settings
from tests.runtime.changing import put
from tests.runtime.fakes import EPOCH

if TYPE_CHECKING:
    import httpx

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


async def test_every_answer_says_where_the_client_stands(client: httpx.AsyncClient) -> None:
    response = await client.get(URL)
    assert response.status_code == 404
    assert response.headers["ratelimit-policy"] == '"client";q=11;w=60, "endpoint";q=5;w=60'
    assert response.headers["ratelimit"] == '"client";r=4;t=10, "endpoint";r=2;t=30'


async def test_a_denial_says_which_bucket_is_empty_and_when_to_come_back(client: httpx.AsyncClient) -> None:
    for _ in range(3):
        await client.head(URL)  # a HEAD counts as its GET
    response = await client.get(URL)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "30"
    assert response.headers["ratelimit"] == '"client";r=2;t=10, "endpoint";r=0;t=30'
    assert response.json() == {
        "type": "https://iana.org/assignments/http-problem-types#quota-exceeded",
        "title": "Too Many Requests",
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


async def test_without_redis_reads_carry_no_numbers_and_changes_are_refused(
    client: httpx.AsyncClient, buckets: MemoryBuckets
) -> None:
    buckets.away = True
    read = await client.get(URL)
    assert read.status_code == 404
    assert "ratelimit" not in read.headers
    for method in ("PUT", "DELETE"):
        response = await client.request(method, URL, json={"value": 1})
        assert (response.status_code, response.headers["retry-after"]) == (503, "1")
        assert response.json()["detail"].startswith("changes are refused while requests cannot be counted")
    assert "throttle_degraded 1.0" in (await client.get(METRICS)).text


async def test_the_management_port_serves_metrics_and_details_and_nothing_else(client: httpx.AsyncClient) -> None:
    found = {path: (await client.get(f"http://test:9464{path}")).status_code for path in PATHS}
    assert found == dict.fromkeys(PATHS, 404) | {"/metrics": 200, "/health/detail": 200}
    clients = {path: (await client.get(path)).status_code for path in PATHS}
    assert (clients["/metrics"], clients["/health/detail"], clients["/health"]) == (404, 404, 200)


async def test_every_throttled_endpoint_is_served(client: httpx.AsyncClient) -> None:
    for endpoint in THROTTLED:
        method, template = endpoint.split(" ")
        response = await client.request(method, template.format(namespace="n", key="k"))
        assert "ratelimit" in response.headers, endpoint


async def test_health_is_not_throttled_and_does_not_touch_a_server(
    client: httpx.AsyncClient, buckets: MemoryBuckets, entries: MemoryEntries
) -> None:
    buckets.away = True
    entries.failures = [UnavailableError("must not be asked")]
    for _ in range(20):
        response = await client.get("/health")
        assert (response.status_code, response.json()) == (200, {"status": "live"})
    assert len(entries.failures) == 1


async def test_readiness_says_which_server_is_down(
    client: httpx.AsyncClient, buckets: MemoryBuckets, entries: MemoryEntries, draining: Draining
) -> None:
    async def ready() -> tuple[int, Any]:
        response = await client.get("/health/ready")
        return response.status_code, response.json()

    async def checks() -> Any:
        return (await client.get(DETAIL)).json()["checks"]

    assert (await ready(), await checks()) == ((200, {"status": "ready"}), {"database": "up", "redis": "up"})
    buckets.away = True
    assert (await ready(), await checks()) == ((200, {"status": "degraded"}), {"database": "up", "redis": "down"})
    entries.failures = [UnavailableError("away"), UnavailableError("away")]
    assert (await ready(), await checks()) == ((503, {"status": "unavailable"}), {"database": "down", "redis": "down"})
    draining.begin()
    assert (await ready(), await checks()) == ((503, {"status": "draining"}), {})


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
