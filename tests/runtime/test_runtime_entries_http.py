"""Entries over HTTP."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest

from runtime.domain.entries import Context, Version
from runtime.domain.preconditions import LONGEST_LIST
from runtime.http.application import LONGEST_QUERY_BYTES
from runtime.http.bodies import MAX_BYTES
from runtime.ports.availability import OutcomeUnknownError, TransientError, UnavailableError
from tests.identity import signed_in
from tests.runtime.fakes import EPOCH, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import httpx
    from starlette.types import ASGIApp, Message

    from runtime.domain.entries import Change
    from runtime.ports.entries import Result
    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio
URL = "/v1/namespaces/payments/entries/limits.daily"
LIST = "/v1/namespaces/payments/entries"


def tag(revision: int, epoch: str = EPOCH) -> str:
    return f'"{epoch}-{revision}"'


async def put(client: httpx.AsyncClient, value: Any, url: str = URL, **headers: str) -> httpx.Response:
    return await client.put(url, json={"value": value}, headers={k.replace("_", "-"): v for k, v in headers.items()})


def check_problem(response: httpx.Response, status: int, detail: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert re.search(detail, problem["detail"]), problem["detail"]
    assert problem["title"]
    return problem


def left(response: httpx.Response) -> int:
    """Return the tokens that are left in the client's bucket."""
    return int(response.headers["ratelimit"].partition(";r=")[2].split(";")[0])


async def test_an_entry_lives_from_create_over_replace_to_delete(client: httpx.AsyncClient) -> None:
    created = await put(client, {"amount": 10})
    assert (created.status_code, created.headers["etag"]) == (201, tag(1))
    assert created.json().keys() == {"namespace", "key", "value", "revision", "etag", "updated_at"}
    assert (created.json()["revision"], created.json()["etag"]) == (1, tag(1))
    replaced = await put(client, {"amount": 20}, if_match=tag(1))
    assert (replaced.status_code, replaced.headers["etag"]) == (200, tag(2))
    read = await client.get(URL)
    assert (read.status_code, read.content, read.headers["etag"]) == (200, replaced.content, tag(2))
    assert read.json()["updated_at"].endswith("Z")
    removed = await client.delete(URL, headers={"if-match": tag(2)})
    assert (removed.status_code, removed.content) == (204, b"")
    check_problem(await client.get(URL), 404, "^the namespace has no entry with this key$")


async def test_a_number_comes_back_as_it_was_written(client: httpx.AsyncClient) -> None:
    body = b'{"value":[18446744073709551616,1.10,1E400,-0.0]}'
    await client.put(URL, content=body, headers={"content-type": "application/json; charset=UTF-8"})
    assert b'"value":[18446744073709551616,1.10,1E400,-0.0]' in (await client.get(URL)).content


async def test_head_is_get_without_a_body(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    read, head = await client.get(URL), await client.head(URL)
    assert head.content == b""
    for name in ("content-length", "content-type", "etag"):
        assert head.headers[name] == read.headers[name]


async def test_a_reader_that_holds_the_version_gets_304(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    response = await client.get(URL, headers={"if-none-match": f"{tag(0)}, W/{tag(1)}"})
    assert (response.status_code, response.content, response.headers["etag"]) == (304, b"", tag(1))


async def test_what_another_history_handed_out_matches_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    """After a restore the revisions are given again: the same number means another value."""
    before = await put(client, 1)
    entries.begin_history("ffffffff")
    read = await client.get(URL, headers={"if-none-match": before.headers["etag"]})
    assert (read.status_code, read.headers["etag"]) == (200, tag(1, "ffffffff"))
    for response in (
        await put(client, 2, if_match=before.headers["etag"]),
        await client.delete(URL, headers={"if-match": before.headers["etag"]}),
        await client.get(URL, headers={"if-match": before.headers["etag"]}),
    ):
        check_problem(response, 412, "^If-Match does not hold: the entry is at revision 1$")
        assert response.headers["etag"] == tag(1, "ffffffff")
    listed = await client.get(LIST, headers={"if-none-match": tag(1)})
    assert (listed.status_code, listed.headers["etag"]) == (200, tag(1, "ffffffff"))


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_change_without_if_match_is_told_what_to_send(client: httpx.AsyncClient, method: str) -> None:
    await put(client, 1)
    response = await client.request(method, URL, json={"value": 2})
    check_problem(response, 428, "^the entry exists at revision 1: send If-Match with the entity tag")
    assert response.headers["etag"] == tag(1)


async def test_a_condition_that_does_not_hold_is_412(client: httpx.AsyncClient) -> None:
    check_problem(await put(client, 1, if_match="*"), 412, "the entry does not exist")
    await put(client, 1)
    check_problem(await put(client, 2, if_none_match="*"), 412, "the entry is at revision 1")
    check_problem(await put(client, 2, if_match=tag(9)), 412, "the entry is at revision 1")
    check_problem(await client.delete(URL, headers={"if-match": tag(9)}), 412, "the entry is at revision 1")
    assert (await client.get(URL)).json()["value"] == 1


async def test_two_if_match_headers_are_one_list(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    headers = [("if-match", tag(9)), ("if-match", tag(1)), ("content-type", "application/json")]
    assert (await client.put(URL, content=b'{"value":2}', headers=headers)).status_code == 200


async def test_a_malformed_condition_changes_nothing(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    check_problem(await put(client, 2, if_match="1"), 400, "quoted entity tags")
    assert (await client.get(URL)).json()["value"] == 1


@pytest.mark.parametrize(
    "url",
    [
        "/v1/namespaces/Payments/entries/k",
        "/v1/namespaces/payments%00/entries/k",
        "/v1/namespaces/payments/entries/%FF",
        "/v1/namespaces/payments/entries/-k",
        "/v1/namespaces/payments/entries/a%20b",
        f"/v1/namespaces/payments/entries/{'k' * 254}",
    ],
)
async def test_a_bad_name_is_told_what_is_allowed(client: httpx.AsyncClient, url: str) -> None:
    for response in (await client.get(url), await put(client, 1, url), await client.delete(url)):
        check_problem(response, 400, "^a (namespace|key) holds 1 to ")


async def test_a_percent_encoded_name_is_the_name(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    assert (await client.get("/v1/namespaces/payments/entries/%6Cimits%2Edaily")).status_code == 200


async def test_a_body_that_is_too_large_is_413_with_and_without_a_declared_length(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b" " * (MAX_BYTES // 2)

    headers = {"content-type": "application/json"}
    for content in (b" " * (MAX_BYTES + 1), chunks()):
        response = await client.put(URL, content=content, headers=headers)
        check_problem(response, 413, "^the body is larger than 1048576 bytes$")
    largest = b'{"value":"' + b"x" * (MAX_BYTES - 12) + b'"}'
    assert (await client.put(URL, content=largest, headers=headers)).status_code == 201


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/json; charset=latin-1", "application/jsonx"])
async def test_a_body_that_is_not_declared_as_json_is_415(client: httpx.AsyncClient, content_type: str | None) -> None:
    headers = {"content-type": content_type} if content_type else {}
    response = await client.put(URL, content=b'{"value":1}', headers=headers)
    check_problem(response, 415, "JSON|json")
    assert response.headers["accept"] == "application/json"


@pytest.mark.parametrize("coding", ["gzip", "identity, br", "GZIP"])
async def test_a_body_in_another_coding_is_415_and_nothing_is_written(
    client: httpx.AsyncClient, entries: MemoryEntries, coding: str
) -> None:
    response = await put(client, 1, content_encoding=coding)
    check_problem(response, 415, "without a Content-Encoding$")
    assert response.headers["accept-encoding"] == "identity"
    assert entries.entries == {}
    assert (await put(client, 1, content_encoding="identity")).status_code == 201


async def test_a_body_that_is_not_json_is_400(client: httpx.AsyncClient) -> None:
    response = await client.put(URL, content=b'{"value":', headers={"content-type": "application/json"})
    check_problem(response, 400, "^the body is not JSON: Expecting value at character 9$")


async def test_a_list_is_read_page_by_page(client: httpx.AsyncClient) -> None:
    for key in ("a", "b", "c"):
        await put(client, key, f"{LIST}/{key}")
    first = (await client.get(LIST, params={"limit": 2})).json()
    assert [entry["value"] for entry in first["entries"]] == ["a", "b"]
    assert (first["namespace"], first["next"]) == ("payments", "b")
    second = (await client.get(LIST, params={"after": first["next"]})).json()
    assert ([entry["key"] for entry in second["entries"]], second["next"]) == (["c"], None)


async def test_a_list_carries_the_version_of_its_snapshot_and_304_means_that_nothing_changed(
    client: httpx.AsyncClient,
) -> None:
    empty = await client.get(LIST)
    assert (empty.json(), empty.headers["etag"]) == (
        {"namespace": "payments", "entries": [], "next": None, "revision": 0},
        tag(0),
    )
    await put(client, 1)
    listed = await client.get(LIST, headers={"if-none-match": tag(0)})
    assert (listed.status_code, listed.json()["revision"], listed.headers["etag"]) == (200, 1, tag(1))
    assert listed.json()["entries"] == [(await client.get(URL)).json()]
    again = await client.get(LIST, headers={"if-none-match": tag(1)})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag(1))
    await put(client, 1, "/v1/namespaces/other/entries/k")
    assert (await client.get(LIST, headers={"if-none-match": tag(1)})).json()["revision"] == 2


async def test_every_tag_of_a_list_is_the_if_match_of_its_entry(client: httpx.AsyncClient) -> None:
    for key in ("a", "b"):
        await put(client, key, f"{LIST}/{key}")
    for entry in (await client.get(LIST)).json()["entries"]:
        assert (await put(client, 2, f"{LIST}/{entry['key']}", if_match=entry["etag"])).status_code == 200


@pytest.mark.parametrize("url", [URL, LIST])
async def test_a_reader_asks_for_a_version_that_it_has_heard_of(client: httpx.AsyncClient, url: str) -> None:
    written = await put(client, 1)
    asked = written.headers["etag"].strip('"')
    assert (await client.get(url, params={"at_least": asked})).status_code == 200
    for unknown in (f"{EPOCH}-2", "ffffffff-1"):
        response = await client.get(url, params={"at_least": unknown})
        check_problem(response, 412, "^at_least names a revision that is not part of the present history")


@pytest.mark.parametrize(
    "query", ["at_least=", "at_least=1", "at_least=%220a1b2c3d-1%22", "at_least=0a1b2c3d-01", "at_least=0A1B2C3D-1"]
)
async def test_a_version_is_asked_for_as_the_tag_writes_it(client: httpx.AsyncClient, query: str) -> None:
    check_problem(await client.get(f"{URL}?{query}"), 400, "^at_least is the text of an entity tag")


@pytest.mark.parametrize("query", ["at_least=0a1b2c3d-1&at_least=0a1b2c3d-1", "limit=1", "revision=1"])
async def test_an_entry_is_read_with_no_other_parameter(client: httpx.AsyncClient, query: str) -> None:
    check_problem(await client.get(f"{URL}?{query}"), 400, "^the parameters are as-of and at_least, each at most once$")


async def test_a_repeated_idempotency_key_repeats_the_answer_and_not_the_change(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    created = await put(client, 1, idempotency_key='"order-7"')
    replaced = await put(client, 2, if_match=tag(1))
    again = await put(client, 1, idempotency_key='"order-7"')
    assert (again.status_code, again.content, again.headers["etag"]) == (201, created.content, tag(1))
    assert (await client.get(URL)).content == replaced.content
    repeated = {"if-match": tag(2), "idempotency-key": "order-8"}
    statuses = [(await client.delete(URL, headers=repeated)).status_code for _ in range(3)]
    assert (statuses, entries.version) == ([204] * 3, Version(EPOCH, 3))


async def test_a_change_that_succeeded_is_not_told_412_by_its_own_success(client: httpx.AsyncClient) -> None:
    await put(client, 1)
    for _ in range(3):
        replaced = await put(client, 2, if_match=tag(1), idempotency_key="order-7")
        assert (replaced.status_code, replaced.headers["etag"]) == (200, tag(2))
    check_problem(await put(client, 2, if_match=tag(1)), 412, "the entry is at revision 2")


async def test_an_idempotency_key_belongs_to_one_change_of_one_entry(client: httpx.AsyncClient) -> None:
    await put(client, 1, idempotency_key="order-7")
    for response in (
        await put(client, 2, if_match="*", idempotency_key="order-7"),
        await client.delete(URL, headers={"if-match": "*", "idempotency-key": "order-7"}),
    ):
        check_problem(response, 422, "^Idempotency-Key was used for another change of this resource")
    assert (await client.get(URL)).json()["value"] == 1
    assert (await put(client, 2, f"{LIST}/other", idempotency_key="order-7")).status_code == 201


async def test_a_refused_change_does_not_use_its_idempotency_key_up(client: httpx.AsyncClient) -> None:
    check_problem(await put(client, 2, if_match="*", idempotency_key="order-7"), 412, "does not exist")
    assert (await put(client, 2, idempotency_key="order-7")).status_code == 201


async def test_of_many_requests_with_one_idempotency_key_one_makes_the_change(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    responses = await asyncio.gather(*(put(client, 1, idempotency_key="order-7") for _ in range(10)))
    assert [(response.status_code, response.headers["etag"]) for response in responses] == [(201, tag(1))] * 10
    assert entries.version == Version(EPOCH, 1)


@pytest.mark.parametrize("key", ["", '""', "a b", '"a', 'a"b', "a,b", "x" * 256, '"ä"'])
async def test_an_idempotency_key_that_is_not_one_changes_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries, key: str
) -> None:
    headers = [(b"idempotency-key", key.encode()), (b"content-type", b"application/json")]
    response = await client.put(URL, content=b'{"value":1}', headers=headers)
    check_problem(response, 400, "^Idempotency-Key is one string of 1 to 255 visible characters$")
    assert entries.entries == {}


async def test_two_idempotency_keys_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("idempotency-key", "a"), ("idempotency-key", "b"), ("content-type", "application/json")]
    check_problem(await client.put(URL, content=b'{"value":1}', headers=headers), 400, "^Idempotency-Key is one")


async def test_a_change_carries_its_request_and_its_reason_to_the_store(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    contexts: list[Context] = []
    change = entries.change

    async def noting(changes: Sequence[Change]) -> Sequence[Result]:
        contexts.extend(each.context for each in changes)
        return await change(changes)

    monkeypatch.setattr(entries, "change", noting)
    headers = [(b"change-reason", "die Grenze für März".encode()), (b"x-request-id", b"order-7")]
    await client.put(URL, json={"value": 1}, headers=headers)
    await client.delete(URL, headers={"if-match": "*", "x-request-id": "order-8"})
    assert contexts == [
        Context("local:tester", "order-7", "die Grenze für März", "127.0.0.1"),
        Context("local:tester", "order-8", None, "127.0.0.1"),
    ]


@pytest.mark.parametrize(
    ("reason", "detail"),
    [
        (b"x" * 501, "^Change-Reason is one line of at most 500 characters$"),
        (b"a\tb", "^Change-Reason is one line"),
        (b"\xff", "^Change-Reason is text in UTF-8$"),
    ],
)
async def test_a_reason_that_cannot_be_recorded_changes_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries, reason: bytes, detail: str
) -> None:
    headers = [(b"change-reason", reason), (b"content-type", b"application/json")]
    check_problem(await client.put(URL, content=b'{"value":1}', headers=headers), 400, detail)
    check_problem(await client.delete(URL, headers=headers[:1]), 400, detail)
    assert entries.entries == {}


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("limit=0", "^limit is a whole number from 1 to 1000$"),
        ("limit=1001", "^limit is"),
        ("limit=1e3", "^limit is"),
        ("limit=%D9%A3", "^limit is"),
        (
            "limit=1&limit=2",
            "^the parameters are after and as-of and at_least and limit and prefix, each",
        ),
        ("page=2", "^the parameters are"),
        ("after=%2E", "^a key holds"),
        ("prefix=-", "^a key holds"),
        ("at_least=1", "^at_least is the text of an entity tag, without its quotes"),
    ],
)
async def test_a_query_that_asks_for_nothing_that_exists_is_400(
    client: httpx.AsyncClient, query: str, detail: str
) -> None:
    check_problem(await client.get(f"{LIST}?{query}"), 400, detail)


async def test_an_unknown_path_and_an_unknown_method_are_problems_too(client: httpx.AsyncClient) -> None:
    for path in ("/v1", f"{URL}/", "/v1/namespaces/payments/entries/a/b"):
        check_problem(await client.get(path), 404, "^the API has no such path$")
    response = await client.post(URL)
    check_problem(response, 405, "DELETE, GET, HEAD, PUT")
    assert response.headers["allow"] == "DELETE, GET, HEAD, PUT"


async def test_a_failure_that_changed_nothing_is_tried_again(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    entries.failures = [TransientError("the database cannot be reached")] * 2
    assert (await put(client, 1)).status_code == 201
    entries.failures = [TransientError("the database cannot be reached")] * 3
    response = await client.get(URL)
    check_problem(response, 503, "^the database cannot be reached: try again later$")
    assert response.headers["retry-after"] == "1"


async def test_a_change_whose_outcome_is_unknown_is_sent_again_and_answered_truly(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    await asyncio.sleep(0.02)  # the feed has told
    await client.delete(URL)  # the worker knows that the namespace has no definition
    entries.failures = [OutcomeUnknownError("the connection broke")]
    assert (await put(client, 1)).status_code == 201
    entries.failures = [OutcomeUnknownError("the connection broke"), UnavailableError("the database is busy")]
    assert (await put(client, 2, if_match=tag(1))).status_code == 200


async def test_a_change_that_the_store_refused_to_take_is_not_sent_again(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    entries.failures = [UnavailableError("the database is busy")]
    response = await put(client, 1)
    check_problem(response, 503, "^the database is busy: try again later$")
    assert response.headers["retry-after"] == "1"
    assert entries.entries == {}


async def test_a_defect_is_a_500_that_shows_nothing_and_the_service_goes_on(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    entries.failures = [ZeroDivisionError("internal detail")]
    response = await put(client, 1)
    check_problem(response, 500, "^the request met a defect")
    assert "internal detail" not in response.text
    assert (await put(client, 1)).status_code == 201


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
async def test_a_weak_tag_in_if_match_is_412_and_explained(client: httpx.AsyncClient, method: str) -> None:
    await put(client, 1)
    weak = {"if-match": 'W/"1"'}
    problem = check_problem(
        await client.request(method, URL, json={"value": 2}, headers=weak), 412, "^If-Match does not"
    )
    assert "A weak entity tag (W/) never satisfies If-Match" in problem["detail"]
    failed = await client.request(method, URL, json={"value": 2}, headers={"if-match": '"9"'})
    assert "weak" not in check_problem(failed, 412, "^If-Match does not")["detail"]


async def test_empty_elements_of_a_list_of_tags_are_ignored(client: httpx.AsyncClient) -> None:
    tag = (await put(client, 1)).headers["etag"]
    assert (await client.get(URL, headers={"if-none-match": f', "0",, {tag},'})).status_code == 304
    assert (await client.get(URL, headers={"if-none-match": " ,"})).status_code == 200
    check_problem(await put(client, 2, if_match=","), 412, "^If-Match does not hold")


async def test_a_cache_may_keep_entries_and_has_to_ask_before_each_use(client: httpx.AsyncClient) -> None:
    created = await put(client, 1)
    answers = [
        created,
        await client.get(URL),
        await client.get(URL, headers={"if-none-match": created.headers["etag"]}),
        await client.get(LIST),
        await client.get("/v1/settings"),
        await client.delete(URL, headers={"if-match": "*"}),
    ]
    assert [answer.status_code for answer in answers] == [201, 200, 304, 200, 200, 204]
    assert {answer.headers["cache-control"] for answer in answers} == {"private, no-cache"}


@pytest.mark.parametrize("path", [URL, "/nowhere", "/health", "/health/ready", "/v1/namespaces/N/entries"])
async def test_no_cache_keeps_a_problem_or_a_state(client: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert (await client.request(method, path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/namespaces/payments/entries%2Flimits.daily",
        "/v1/namespaces/payments/entries/limits%2fdaily",
        "/v1/namespaces/payments/entries/limits%5Cdaily",
        "/v1/namespaces/payments%5centries/limits.daily",
        "/%2Fhealth",
    ],
)
async def test_an_encoded_slash_is_refused_and_never_taken_for_a_separator(
    client: httpx.AsyncClient, path: str
) -> None:
    await put(client, 1)
    check_problem(await client.get(path), 400, "^the path holds an encoded slash or backslash")


async def test_lists_and_queries_that_cost_more_than_they_ask_for_are_refused(client: httpx.AsyncClient) -> None:
    tags = {"if-none-match": '"a",' * (LONGEST_LIST // 4)}
    assert (await client.get(URL, headers=tags)).status_code == 404
    tags["if-none-match"] += '"a"'
    check_problem(await client.get(URL, headers=tags), 400, "^a list of entity tags has at most 8192 characters$")
    query = "a=1&" * (LONGEST_QUERY_BYTES // 4)
    check_problem(await client.get(f"{LIST}?{query}"), 400, "^the parameters are ")
    check_problem(await client.get(f"{LIST}?{query}&"), 400, "^the query is longer than 4096 bytes")


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [
        ("1.1", ["api.example:8080"], 404),
        ("1.1", ["[2001:db8::1]:80"], 404),
        ("1.1", [""], 404),
        ("1.0", [], 404),
        ("1.1", [], 400),
        ("1.1", ["a.example", "a.example"], 400),
        ("1.0", ["a.example", "b.example"], 400),
        ("1.1", ["a.example, b.example"], 400),
        ("1.1", ["user@a.example"], 400),
        ("1.1", ["a.example/path"], 400),
        ("1.1", ["a.example:port"], 400),
    ],
)
async def test_a_request_has_exactly_one_host(app: ASGIApp, version: str, hosts: list[str], status: int) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {"type": "http", "http_version": version, "method": "GET", "path": URL, "raw_path": URL.encode()}
    headers = [(b"host", host.encode()) for host in hosts]
    headers.append((b"authorization", signed_in()["authorization"].encode()))
    async with running(app):
        await app({**scope, "query_string": b"", "client": ("127.0.0.1", 1), "headers": headers}, receive, send)
    assert sent[0]["status"] == status
