"""Namespaces as a whole, over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from runtime.domain.namespaces import LARGEST_BYTES
from runtime.ports import UnavailableError
from tests.runtime.fakes import EPOCH
from tests.runtime.test_runtime_entries_http import LIST, check_problem, put, tag

if TYPE_CHECKING:
    import httpx

    from tests.runtime.fakes import MemoryChanges, MemoryEntries

pytestmark = pytest.mark.anyio
WHOLE = "/v1/namespaces/payments"


async def told() -> None:
    """Wait until the feed has told every change so far."""
    await asyncio.sleep(0.02)


async def test_a_namespace_is_one_bundle_with_one_tag(client: httpx.AsyncClient) -> None:
    await put(client, {"daily": 1}, f"{LIST}/limits")
    await put(client, 2, f"{LIST}/a")
    await put(client, 3, "/v1/namespaces/other/entries/a")
    response = await client.get(WHOLE)
    assert (response.status_code, response.headers["etag"]) == (200, tag(2))
    assert response.json() == {"namespace": "payments", "revision": 2, "entries": {"a": 2, "limits": {"daily": 1}}}
    assert response.headers["cache-control"] == "private, no-cache"


async def test_304_means_that_nothing_in_the_namespace_changed(client: httpx.AsyncClient) -> None:
    await put(client, 1, f"{LIST}/a")
    known = {"if-none-match": (await client.get(WHOLE)).headers["etag"]}
    await put(client, 1, "/v1/namespaces/other/entries/a")
    again = await client.get(WHOLE, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag(1))
    await client.delete(f"{LIST}/a", headers={"if-match": "*"})
    await put(client, 1, f"{LIST}/a")
    assert (await client.get(WHOLE, headers=known)).headers["etag"] == tag(4)


async def test_a_bundle_is_read_from_memory_until_its_namespace_changes(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await put(client, 1, f"{LIST}/a")
    await put(client, 1, "/v1/namespaces/other/entries/a")
    await told()
    await client.get(WHOLE)
    asked = entries.reads
    await put(client, 2, "/v1/namespaces/other/entries/a", if_match="*")
    assert ((await client.get(WHOLE)).headers["etag"], entries.reads) == (tag(1), asked)
    for number, key in enumerate(("a", "b")):
        await put(client, 2, f"{LIST}/{key}", **({} if number else {"if_match": "*"}))
        assert (await client.get(WHOLE)).json()["entries"][key] == 2


async def test_a_namespace_without_anything_is_404(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    for _ in range(2):
        check_problem(
            await client.get(WHOLE), 404, "^there is no such namespace: it has neither entries nor a definition$"
        )
    assert entries.reads == 2  # the probe's, and one
    check_problem(await client.get("/v1/namespaces/Payments"), 400, "^a namespace holds")
    check_problem(await client.get(f"{WHOLE}?limit=1"), 400, "^the parameters are at_least")


async def test_a_bundle_is_asked_for_at_a_version(client: httpx.AsyncClient) -> None:
    await put(client, 1, f"{LIST}/a")
    assert (await client.get(f"{WHOLE}?at_least={EPOCH}-1")).status_code == 200
    check_problem(await client.get(f"{WHOLE}?at_least={EPOCH}-2"), 412, "^at_least names a revision")
    check_problem(await client.get(WHOLE, headers={"if-match": tag(7)}), 412, "^If-Match does not hold")


async def test_a_bundle_in_memory_is_answered_while_the_database_is_away(
    client: httpx.AsyncClient, entries: MemoryEntries, changes: MemoryChanges
) -> None:
    await put(client, 1, f"{LIST}/a")
    await told()
    etag = (await client.get(WHOLE)).headers["etag"]
    changes.away = True
    await told()
    entries.failures = [UnavailableError("the database is away")]
    response = await client.get(WHOLE, headers={"if-none-match": etag})
    assert (response.status_code, response.json()["entries"]) == (200, {"a": 1})
    assert response.headers["cache-status"].startswith("cbp; hit; ttl=")


async def test_a_namespace_that_is_too_large_is_read_page_by_page(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.runtime.fakes.LARGEST_BYTES", 10)
    await put(client, "x" * 10, f"{LIST}/a")
    problem = check_problem(
        await client.get(WHOLE), 409, f"^the namespace payments has more than .* {LARGEST_BYTES} bytes"
    )
    assert problem["detail"].endswith("read its entries page by page")


async def test_a_bundle_and_a_list_cost_a_token_for_each_64_kib_and_304_costs_one(client: httpx.AsyncClient) -> None:
    def left(response: httpx.Response) -> int:
        return int(response.headers["ratelimit"].partition("r=")[2].split(";")[0])

    await put(client, "x" * (200 * 1024), f"{LIST}/a")
    for url in (WHOLE, LIST):
        before = left(await client.get(url, headers={"if-none-match": "*"}))
        assert before - left(await client.get(url)) == 4
        assert before - left(await client.get(url, headers={"if-none-match": "*"})) == 5


async def test_a_list_holds_the_keys_of_a_prefix(client: httpx.AsyncClient) -> None:
    for key in ("db.host", "db.port", "dc"):
        await put(client, 1, f"{LIST}/{key}")
    first = (await client.get(LIST, params={"prefix": "db.", "limit": 1})).json()
    assert ([entry["key"] for entry in first["entries"]], first["next"]) == (["db.host"], "db.host")
    second = (await client.get(LIST, params={"prefix": "db.", "after": first["next"]})).json()
    assert ([entry["key"] for entry in second["entries"]], second["next"]) == (["db.port"], None)
