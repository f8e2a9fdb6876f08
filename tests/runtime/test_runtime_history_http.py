"""The history of entries over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from runtime import routes
from runtime.domain.entries import Version
from runtime.http.queries import LARGEST_PAST_LIMIT
from runtime.ports.availability import UnavailableError
from runtime.services.history import LARGEST_ROLLBACK
from tests.runtime.changing import ANYTHING, change, edit, put
from tests.runtime.fakes import EPOCH
from tests.runtime.test_runtime_entries_http import check_problem, left, tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from runtime.domain.entries import Change
    from runtime.ports.entries import Result
    from tests.runtime.fakes import MemoryEntries

pytestmark = pytest.mark.anyio
SPACE = "/v1/namespaces/n"
LIST = f"{SPACE}/entries"
URL = f"{LIST}/k"


def version(revision: int, epoch: str = EPOCH) -> str:
    return f"{epoch}-{revision}"


@pytest.fixture
async def entries(entries: MemoryEntries) -> MemoryEntries:
    """A store whose key k was made at revision 1, changed at 2, removed at 4, and made again at 5."""
    entries.history.settled_seconds = 0
    await put(entries, "n", "k", '{"a":1}')
    await put(entries, "n", "k", '{"a":1.0,"b":[]}', ANYTHING)
    await put(entries, "n", "j")
    await put(entries, "n", "k", None, ANYTHING)
    await put(entries, "n", "k", "5")
    return entries


async def post(client: httpx.AsyncClient, url: str, to: str, query: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.post(f"{url}/rollback{query}", json={"to": to}, headers=named)


async def test_an_entry_of_the_past_is_what_was_answered_then(client: httpx.AsyncClient) -> None:
    read = await client.get(URL)
    listed = await client.get(LIST)
    await client.put(URL, json={"value": 6}, headers={"if-match": "*"})
    for url, then in ((URL, read), (LIST, listed)):
        past = await client.get(url, params={"as-of": version(5)})
        assert (past.status_code, past.content) == (200, then.content)
        assert past.headers["etag"] == then.headers["etag"] == tag(5)
        assert past.headers["cache-control"] == "private, no-cache"
        again = await client.get(url, params={"as-of": version(5)}, headers={"if-none-match": tag(5)})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag(5))


async def test_what_was_read_of_the_past_is_never_answered_as_the_present(client: httpx.AsyncClient) -> None:
    for revision, value in ((1, b'{"a":1}'), (2, b'{"a":1.0,"b":[]}'), (3, b'{"a":1.0,"b":[]}')):
        assert value in (await client.get(URL, params={"as-of": version(revision)})).content
        assert (await client.get(URL)).json()["value"] == 5


async def test_an_entry_that_was_not_there_then_is_404(client: httpx.AsyncClient) -> None:
    for revision in (0, 4):
        response = await client.get(URL, params={"as-of": version(revision)})
        check_problem(response, 404, f"^at revision {revision} the namespace had no entry with this key$")


async def test_a_past_list_is_read_page_by_page(client: httpx.AsyncClient) -> None:
    first = (await client.get(LIST, params={"as-of": version(3), "limit": 1})).json()
    assert ([entry["key"] for entry in first["entries"]], first["next"], first["revision"]) == (["j"], "j", 3)
    second = (await client.get(LIST, params={"as-of": version(3), "after": "j"})).json()
    assert ([entry["revision"] for entry in second["entries"]], second["next"]) == ([2], None)


async def test_a_time_is_a_moment_in_any_offset(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    at = datetime.now(UTC)
    await asyncio.sleep(0.001)
    await put(entries, "n", "k", "6", ANYTHING)
    for zone in ("Z", "z", "+00:00", "-00:00"):
        text = at.replace(tzinfo=None).isoformat() + zone
        assert (await client.get(URL, params={"as-of": text})).json()["value"] == 5
    before = await client.get(URL, params={"as-of": "2000-01-01T00:00:00+23:59"})
    check_problem(before, 404, "^at revision 0 ")


async def test_a_time_to_come_is_refused(client: httpx.AsyncClient) -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    for url in (URL, LIST):
        check_problem(await client.get(url, params={"as-of": later}), 400, "^the time is still to come")


@pytest.mark.parametrize(
    "moment",
    [
        "",
        "2",
        '"0a1b2c3d-1"',
        "2026-11-28",
        "2026-11-28T09:30:00",
        "2026-11-28T09:30:00 01:00",
        "2026-02-30T00:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "2026-11-28T09:30:61Z",
    ],
)
async def test_a_moment_is_a_version_or_a_time(client: httpx.AsyncClient, moment: str) -> None:
    check_problem(await client.get(URL, params={"as-of": moment}), 400, "^as-of is a version, which is the text")
    check_problem(await client.get(f"{URL}/diff", params={"from": moment}), 400, "^from is a version")
    check_problem(await post(client, URL, moment, if_match="*"), 400, "^to is a version")


@pytest.mark.parametrize("query", ["as-of=0a1b2c3d-1&at_least=0a1b2c3d-1", "as-of=0a1b2c3d-1&as-of=0a1b2c3d-1"])
async def test_the_past_has_no_other_parameter(client: httpx.AsyncClient, query: str) -> None:
    check_problem(await client.get(f"{URL}?{query}"), 400, "^the parameters are as-of, each at most once$")


async def test_a_version_of_another_history_is_refused_everywhere(client: httpx.AsyncClient) -> None:
    for other in (version(1, "ffffffff"), version(6)):
        answers = [
            await client.get(URL, params={"as-of": other}),
            await client.get(LIST, params={"as-of": other}),
            await client.get(f"{URL}/versions", params={"before": other}),
            await client.get(f"{URL}/versions/{other}"),
            await client.get(f"{URL}/diff", params={"from": other}),
            await client.get(f"{SPACE}/versions", params={"before": other}),
            await client.get(f"{SPACE}/diff", params={"from": other}),
            await post(client, URL, other, if_match="*"),
            await post(client, SPACE, other, if_match="*"),
            await post(client, SPACE, other, if_match=tag(5)),
        ]
        for answer in answers:
            check_problem(answer, 412, "^the request names a revision that is not part of the present history")


async def test_what_is_no_longer_kept_is_410_with_the_oldest_version(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    entries.history.forget(4)
    for answer in (
        await client.get(URL, params={"as-of": version(1)}),
        await client.get(LIST, params={"as-of": version(1)}),
        await client.get(f"{URL}/versions/{version(1)}"),
        await client.get(f"{SPACE}/diff", params={"from": version(1)}),
        await post(client, URL, version(1), if_match="*"),
        await post(client, SPACE, version(1), if_match="*"),
        await client.get(LIST, params={"as-of": (datetime.now(UTC) - timedelta(days=1)).isoformat()}),
    ):
        problem = check_problem(answer, 410, "^the history that is kept does not reach back so far")
        assert problem["oldest"] == version(4)
    assert (await client.get(LIST, params={"as-of": version(4)})).json()["entries"][0]["key"] == "j"


async def test_a_namespace_is_looked_back_at_for_as_many_days_as_its_definition_says(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    entries.history.age(3, timedelta(days=3))
    entries.history.age(4, timedelta(days=2))
    other = await put(entries, "other", "k")
    past = {"as-of": version(3)}
    assert (await client.get(LIST, params=past)).status_code == 200
    headers = {"if-none-match": "*"}
    definition = {"owner": "team", "retention_days": 1}
    assert (await client.put(f"{SPACE}/definition", json=definition, headers=headers)).status_code == 201
    for answer in (
        await client.get(LIST, params=past),
        await client.get(URL, params=past),
        await client.get(f"{URL}/versions/{version(2)}"),
        await client.get(f"{SPACE}/diff", params={"from": version(3)}),
        await post(client, URL, version(2), if_match="*"),
        await post(client, SPACE, version(3), if_match="*"),
    ):
        problem = check_problem(answer, 410, "^the history that is kept does not reach back so far")
        assert problem["oldest"] == version(4)
    for url, member, revisions in ((URL, "versions", [5]), (SPACE, "changes", [7, 5]), (f"{LIST}/j", "versions", [3])):
        page = (await client.get(f"{url}/versions")).json()
        assert ([each["revision"] for each in page[member]], page["next"]) == (revisions, None)
        assert page["oldest"] == version(4)
    # It has not changed until the oldest version, and other namespaces are looked back at as before.
    assert (await client.get(f"{LIST}/j", params=past)).json()["revision"] == 3
    page = (await client.get("/v1/namespaces/other/entries/k/versions")).json()
    assert ([each["version"] for each in page["versions"]], page["oldest"]) == ([str(other.version)], version(0))


async def test_versions_tell_who_changed_a_key_when_and_why(client: httpx.AsyncClient) -> None:
    headers = {"if-match": "*", "change-reason": "a new limit", "x-request-id": "order-7"}
    await client.put(URL, json={"value": 6}, headers=headers)
    page = (await client.get(f"{URL}/versions", params={"limit": 3})).json()
    assert {name: page[name] for name in ("namespace", "key", "next", "oldest")} == {
        "namespace": "n",
        "key": "k",
        "next": version(4),
        "oldest": version(0),
    }
    newest = page["versions"][0]
    assert newest.pop("at").endswith("Z")
    assert newest == {
        "version": version(6),
        "revision": 6,
        "ordinal": 0,
        "action": "replace",
        "actor": "local:tester",
        "reason": "a new limit",
        "request_id": "order-7",
        "traceparent": None,
        "removed": False,
        "size": 1,
        "sha256": "e7f6c011776e8db7cd330b54174fd76f7d0216b612387a5ffcfb81e6f0919683",
    }
    removed = page["versions"][2]
    assert (removed["action"], removed["removed"], removed["size"]) == ("delete", True, None)
    further = (await client.get(f"{URL}/versions", params={"before": page["next"]})).json()
    assert ([each["revision"] for each in further["versions"]], further["next"]) == ([2, 1], None)


async def test_one_version_has_the_value_as_it_was_written(client: httpx.AsyncClient) -> None:
    read = await client.get(f"{URL}/versions/{version(2)}")
    assert (read.status_code, read.headers["etag"]) == (200, tag(2))
    assert b'"value":{"a":1.0,"b":[]}' in read.content
    assert (await client.get(f"{URL}/versions/{version(4)}")).json()["value"] is None
    check_problem(await client.get(f"{URL}/versions/{version(3)}"), 404, "^no change of this revision made a version")
    check_problem(await client.get(f"{URL}/versions/3"), 400, "^the version in the path is the text of an entity tag")


async def test_a_page_of_versions_is_unmodified_while_nothing_changed(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    for url in (f"{URL}/versions", f"{SPACE}/versions"):
        read = await client.get(url)
        held = {"if-none-match": read.headers["etag"]}
        assert (await client.get(url, headers=held)).status_code == 304
        entries.history.forget(1 if url == f"{URL}/versions" else 2)
        assert (await client.get(url, headers=held)).status_code == 200
        await put(entries, "n", "j", "2", ANYTHING)
        assert (await client.get(url, headers=held)).status_code == 200


async def test_a_difference_of_a_key_is_a_json_patch(client: httpx.AsyncClient) -> None:
    found = await client.get(f"{URL}/diff", params={"from": version(1), "to": version(3)})
    assert found.json() == {
        "namespace": "n",
        "key": "k",
        "from": version(1),
        "to": version(3),
        "kind": "changed",
        "before": version(1),
        "after": version(2),
        "patch": [{"op": "replace", "path": "/a", "value": 1.0}, {"op": "add", "path": "/b", "value": []}],
    }
    assert b'"path":"/a","value":1.0}' in found.content
    kinds: list[tuple[Any, ...]] = []
    for start, end in ((1, 4), (4, None), (0, 4), (2, 3), (5, 1)):
        asked = {"from": version(start)} | ({} if end is None else {"to": version(end)})
        answer = (await client.get(f"{URL}/diff", params=asked)).json()
        kinds.append((answer["kind"], answer["before"], answer["after"], answer["patch"]))
    assert kinds == [
        ("removed", version(1), None, None),
        ("added", None, version(5), None),
        (None, None, None, None),
        (None, version(2), version(2), []),
        ("changed", version(5), version(1), [{"op": "replace", "path": "", "value": {"a": 1}}]),
    ]


async def test_a_difference_of_a_namespace_names_its_keys(client: httpx.AsyncClient) -> None:
    found = (await client.get(f"{SPACE}/diff", params={"from": version(2)})).json()
    assert found == {
        "namespace": "n",
        "from": version(2),
        "to": version(5),
        "differences": [
            {
                "key": "k",
                "kind": "changed",
                "before": {"version": version(2), "size": 16},
                "after": {"version": version(5), "size": 1},
            },
            {"key": "j", "kind": "added", "before": None, "after": {"version": version(3), "size": 1}},
        ],
        "next": None,
    }
    first = (await client.get(f"{SPACE}/diff", params={"from": version(2), "limit": 1})).json()
    asked = {"from": version(2), "to": first["to"], "before": first["next"]}
    second = (await client.get(f"{SPACE}/diff", params=asked)).json()
    assert ([each["key"] for each in second["differences"]], second["next"]) == (["j"], None)


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        (f"{URL}/versions?limit={LARGEST_PAST_LIMIT + 1}", f"^limit is a whole number from 1 to {LARGEST_PAST_LIMIT}$"),
        (f"{URL}/versions?before=3", "^before is the text of an entity tag"),
        (f"{URL}/versions?page=3", "^the parameters are before and limit"),
        (f"{SPACE}/versions?after=k", "^the parameters are before and limit"),
        (f"{URL}/diff", "^from is missing"),
        (f"{URL}/diff?from=0a1b2c3d-1&limit=1", "^the parameters are from and to"),
        (f"{SPACE}/diff?from=0a1b2c3d-1&before=0a1b2c3d-1", "^a further page needs the to of the first answer"),
        ("/v1/namespaces/N/diff?from=0a1b2c3d-1", "^a namespace holds"),
    ],
)
async def test_a_question_that_is_not_understood_is_400(client: httpx.AsyncClient, url: str, detail: str) -> None:
    check_problem(await client.get(url), 400, detail)


async def test_a_rollback_is_a_new_version_that_says_what_it_goes_back_to(client: httpx.AsyncClient) -> None:
    rolled = await post(client, URL, version(3), if_match=tag(5), change_reason="it was wrong")
    assert (rolled.status_code, rolled.headers["etag"]) == (200, tag(6))
    assert b'"value":{"a":1.0,"b":[]}' in rolled.content
    assert (await client.get(URL)).content == rolled.content
    newest = (await client.get(f"{URL}/versions")).json()["versions"][0]
    assert (newest["revision"], newest["reason"]) == (6, f"rollback to {version(3)}: it was wrong")


async def test_a_rollback_to_a_time_records_the_version_then(client: httpx.AsyncClient) -> None:
    rolled = await post(client, URL, datetime.now(UTC).isoformat(), if_match=tag(5))
    assert rolled.status_code == 200
    newest = (await client.get(f"{URL}/versions")).json()["versions"][0]
    assert newest["reason"] == f"rollback to {version(5)}"


async def test_a_rollback_needs_the_version_that_it_replaces(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    check_problem(await post(client, URL, version(2)), 428, "send If-Match with the entity tag")
    check_problem(await post(client, URL, version(2), if_match=tag(2)), 412, "the entry is at revision 5")
    assert entries.version == Version(EPOCH, 5)


async def test_a_rollback_removes_what_was_not_there_and_brings_back_what_is_gone(client: httpx.AsyncClient) -> None:
    removed = await post(client, URL, version(4), if_match=tag(5))
    assert (removed.status_code, removed.content) == (204, b"")
    check_problem(await client.get(URL), 404, "no entry with this key")
    check_problem(await post(client, URL, version(4)), 404, "no entry with this key")
    back = await post(client, URL, version(1))
    assert (back.status_code, back.json()["value"]) == (201, {"a": 1})


async def test_a_rollback_that_is_sent_again_is_made_once(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    headers = {"if_match": tag(5), "idempotency_key": "undo-7"}
    first, again = [await post(client, URL, version(2), **headers) for _ in range(2)]
    assert (first.content, entries.version.revision) == (again.content, 6)
    check_problem(await post(client, URL, version(1), **headers), 422, "^Idempotency-Key was used for another change")


@pytest.mark.parametrize("body", [b"", b"1", b'{"to":5}', b'{"to":"0a1b2c3d-1","value":1}', b'{"value":1}'])
async def test_the_body_of_a_rollback_is_one_version(
    client: httpx.AsyncClient, entries: MemoryEntries, body: bytes
) -> None:
    headers = {"content-type": "application/json", "if-match": "*"}
    for url in (URL, SPACE):
        check_problem(await client.post(f"{url}/rollback", content=body, headers=headers), 400, "^the body ")
        check_problem(await client.post(f"{url}/rollback", content=body, headers={"if-match": "*"}), 415, "JSON|json")
    assert entries.version.revision == 5


async def test_a_namespace_is_rolled_back_by_one_change(client: httpx.AsyncClient) -> None:
    listed = await client.get(LIST)
    rolled = await post(client, SPACE, version(2), if_match=listed.headers["etag"], change_reason="a bad day")
    assert (rolled.status_code, rolled.headers["etag"]) == (200, tag(6))
    assert rolled.json() == {
        "namespace": "n",
        "to": version(2),
        "version": version(6),
        "revision": 6,
        "keys": [{"key": "j", "action": "delete"}, {"key": "k", "action": "replace"}],
    }
    (newest, *_) = (await client.get(f"{SPACE}/versions")).json()["changes"]
    assert (newest["keys"], newest["reason"]) == (rolled.json()["keys"], f"rollback to {version(2)}: a bad day")
    assert [entry["key"] for entry in (await client.get(LIST)).json()["entries"]] == ["k"]


async def test_a_namespace_that_is_as_it_was_is_not_changed(client: httpx.AsyncClient, entries: MemoryEntries) -> None:
    rolled = await post(client, SPACE, version(5), if_match="*")
    assert (rolled.status_code, rolled.json()["keys"], entries.version.revision) == (200, [], 5)
    check_problem(await post(client, SPACE, version(5), if_match=tag(4)), 412, "^If-Match does not hold: the namespace")


async def test_a_dry_run_of_a_rollback_judges_it_and_makes_nothing(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    for url, key in ((SPACE, "k"), (URL, "k")):
        judged = await post(client, url, version(2), "?dry-run=true", if_match="*")
        assert judged.json()["edits"][-1] == {"key": key, "outcome": "replace"}
        assert (judged.json()["judged_at"], entries.version.revision) == (version(5), 5)
    check_problem(await post(client, SPACE, version(2), "?dryrun=true", if_match="*"), 400, "^the parameters")
    check_problem(await post(client, URL, version(2), "?x=1", if_match="*"), 400, "^the parameters")
    check_problem(await post(client, SPACE, version(2), "?dry-run=true", if_match=tag(4)), 412, "^If-Match")


@pytest.mark.usefixtures("still_buckets")
async def test_a_rollback_of_a_namespace_costs_a_token_for_each_edit(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    before = entries.version
    for number in range(9):
        await put(entries, "n", f"new{number}")
    first = left(await post(client, SPACE, str(entries.version), if_match="*"))
    assert first - left(await post(client, SPACE, str(before), if_match="*")) == 9


async def test_the_definition_of_a_namespace_has_the_empty_key_in_its_history(client: httpx.AsyncClient) -> None:
    await client.put(f"{SPACE}/definition", json={"owner": "me"})
    (newest, *_) = (await client.get(f"{SPACE}/versions")).json()["changes"]
    assert newest["keys"] == [{"key": "", "action": "create"}]
    (found,) = (await client.get(f"{SPACE}/diff", params={"from": version(5)})).json()["differences"]
    assert (found["key"], found["kind"], found["before"]) == ("", "added", None)
    rolled = await post(client, SPACE, version(5), if_match="*")
    assert (rolled.status_code, rolled.json()["keys"]) == (200, [])


async def test_a_namespace_that_has_changed_since_it_was_read_is_not_rolled_back(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    check_problem(await post(client, SPACE, version(2)), 428, "^send If-Match with the entity tag of the namespace's")
    await put(entries, "elsewhere", "k")
    await put(entries, "n", "new")
    refused = await post(client, SPACE, version(2), if_match=tag(5))
    check_problem(refused, 412, "^If-Match does not hold: the namespace has changed at revision 7$")
    assert refused.headers["etag"] == tag(7)
    check_problem(await post(client, SPACE, version(2), if_match=tag(5, "ffffffff")), 412, "it is of another history")
    check_problem(await post(client, SPACE, version(2), if_match='"a", "b"'), 400, "^If-Match is here the one")
    assert entries.version.revision == 7
    assert (await post(client, SPACE, version(2), if_match=refused.headers["etag"])).status_code == 200


async def test_a_key_that_is_made_between_comparing_and_changing_is_not_missed(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = entries.change

    async def late(changes: Sequence[Change]) -> Sequence[Result]:
        monkeypatch.undo()
        await put(entries, "n", "new")
        return await made(changes)

    monkeypatch.setattr(entries, "change", late)
    refused = await post(client, SPACE, version(2), if_match="*")
    check_problem(refused, 412, "^If-Match does not hold: the namespace has changed at revision 6$")
    assert (await post(client, SPACE, version(2), if_match="*")).status_code == 200
    assert [entry["key"] for entry in (await client.get(LIST)).json()["entries"]] == ["k"]


async def test_a_rollback_of_a_namespace_that_is_sent_again_is_made_once(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    headers = {"if_match": tag(5), "idempotency_key": "undo-7"}
    first, again = [await post(client, SPACE, version(2), **headers) for _ in range(2)]
    assert (first.status_code, first.content, entries.version.revision) == (200, again.content, 6)
    check_problem(await post(client, SPACE, version(1), **headers), 422, "^Idempotency-Key was used for another change")


async def test_a_rollback_of_more_than_one_transaction_holds_is_refused(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    (made,) = await entries.change([change(*(edit("n", f"many-{n}") for n in range(LARGEST_ROLLBACK)))])
    assert isinstance(made, tuple)
    refused = await post(client, SPACE, version(2), if_match="*")
    check_problem(refused, 422, "^the rollback would change more than one transaction may, 64 keys")
    rolled = await post(client, SPACE, version(5), if_match="*")
    assert len(rolled.json()["keys"]) == LARGEST_ROLLBACK


async def test_every_route_of_the_history_is_throttled_by_its_own_bucket(client: httpx.AsyncClient) -> None:
    scopes = {
        "GET " + routes.ENTRY_VERSIONS: await client.get(f"{URL}/versions"),
        "GET " + routes.ENTRY_VERSION: await client.get(f"{URL}/versions/{version(1)}"),
        "GET " + routes.ENTRY_DIFFERENCE: await client.get(f"{URL}/diff", params={"from": version(1)}),
        "GET " + routes.NAMESPACE_VERSIONS: await client.get(f"{SPACE}/versions"),
        "GET " + routes.NAMESPACE_DIFFERENCE: await client.get(f"{SPACE}/diff", params={"from": version(1)}),
        "POST " + routes.ENTRY_ROLLBACK: await post(client, URL, version(1), if_match="*"),
        "POST " + routes.NAMESPACE_ROLLBACK: await post(client, SPACE, version(1), if_match="*"),
    }
    assert {answer.status_code for answer in scopes.values()} == {200}
    assert scopes.keys() <= routes.THROTTLED
    keys = {answer.headers["ratelimit"].rpartition("pk=")[2] for answer in scopes.values()}
    assert len(keys) == len(scopes)


async def test_a_history_that_is_away_is_503_and_the_present_is_read_on(
    client: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    entries.failures = [UnavailableError("the database is busy")] * 2
    for _ in range(3):
        check_problem(await client.get(f"{URL}/versions"), 503, "^the database is (busy|away): try again later$")
    assert (await client.get(URL)).status_code == 200
