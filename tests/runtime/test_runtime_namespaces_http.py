"""Namespaces as a whole, over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from runtime.domain.namespaces import LARGEST_BYTES
from runtime.ports.availability import UnavailableError
from tests.runtime.changing import put as store_put
from tests.runtime.fakes import EPOCH
from tests.runtime.test_runtime_entries_http import LIST, check_problem, left, put, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from runtime.domain.entries import Change
    from runtime.ports.entries import Result
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


@pytest.mark.usefixtures("still_buckets")
async def test_a_bundle_and_a_list_cost_a_token_for_each_64_kib_and_304_costs_one(client: httpx.AsyncClient) -> None:
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


async def replace(client: httpx.AsyncClient, values: Any, query: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.put(WHOLE + query, json={"entries": values}, headers=named)


async def test_what_was_exported_is_imported_as_one_change_of_what_differs(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    for key, value in {"kept": 1.5, "replaced": 2, "removed": 3}.items():
        await put(client, value, f"{LIST}/{key}")
    exported = await client.get(WHOLE)
    await put(client, 1, "/v1/namespaces/copy/entries/replaced")
    copied = await client.put(
        "/v1/namespaces/copy", content=exported.content, headers={"if-match": "*", "content-type": "application/json"}
    )
    assert (copied.status_code, copied.json()) == (
        200,
        {"namespace": "copy", "revision": 5, "etag": tag(5), "created": 2, "replaced": 1, "removed": 0},
    )
    assert (await client.get("/v1/namespaces/copy")).json()["entries"] == exported.json()["entries"]
    changed = await replace(client, {"kept": 1.5, "replaced": 0, "new": None}, if_match=exported.headers["etag"])
    assert (changed.json()["created"], changed.json()["replaced"], changed.json()["removed"]) == (1, 1, 1)
    whole = await client.get(WHOLE)
    assert (whole.headers["etag"], changed.headers["etag"]) == (tag(6), tag(6))
    assert whole.json()["entries"] == {"kept": 1.5, "replaced": 0, "new": None}
    assert entries.entries["payments", "kept"].version.revision == 1


async def test_an_import_says_which_version_it_replaces(client: httpx.AsyncClient) -> None:
    check_problem(await replace(client, {"a": 1}, if_match="*"), 412, "does not exist$")
    assert (await replace(client, {"a": 1}, if_none_match="*")).status_code == 200
    check_problem(await replace(client, {"a": 2}), 428, "send If-Match")
    check_problem(await replace(client, {"a": 2}, if_match=tag(9)), 412, "^If-Match does not hold")
    assert (await replace(client, {"a": 2}, "?dry-run=true", if_match=tag(1))).json()["edits"] == [
        {"key": "a", "outcome": "replace"}
    ]
    assert (await replace(client, {"a": 2}, if_match=tag(1))).json()["revision"] == 2


async def test_an_import_is_not_made_into_a_namespace_that_changes_meanwhile(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    await put(client, 1, f"{LIST}/a")
    change = entries.change

    async def overtaken(changes: Sequence[Change]) -> Sequence[Result]:
        monkeypatch.setattr(entries, "change", change)
        await store_put(entries, "payments", "b")
        return await change(changes)

    monkeypatch.setattr(entries, "change", overtaken)
    check_problem(await replace(client, {"a": 2}, if_match="*"), 412, "^the namespace is at revision 2 by now$")
    assert (await client.get(WHOLE)).json()["entries"] == {"a": 1, "b": 1}


async def test_an_import_can_be_sent_again(client: httpx.AsyncClient) -> None:
    for _ in range(2):
        response = await replace(client, {"a": 1}, if_none_match="*")
        assert (response.status_code, response.headers["etag"]) == (200, tag(1))


async def test_an_import_is_judged_by_the_schema(client: httpx.AsyncClient) -> None:
    definition = {"owner": "me", "schema": {"type": "integer"}}
    await client.put(f"{WHOLE}/definition", json=definition)
    problem = check_problem(await replace(client, {"a": 1, "b": "x"}, if_match="*"), 422, "^a value violates")
    assert [each["key"] for each in problem["violations"]] == ["b"]
    assert (await replace(client, {"a": 1}, if_match="*")).status_code == 200
    assert (await client.get(f"{WHOLE}/definition")).json()["definition"] == definition


@pytest.mark.parametrize(
    "body", [[], {"entries": []}, {"values": {}}, {"entries": {}, "other": 1}, {"entries": {"-": 1}}]
)
async def test_an_import_that_is_none_changes_nothing(client: httpx.AsyncClient, body: Any) -> None:
    check_problem(await client.put(WHOLE, json=body), 400, '"entries", the values by key$|^a key holds')


async def test_a_change_of_a_whole_namespace_has_a_bounded_number_of_edits(client: httpx.AsyncClient) -> None:
    values = {f"k{number}": 1 for number in range(1001)}
    check_problem(await replace(client, values), 409, "^1001 entries differ, and one change has at most 1000")


async def test_a_namespace_with_entries_is_removed_only_by_its_name(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    check_problem(await client.delete(WHOLE), 404, "^there is no such namespace")
    await client.put(f"{WHOLE}/definition", json={"owner": "me"})
    await put(client, 1, f"{LIST}/a")
    for query in ("", "?confirm=true", "?confirm=other"):
        check_problem(await client.delete(WHOLE + query), 409, "^the namespace has 1 entries: .* confirm=payments$")
    confirmed = f"{WHOLE}?confirm=payments"
    check_problem(await client.delete(confirmed, headers={"if-match": tag(1)}), 412, "^If-Match does not hold")
    tried = await client.delete(f"{confirmed}&dry-run=true")
    assert [each["key"] for each in tried.json()["edits"]] == ["a", ""]
    assert (await client.delete(confirmed, headers={"if-match": tag(2)})).status_code == 204
    assert (entries.entries, entries.version.revision) == ({}, 3)
    check_problem(await client.get(WHOLE), 404, "^there is no such namespace")


async def test_a_namespace_is_removed_unless_others_inherit_from_it(client: httpx.AsyncClient) -> None:
    for namespace, parent in (("payments", None), ("child", "payments")):
        await client.put(f"/v1/namespaces/{namespace}/definition", json={"owner": "me", "parent": parent})
    check_problem(await client.delete(WHOLE), 409, "^other namespaces inherit from this one$")
    await put(client, 1, f"{LIST}/a")
    check_problem(await client.delete(f"{WHOLE}?confirm=payments"), 409, "^other namespaces inherit from this one$")
    await client.delete(f"{LIST}/a", headers={"if-match": "*"})
    assert [(await client.delete(url)).status_code for url in ("/v1/namespaces/child", WHOLE)] == [204, 204]
