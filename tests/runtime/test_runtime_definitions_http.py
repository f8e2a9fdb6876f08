"""Definitions of namespaces, and the list of namespaces, over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from runtime.domain.entries import Version
from tests.identity import signed_in
from tests.runtime.changing import ANYTHING
from tests.runtime.changing import put as store_put
from tests.runtime.fakes import EPOCH
from tests.runtime.test_runtime_entries_http import LIST, check_problem, put, tag
from tests.runtime.test_runtime_transactions_http import transact

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from runtime.domain.entries import Change
    from runtime.ports.entries import Result
    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio
NAMESPACES = "/v1/namespaces"
DEFINITION = "/v1/namespaces/payments/definition"
STRINGS = {"type": "string", "maxLength": 3}


async def define(
    client: httpx.AsyncClient, namespace: str = "payments", query: str = "", **members: Any
) -> httpx.Response:
    headers = {"if-match": members.pop("if_match")} if "if_match" in members else {}
    url = f"{NAMESPACES}/{namespace}/definition{query}"
    return await client.put(url, json={"owner": "team-payments"} | members, headers=headers)


async def test_a_definition_is_created_read_and_replaced_under_its_tag(client: httpx.AsyncClient) -> None:
    created = await define(client, labels={"tier": "one"}, description="limits", retention_days=30)
    assert (created.status_code, created.headers["etag"]) == (201, tag(1))
    read = await client.get(DEFINITION)
    assert (read.content, read.headers["etag"]) == (created.content, tag(1))
    assert read.json() | {"updated_at": None} == {
        "namespace": "payments",
        "definition": {
            "owner": "team-payments",
            "labels": {"tier": "one"},
            "description": "limits",
            "retention_days": 30,
        },
        "revision": 1,
        "etag": tag(1),
        "updated_at": None,
    }
    assert (await client.get(DEFINITION, headers={"if-none-match": tag(1)})).status_code == 304
    check_problem(await define(client), 428, "^the entry exists at revision 1")
    check_problem(await define(client, if_match=tag(7)), 412, "^If-Match does not hold")
    assert (await define(client, if_match=tag(1))).status_code == 200
    assert "labels" not in (await client.get(DEFINITION)).json()["definition"]


async def test_a_definition_is_no_entry_and_makes_an_empty_namespace(client: httpx.AsyncClient) -> None:
    check_problem(await client.get(DEFINITION), 404, "^there is no such namespace")
    await define(client)
    assert (await client.get(LIST)).json()["entries"] == []
    assert (await client.get("/v1/namespaces/payments")).json()["entries"] == {}
    assert (await client.get(f"{LIST}/")).status_code == 404


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        ({"owner": ""}, "^the definition is refused: owner: "),
        ({"unknown": 1}, "^the definition is refused: unknown: "),
        (
            {"retention_days": 91},
            "^the definition is refused: retention_days: the history of changes is kept for 90",
        ),
        ({"retention_days": 1.5}, "^the definition is refused: retention_days"),
        ({"labels": {"a b": "c"}}, "^the definition is refused: labels"),
        ({"parent": "Base"}, "^the definition is refused: parent"),
        ({"approvals": 11}, "^the definition is refused: approvals"),
        ({"schema": {"pattern": "(?=a)"}}, "^the schema of the definition is refused: /pattern: "),
        (
            {"schema": {"$ref": "https://bank.example"}},
            r"^the schema of the definition is refused: /\$ref: a ref",
        ),
    ],
)
async def test_a_definition_that_cannot_be_kept_is_refused(
    client: httpx.AsyncClient, entries: MemoryEntries, members: Any, detail: str
) -> None:
    check_problem(await define(client, **members), 422, detail)
    assert entries.entries == {}


async def test_a_value_is_judged_where_it_is_written_and_every_violation_has_its_pointer(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    schema = {"type": "object", "required": ["daily"], "additionalProperties": {"type": "integer", "minimum": 0}}
    await define(client, schema=schema)
    for query in ("", "?dry-run=true"):
        problem = check_problem(
            await put(client, {"a/b": -1, "c": "x"}, f"{LIST}/limits{query}"), 422, "^a value violates"
        )
        assert [(each["key"], each["pointer"], each["keyword"]) for each in problem["violations"]] == [
            ("limits", "", "required"),
            ("limits", "/a~1b", "minimum"),
            ("limits", "/c", "type"),
        ]
        assert problem["complete"] is True
    assert entries.version == Version(EPOCH, 1)
    assert (await put(client, {"daily": 1}, f"{LIST}/limits")).status_code == 201
    assert (await client.delete(f"{LIST}/limits", headers={"if-match": "*"})).status_code == 204


async def test_a_transaction_names_every_value_that_violates_by_its_index(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await define(client, schema=STRINGS)
    edits = [{"key": "a", "value": "x"}, {"key": "b", "value": 1}, {"key": "c", "value": "long"}]
    problem = check_problem(await transact(client, *edits), 422, "^a value violates")
    assert [(each["index"], each["key"], each["keyword"]) for each in problem["violations"]] == [
        (1, "b", "type"),
        (2, "c", "maxLength"),
    ]
    assert entries.version == Version(EPOCH, 1)


async def test_a_schema_is_refused_while_stored_entries_violate_it_and_names_them(client: httpx.AsyncClient) -> None:
    for key, value in {"a": "x", "b": 1, "c": "long"}.items():
        await put(client, value, f"{LIST}/{key}")
    for query in ("", "?dry-run=true"):
        problem = check_problem(
            await define(client, query=query, schema=STRINGS), 409, "^stored entries violate the new"
        )
        assert [(each["key"], each["keyword"]) for each in problem["violations"]] == [("b", "type"), ("c", "maxLength")]
    assert (await client.get(DEFINITION)).status_code == 404
    allowed = await define(client, query="?allow-invalid=true", schema=STRINGS)
    assert allowed.status_code == 201
    check_problem(await put(client, 2, f"{LIST}/b", if_match="*"), 422, "^a value violates")
    assert (await put(client, "y", f"{LIST}/b", if_match="*")).status_code == 200


async def test_a_dry_run_of_a_definition_says_the_outcome(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    response = await define(client, query="?dry-run=true", schema=STRINGS)
    assert response.json()["edits"] == [{"key": "", "outcome": "create"}]
    assert entries.entries == {}
    check_problem(await define(client, query="?allow-invalid=yes"), 400, "^allow-invalid is true or false$")


async def test_a_definition_that_changes_while_a_value_is_judged_is_noticed(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker tightens the schema after this one has judged the value, and before the change is made."""
    await define(client, schema=True)
    change = entries.change

    async def overtaken(changes: Sequence[Change]) -> Sequence[Result]:
        monkeypatch.setattr(entries, "change", change)
        await store_put(entries, "payments", "", '{"owner":"b","schema":{"type":"string"}}', ANYTHING)
        return await change(changes)

    monkeypatch.setattr(entries, "change", overtaken)
    check_problem(await put(client, 1, f"{LIST}/a"), 422, "^a value violates")
    assert ("payments", "a") not in entries.entries


async def test_an_entry_that_changes_while_a_schema_is_judged_is_noticed(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = entries.change

    async def overtaken(changes: Sequence[Change]) -> Sequence[Result]:
        monkeypatch.setattr(entries, "change", change)
        await store_put(entries, "payments", "a", "1")
        return await change(changes)

    monkeypatch.setattr(entries, "change", overtaken)
    check_problem(await define(client, schema=STRINGS), 409, "^stored entries violate the new schema")
    assert ("payments", "") not in entries.entries


async def test_namespaces_are_listed_with_what_their_definitions_say(client: httpx.AsyncClient) -> None:
    await put(client, 1, "/v1/namespaces/undefined/entries/a")
    await define(client, "a", labels={"tier": "one"}, schema=STRINGS)
    await define(client, "b", labels={"tier": "two", "team": "x"}, parent="a")
    listed = await client.get(NAMESPACES)
    assert (listed.headers["etag"], listed.json()["next"]) == (tag(3), None)
    assert listed.json()["namespaces"] == [
        {
            "namespace": "a",
            "definition": {"owner": "team-payments", "description": None, "labels": {"tier": "one"}, "parent": None},
            "etag": tag(2),
        },
        {
            "namespace": "b",
            "definition": {
                "owner": "team-payments",
                "description": None,
                "labels": {"tier": "two", "team": "x"},
                "parent": "a",
            },
            "etag": tag(3),
        },
        {"namespace": "undefined", "definition": None, "etag": None},
    ]
    first = (await client.get(NAMESPACES, params={"limit": 2})).json()
    second = (await client.get(NAMESPACES, params={"limit": 2, "after": first["next"]})).json()
    assert [each["namespace"] for each in second["namespaces"]] == ["undefined"]
    for labels, found in {"tier=one": ["a"], "tier=two,team=x": ["b"], "tier=one,team=x": [], "other=1": []}.items():
        page = (await client.get(NAMESPACES, params={"labels": labels})).json()
        assert ([each["namespace"] for each in page["namespaces"]], page["next"]) == (found, None)
    assert (await client.get(NAMESPACES, headers={"if-none-match": tag(3)})).status_code == 304
    check_problem(await client.get(NAMESPACES, params={"labels": "tier"}), 400, "^labels are name=value")
    check_problem(await client.get(NAMESPACES, params={"label": "tier=one"}), 400, "^the parameters are after")


async def test_a_parent_is_defined_and_no_descendant(client: httpx.AsyncClient) -> None:
    check_problem(await define(client, "b", parent="a"), 409, "^the parent is a namespace without a definition$")
    check_problem(await define(client, "a", parent="a"), 409, "^the parent inherits from the namespace itself$")
    await define(client, "a")
    await define(client, "b", parent="a")
    check_problem(
        await define(client, "a", parent="b", if_match="*"), 409, "^the parent inherits from the namespace itself$"
    )


async def test_writers_under_a_definition_wait_for_each_other_and_lose_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await define(client, schema={"type": "integer"})
    responses = await asyncio.gather(*(put(client, n, f"{LIST}/k{n}") for n in range(20)))
    assert {response.status_code for response in responses} == {201}
    assert entries.version == Version(EPOCH, 21)


async def test_nobody_inherits_from_a_namespace_that_they_do_not_read(client: httpx.AsyncClient) -> None:
    """Its values would be read through the layers of the other namespace."""
    await put(client, 1)
    client.headers.update(signed_in("administrator@cards"))
    refused = await define(client, "cards", parent="payments")
    check_problem(refused, 403, "^the role reader in the namespace payments is needed")
    client.headers.update(signed_in("administrator@cards", "reader@payments"))
    assert (await define(client, "cards", parent="payments")).status_code == 409  # it has no definition
    client.headers.update(signed_in("writer@cards"))
    check_problem(await define(client, "cards"), 403, "^the role administrator in the namespace cards is needed")


async def test_a_client_lists_the_namespaces_that_it_reads(client: httpx.AsyncClient) -> None:
    for namespace in ("cards", "payments-eu", "payments-us"):
        await define(client, namespace)
    everything = await client.get(NAMESPACES)
    assert [each["namespace"] for each in everything.json()["namespaces"]] == ["cards", "payments-eu", "payments-us"]
    client.headers.update(signed_in("reader@payments-*"))
    found = await client.get(NAMESPACES, headers={"if-none-match": everything.headers["etag"]})
    assert (found.status_code, found.headers.get("etag")) == (200, None)
    assert [each["namespace"] for each in found.json()["namespaces"]] == ["payments-eu", "payments-us"]
    first = await client.get(f"{NAMESPACES}?limit=1")
    assert first.json()["next"] == "payments-eu"
