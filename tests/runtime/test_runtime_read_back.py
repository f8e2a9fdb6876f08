"""What is compiled is what runs: a worker compares the two as it starts, and does not start with a difference."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from runtime.app import Adapters, create_app
from runtime.http.intake import BoundedLimiter
from runtime.ports.availability import Pool
from runtime.services.cache import Cache
from runtime.services.read_back import DifferenceError
from runtime.services.throttling import Throttle
from runtime.settings import Settings, Throttling
from tests.runtime.external import http_client
from tests.runtime.fakes import client_of, running

if TYPE_CHECKING:
    import httpx
    from starlette.types import Message

    from runtime.http.application import Application
    from runtime.ports.throttling import TokenBuckets
    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio


async def refusal(app: Application) -> str:
    """Return why an application does not start."""

    async def receive() -> Message:
        return {"type": "lifespan.startup"}

    async def send(_: Message) -> None: ...

    with pytest.raises(DifferenceError) as refused:
        await app({"type": "lifespan", "state": {}}, receive, send)
    return str(refused.value)


def stated(settings: Settings, section: str, **members: Any) -> Settings:
    changed = getattr(settings, section).model_copy(update=members)
    return settings.model_copy(update={section: changed})


async def test_a_worker_starts_with_exactly_the_middleware_of_the_settings_in_its_order(
    settings: Settings, adapters: Adapters
) -> None:
    swapped = ("observation", "authentication", "throttling", "intake", "authorization")
    found = await refusal(create_app(stated(settings, "api", middleware=swapped), adapters))
    assert found.startswith("api.middleware, of /v1/")
    assert found.endswith(f" others is {swapped!r}, and what runs is {settings.api.middleware!r}")


async def test_a_worker_whose_composition_leaves_out_a_step_does_not_start(
    settings: Settings, adapters: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedLimiter, "steps", property(lambda _: ("intake",)))
    found = await refusal(create_app(settings, adapters))
    assert "what runs is ('observation', 'authentication', 'intake', 'authorization')" in found


async def test_a_worker_whose_pools_have_another_size_does_not_start(
    settings: Settings, adapters: Adapters, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries, "pools", lambda: {"reads": Pool(9, 0, 0), "changes": Pool(8, 0, 0)})
    async with http_client(pool_size=7) as client:
        found = await refusal(create_app(settings, replace(adapters, external={"issuers": client})))
    assert found.splitlines() == [
        "the size of the pool reads is 2, and what runs is 9",
        "the size of the pool changes is 4, and what runs is 8",
        "external_services.issuers.pool_size is 2, and what runs is 7",
    ]


async def test_a_worker_whose_limits_are_not_those_of_the_settings_does_not_start(
    settings: Settings, adapters: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.app.services.Cache", lambda _: Cache(5))
    found = await refusal(create_app(settings, adapters))
    assert found == "process.cache_bytes is 1000000, and what runs is 5"


OWN = {"capacity": 7, "refill_per_minute": 70}
BUCKET = {"capacity": 9, "refill_per_minute": 90}
READ, WRITE = (f"{method} /v1/namespaces/{{namespace}}/entries/{{key}}" for method in ("GET", "PUT"))


@pytest.fixture
def throttled(document: dict[str, Any]) -> Settings:
    """Settings with every kind of bucket."""
    routes = [{"route": WRITE, "bucket": BUCKET, "strict": True}]
    document["throttling"] |= {"routes": routes, "clients": [{"client": "local:batch", "bucket": OWN}]}
    return Settings.model_validate(document, strict=False)


async def test_a_worker_starts_with_every_kind_of_bucket(throttled: Settings, adapters: Adapters) -> None:
    app = create_app(throttled, adapters)
    async with running(app):
        pass


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"address": OWN}, "throttling.address is [('address', 1000, 1000, "),
        ({"client": OWN}, f"throttling, by {READ} is [('client', 1000, 1000, "),
        (
            {"endpoint": None},
            f"throttling, by {READ} is [('client', 1000, 1000, (1000, 1000, 4), False), ('endpoint', ",
        ),
        ({"routes": []}, f"throttling, by {WRITE} is "),
        ({"clients": []}, f"throttling, by {READ}, of local:batch is [('client', 7, 70, "),
        ({"replicas": 3}, f"throttling, by {READ} is "),
    ],
)
async def test_a_worker_whose_throttle_decides_by_other_limits_does_not_start(
    throttled: Settings,
    adapters: Adapters,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    found: str,
) -> None:
    other = Throttling.model_validate(throttled.throttling.model_dump() | changed, strict=False)

    def throttle(buckets: TokenBuckets, _: Throttling, *arguments: Any) -> Throttle:
        return Throttle(buckets, other, *arguments)

    monkeypatch.setattr("runtime.app.services.Throttle", throttle)
    lines = (await refusal(create_app(throttled, adapters))).splitlines()
    assert any(line.startswith(found) for line in lines), lines


async def test_a_worker_that_serves_what_its_description_has_not_does_not_start(
    settings: Settings, adapters: Adapters, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runtime.app.read_back.operations", lambda *_: ())
    found = await refusal(create_app(settings, adapters))
    assert found.startswith("the description is [], and what runs is ['DELETE ")


async def test_with_documentation_the_api_describes_itself(client: httpx.AsyncClient) -> None:
    for path in ("/openapi.json", "/docs", "/docs/swagger-ui.css", "/problems", "/docs/problems.css"):
        assert (await client.get(path)).status_code == 200
    index = await client.get("/")
    assert (index.json()["description"], index.json()["documentation"]) == ("/openapi.json", "/docs")
    assert 'rel="service-desc"' in index.headers["link"]


async def test_without_documentation_the_api_explains_its_problems_and_no_more(
    settings: Settings, adapters: Adapters
) -> None:
    app = create_app(stated(settings, "api", documentation=False), adapters)
    async with running(app), client_of(app) as client:
        for path in ("/openapi.json", "/docs", "/docs/swagger-ui.css", "/docs/start.js"):
            assert (await client.get(path)).status_code == 404
        for path in ("/problems", "/docs/problems.css"):
            assert (await client.get(path)).status_code == 200
        index = await client.get("/")
    assert index.json().keys() & {"description", "documentation"} == set()
    assert index.headers["link"] == f'<{settings.process.ready_path}>; rel="status"'
