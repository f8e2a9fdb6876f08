"""Layers of namespaces over HTTP: what holds in one, and why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.runtime.changing import ANYTHING
from tests.runtime.changing import put as store_put
from tests.runtime.test_runtime_entries_http import check_problem, put, tag

if TYPE_CHECKING:
    import httpx

    from runtime.domain.entries import Layers, Version
    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio
EFFECTIVE = "/v1/namespaces/service/effective"


@pytest.fixture(autouse=True)
async def layers(client: httpx.AsyncClient) -> None:
    """Define three layers with some values; the last revision is 7."""
    for namespace, parent in (("base", None), ("region", "base"), ("service", "region")):
        await client.put(f"/v1/namespaces/{namespace}/definition", json={"owner": "me", "parent": parent})
    for namespace, key, value in (("base", "a", 1), ("base", "b", 1), ("region", "b", 2), ("service", "b", 3)):
        await put(client, value, entry(namespace, key))
    await asyncio.sleep(0.02)  # the feed has told


def entry(namespace: str, key: str) -> str:
    return f"/v1/namespaces/{namespace}/entries/{key}"


async def values(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get(EFFECTIVE)).json()["entries"]
    return found


async def test_the_nearest_layer_counts_and_explain_tells_what_it_hides(client: httpx.AsyncClient) -> None:
    plain, explained = await client.get(EFFECTIVE), await client.get(f"{EFFECTIVE}?explain=true")
    assert plain.json() == {
        "namespace": "service",
        "layers": ["service", "region", "base"],
        "revision": 7,
        "entries": {"a": 1, "b": 3},
    }
    assert plain.headers["etag"] == explained.headers["etag"] == tag(7)
    told = explained.json()["entries"]
    assert {name: told["b"][name] for name in ("value", "layer", "revision", "etag", "actor")} == {
        "value": 3,
        "layer": "service",
        "revision": 7,
        "etag": tag(7),
        "actor": "local:tester",
    }
    assert [(each["layer"], each["value"], each["revision"]) for each in told["b"]["hides"]] == [
        ("region", 2, 6),
        ("base", 1, 5),
    ]
    assert (told["a"]["layer"], told["a"]["hides"]) == ("base", [])


async def test_a_cached_answer_follows_every_layer(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    assert await values(client) == {"a": 1, "b": 3}
    asked = entries.reads
    await put(client, 1, "/v1/namespaces/other/entries/a")
    assert await values(client) == {"a": 1, "b": 3}
    assert entries.reads == asked + 1  # for the definition of the other namespace
    await put(client, 9, entry("base", "a"), if_match="*")
    assert await values(client) == {"a": 9, "b": 3}
    await client.delete(entry("service", "b"), headers={"if-match": "*"})
    assert await values(client) == {"a": 9, "b": 2}
    definition = {"owner": "me", "parent": None}
    await client.put("/v1/namespaces/region/definition", json=definition, headers={"if-match": "*"})
    assert await values(client) == {"b": 2}
    await store_put(entries, "region", "b", "7", ANYTHING)  # by another worker
    await asyncio.sleep(0.02)
    assert await values(client) == {"b": 7}


async def test_a_layer_that_changes_while_it_is_read_is_not_kept(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = entries.layers

    async def overtaken(namespace: str, at_least: Version | None = None, *, actors: bool = False) -> Layers:
        found = await read(namespace, at_least, actors=actors)
        await store_put(entries, "base", "a", "2", ANYTHING)
        await asyncio.sleep(0.02)
        return found

    monkeypatch.setattr(entries, "layers", overtaken)
    assert await values(client) == {"a": 1, "b": 3}
    monkeypatch.setattr(entries, "layers", read)
    assert await values(client) == {"a": 2, "b": 3}


async def test_304_means_that_no_layer_changed(client: httpx.AsyncClient) -> None:
    known = {"if-none-match": (await client.get(EFFECTIVE)).headers["etag"]}
    await put(client, 1, "/v1/namespaces/other/entries/a")
    for query in ("", "?explain=true"):
        assert (await client.get(EFFECTIVE + query, headers=known)).status_code == 304
    await put(client, 1, entry("base", "c"))
    assert (await client.get(EFFECTIVE, headers=known)).headers["etag"] == tag(9)


async def test_a_namespace_without_layers_is_its_own(client: httpx.AsyncClient) -> None:
    await put(client, 1, "/v1/namespaces/alone/entries/a")
    assert (await client.get("/v1/namespaces/alone/effective")).json()["layers"] == ["alone"]
    for query in ("", "?explain=true"):
        check_problem(await client.get(f"/v1/namespaces/none/effective{query}"), 404, "^there is no such namespace")
    check_problem(await client.get(f"{EFFECTIVE}?explain=1"), 400, "^explain is true or false$")
    check_problem(await client.get(f"{EFFECTIVE}?limit=1"), 400, "^the parameters are explain and at_least")
