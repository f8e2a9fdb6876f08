"""Transactions, and dry runs of every change, over HTTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from runtime.domain.entries import Version
from runtime.domain.namespaces import MOST_EDITS
from tests.runtime.fakes import EPOCH
from tests.runtime.test_runtime_entries_http import LIST, URL, check_problem, left, put, tag

if TYPE_CHECKING:
    import httpx

    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio
TRANSACTIONS = "/v1/namespaces/payments/transactions"


async def transact(client: httpx.AsyncClient, *edits: Any, query: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(TRANSACTIONS + query, json={"edits": edits}, headers=named)


async def test_the_edits_of_a_transaction_are_made_at_one_revision(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await put(client, 1, f"{LIST}/a")
    await put(client, 2, f"{LIST}/b")
    response = await transact(
        client,
        {"key": "a", "value": {"x": 1.10}, "if_match": tag(1)},
        {"key": "b", "remove": True, "if_match": "*"},
        {"key": "c", "value": None, "if_none_match": "*"},
    )
    assert (response.status_code, response.json() | {"updated_at": None}) == (
        200,
        {
            "namespace": "payments",
            "revision": 3,
            "etag": tag(3),
            "updated_at": None,
            "edits": [
                {"key": "a", "outcome": "replace"},
                {"key": "b", "outcome": "delete"},
                {"key": "c", "outcome": "create"},
            ],
        },
    )
    listed = (await client.get(LIST)).json()["entries"]
    assert [(entry["key"], entry["value"], entry["etag"]) for entry in listed] == [
        ("a", {"x": 1.1}, tag(3)),
        ("c", None, tag(3)),
    ]
    assert entries.entries["payments", "a"].value == '{"x":1.1}'


async def test_numbers_of_a_transaction_keep_their_digits(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    body = b'{"edits":[{"key":"a","value":[1.10,123456789012345678901234567890]}]}'
    await client.post(TRANSACTIONS, content=body, headers={"content-type": "application/json"})
    assert entries.entries["payments", "a"].value == "[1.10,123456789012345678901234567890]"


async def test_a_refused_transaction_makes_nothing_and_names_every_failed_precondition_by_its_index(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await put(client, 1, f"{LIST}/a")
    response = await transact(
        client,
        {"key": "new", "value": 1},
        {"key": "a", "value": 2},
        {"key": "b", "value": 2, "if_match": tag(1)},
        {"key": "c", "remove": True},
    )
    problem = check_problem(response, 412, "^no edit was made, since the preconditions of 3 do not hold")
    assert [(each["index"], each["key"], each["status"], each["etag"]) for each in problem["refusals"]] == [
        (1, "a", 428, tag(1)),
        (2, "b", 412, None),
        (3, "c", 404, None),
    ]
    assert entries.version == Version(EPOCH, 1)


async def test_a_transaction_of_one_edit_is_refused_like_every_other(client: httpx.AsyncClient) -> None:
    problem = check_problem(await transact(client, {"key": "a", "remove": True}), 412, "^no edit was made")
    assert [(each["index"], each["key"], each["status"]) for each in problem["refusals"]] == [(0, "a", 404)]


async def test_a_repeated_idempotency_key_repeats_the_answer_of_a_transaction(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    edits = [{"key": "a", "value": 1, "if_none_match": "*"}, {"key": "b", "value": 1}]
    answers = await asyncio.gather(*(transact(client, *edits, idempotency_key="order-7") for _ in range(5)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert entries.version == Version(EPOCH, 1)
    other = await transact(client, edits[0], idempotency_key="order-7")
    check_problem(other, 422, "^Idempotency-Key was used for another change of this resource")
    assert (await put(client, 1, f"{LIST}/c", idempotency_key="order-7")).status_code == 201


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], '^the body must be an object with the one member "edits": 1 to 64 edits$'),
        ({"edits": []}, "1 to 64 edits$"),
        ({"edits": [{"key": f"k{n}", "value": 1} for n in range(MOST_EDITS + 1)]}, "1 to 64 edits$"),
        (
            {"edits": [{"key": "a", "value": 1}], "dry_run": True},
            '^the body must be an object with the one member "edits"',
        ),
        ({"edits": [1]}, r"^edits\[0\]: an edit is an object with members of if_match, if_none_match, key"),
        ({"edits": [{"key": "a"}]}, r'^edits\[0\]: an edit has either a "value" or "remove": true$'),
        ({"edits": [{"key": "a", "value": 1, "remove": True}]}, r"^edits\[0\]: an edit has either"),
        ({"edits": [{"key": "a", "remove": False}]}, r"^edits\[0\]: an edit has either"),
        ({"edits": [{"key": "a", "value": 1}, {"value": 1}]}, r'^edits\[1\]: an edit has the "key" of an entry'),
        ({"edits": [{"key": "", "value": 1}]}, r"^edits\[0\]: a key holds 1 to 253"),
        (
            {"edits": [{"key": "a", "value": 1}, {"key": "a", "remove": True}]},
            r"^edits\[1\]: the key a has an edit alr",
        ),
        (
            {"edits": [{"key": "a", "value": 1, "if_match": "1"}]},
            r"^edits\[0\]: expected \* or a list of quoted entity",
        ),
        ({"edits": [{"key": "a", "value": 1, "if_match": 1}]}, r'^edits\[0\]: "if_match" is a string'),
        ({"edits": [{"key": "a", "value": 1, "ifmatch": "*"}]}, r"^edits\[0\]: an edit is an object with members"),
    ],
)
async def test_a_malformed_transaction_is_told_which_edit_and_changes_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries, body: Any, detail: str
) -> None:
    check_problem(await client.post(TRANSACTIONS, json=body), 400, detail)
    assert entries.entries == {}


async def test_the_header_of_a_transaction_has_no_precondition(client: httpx.AsyncClient) -> None:
    response = await transact(client, {"key": "a", "value": 1}, if_match="*")
    check_problem(response, 400, "^a transaction has no precondition in its header")


async def test_a_dry_run_says_the_outcome_and_changes_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await put(client, 1)
    edits = [{"key": "a", "value": 1}, {"key": "limits.daily", "remove": True, "if_match": tag(1)}]
    responses = [
        await put(client, 2, f"{URL}?dry-run=true", if_match="*"),
        await put(client, 2, f"{LIST}/other?dry-run=true"),
        await client.delete(f"{URL}?dry-run=true", headers={"if-match": tag(1)}),
        await transact(client, *edits, query="?dry-run=true"),
    ]
    assert [response.status_code for response in responses] == [200] * 4
    assert [[edit["outcome"] for edit in response.json()["edits"]] for response in responses] == [
        ["replace"],
        ["create"],
        ["delete"],
        ["create", "delete"],
    ]
    assert responses[0].json() == {
        "namespace": "payments",
        "dry_run": True,
        "edits": [{"key": "limits.daily", "outcome": "replace"}],
        "judged_at": f"{EPOCH}-1",
    }
    assert entries.version == Version(EPOCH, 1)
    assert (await transact(client, *edits)).json()["revision"] == 2


async def test_a_dry_run_is_refused_as_the_change_would_be(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    for query in ("", "?dry-run=true"):
        check_problem(await put(client, 2, URL + query), 428, "^the entry exists at revision 1")
        check_problem(await put(client, 2, URL + query, if_match=tag(9)), 412, "^If-Match does not hold")
        check_problem(await client.delete(f"{LIST}/none{query}"), 404, "no entry with this key$")
        check_problem(
            await transact(client, {"key": "limits.daily", "value": 1}, query=query), 412, "^no edit was made"
        )


@pytest.mark.parametrize("query", ["dry-run=1", "dry-run=", "dry_run=true", "dry-run=true&dry-run=true", "at_least=x"])
async def test_a_change_with_another_parameter_is_never_made(
    client: httpx.AsyncClient, entries: MemoryEntries, query: str
) -> None:
    for response in (
        await put(client, 1, f"{URL}?{query}"),
        await client.delete(f"{URL}?{query}"),
        await transact(client, {"key": "a", "value": 1}, query=f"?{query}"),
    ):
        check_problem(response, 400, "^dry-run is true or false$|^the parameters are dry-run, each at most once$")
    assert entries.entries == {}


async def test_a_worker_reads_what_its_transaction_made(client: httpx.AsyncClient) -> None:
    for number in range(1, 4):
        await transact(
            client, {"key": "a", "value": number, "if_match": "*"} if number > 1 else {"key": "a", "value": 1}
        )
        assert (await client.get(f"{LIST}/a")).json()["value"] == number


@pytest.mark.usefixtures("still_buckets")
async def test_a_transaction_costs_a_token_for_each_edit(client: httpx.AsyncClient) -> None:
    first = left(await transact(client, {"key": "a", "value": 1}))
    second = left(await transact(client, *({"key": f"k{n}", "value": 1} for n in range(MOST_EDITS))))
    assert first - second == MOST_EDITS
