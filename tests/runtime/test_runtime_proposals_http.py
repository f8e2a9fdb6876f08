"""Proposals over HTTP: what needs approval, who gives it, and what becomes of the change."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from runtime.domain.audit import PROPOSAL
from runtime.domain.namespaces import MOST_EDITS
from runtime.domain.proposals import MOST_OPEN
from runtime.ports.availability import OutcomeUnknownError, TransientError
from tests.identity import signed_in
from tests.runtime.changing import ANYTHING
from tests.runtime.changing import put as store_put
from tests.runtime.fakes import EPOCH
from tests.runtime.memory_proposals import MemoryProposals
from tests.runtime.test_runtime_entries_http import LIST, check_problem, put, tag

if TYPE_CHECKING:
    import httpx

    from runtime.app import Adapters
    from tests.runtime.fakes import MemoryAudit, MemoryEntries

pytestmark = pytest.mark.anyio
WHOLE = "/v1/namespaces/payments"
DEFINITION = f"{WHOLE}/definition"
PROPOSALS = f"{WHOLE}/proposals"
SCHEMA = {"type": "number"}


def ada() -> dict[str, str]:
    """Who proposes."""
    return signed_in("writer@payments", subject="ada")


def bob() -> dict[str, str]:
    return signed_in("approver@payments", subject="bob")


def cid() -> dict[str, str]:
    return signed_in("approver@payments", subject="cid")


@pytest.fixture
def proposals(adapters: Adapters) -> MemoryProposals:
    assert isinstance(adapters.proposals, MemoryProposals)
    return adapters.proposals


@pytest.fixture
async def guarded(client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client, where the namespace has an entry and a change of it needs two approvals."""
    assert (await put(client, 1, f"{LIST}/a")).status_code == 201
    assert (await define(client, approvals=2)).status_code == 201
    return client


async def define(client: httpx.AsyncClient, **members: Any) -> httpx.Response:
    headers = {"if-match": members.pop("if_match")} if "if_match" in members else {}
    return await client.put(DEFINITION, json={"owner": "team-payments"} | members, headers=headers)


async def propose(client: httpx.AsyncClient, *edits: Any, query: str = "", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"edits": edits or [{"key": "a", "value": 2, "if_match": tag(1)}]}
    return await client.post(PROPOSALS + query, json=body, headers=ada() | named)


async def step(
    client: httpx.AsyncClient, proposal: httpx.Response, name: str, by: dict[str, str], reason: str | None = None
) -> httpx.Response:
    headers = by if reason is None else {**by, "change-reason": reason}
    return await client.post(f"{PROPOSALS}/{proposal.json()['id']}/{name}", headers=headers)


async def test_a_change_is_made_when_as_many_people_have_approved_it_as_the_definition_asks_for(
    guarded: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    proposed = await propose(guarded, change_reason="PAY-1: more")
    assert proposed.status_code == 201
    body = proposed.json()
    assert proposed.headers["location"] == f"{PROPOSALS}/{body['id']}"
    assert (body["state"], body["proposer"], body["reason"], body["needed"]) == ("open", "local:ada", "PAY-1: more", 2)
    assert body["change"] == {"edits": [{"key": "a", "value": 2, "if_match": tag(1), "if_none_match": None}]}
    once = (await step(guarded, proposed, "approve", bob(), "looks right")).json()
    approval = once["approvals"][0]
    assert (approval["approver"], approval["reason"], approval["counts"]) == ("local:bob", "looks right", True)
    assert (once["state"], (await guarded.get(f"{LIST}/a")).json()["value"]) == ("open", 1)
    twice = (await step(guarded, proposed, "approve", cid())).json()
    assert (twice["state"], twice["version"], twice["decision"]["by"]) == ("made", f"{EPOCH}-3", "local:cid")
    assert (await guarded.get(f"{LIST}/a")).json()["value"] == 2
    (change, *_) = (await guarded.get(f"{WHOLE}/versions")).json()["changes"]
    assert (change["actor"], change["reason"], change["version"]) == ("local:ada", "PAY-1: more", f"{EPOCH}-3")
    assert entries.version.revision == 3
    check_problem(await step(guarded, proposed, "approve", signed_in(subject="dan")), 409, "^the proposal is made$")


async def test_a_namespace_that_needs_approvals_takes_no_direct_change(guarded: httpx.AsyncClient) -> None:
    """An administrator may not either: whatever changes entries or the definition is refused with where to propose."""
    anything = {"if-match": "*"}
    for response in (
        await put(guarded, 2, f"{LIST}/a", if_match="*"),
        await guarded.delete(f"{LIST}/a", headers=anything),
        await guarded.post(f"{WHOLE}/transactions", json={"edits": [{"key": "b", "value": 1}]}),
        await guarded.put(WHOLE, json={"entries": {}}, headers=anything),
        await guarded.delete(WHOLE, params={"confirm": "payments"}),
        await guarded.post(f"{LIST}/a/rollback", json={"to": f"{EPOCH}-0"}, headers=anything),
        await guarded.post(f"{WHOLE}/rollback", json={"to": f"{EPOCH}-0"}, headers=anything),
        await define(guarded, if_match="*"),
        await define(guarded, if_match="*", approvals=2, description="another"),
        await guarded.put(f"{DEFINITION}?dry-run=true", json={"owner": "me"}, headers=anything),
    ):
        problem = check_problem(response, 403, "^a change of this namespace needs approval by 2: a direct one has none")
        assert problem["proposals"] == PROPOSALS
    assert (await guarded.get(f"{LIST}/a")).json()["value"] == 1


async def test_a_definition_is_not_written_under_another_one_than_its_author_was_judged_by(
    client: httpx.AsyncClient, entries: MemoryEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rule that comes into force while a definition is written holds for that one already."""
    await define(client)
    change = entries.change

    async def overtaken(changes: Any) -> Any:
        monkeypatch.setattr(entries, "change", change)
        await store_put(entries, "payments", "", '{"owner":"me","approvals":1}', ANYTHING)
        return await change(changes)

    monkeypatch.setattr(entries, "change", overtaken)
    check_problem(await define(client, if_match="*"), 403, "^a change of this namespace needs approval by 1")


async def test_lowering_the_number_of_approvals_needs_as_many_as_it_was(guarded: httpx.AsyncClient) -> None:
    body = {"definition": {"owner": "team-payments"}, "if_match": tag(2)}
    check_problem(await guarded.post(PROPOSALS, json=body, headers=ada()), 403, "^the role administrator in the")
    proposed = await guarded.post(PROPOSALS, json=body)
    assert proposed.json()["change"] == {**body, "allow_invalid": False}
    assert (await step(guarded, proposed, "approve", bob())).json()["state"] == "open"
    assert (await step(guarded, proposed, "approve", cid())).json()["state"] == "made"
    assert (await guarded.get(DEFINITION)).json()["definition"] == {"owner": "team-payments"}
    assert (await put(guarded, 2, f"{LIST}/a", if_match=tag(1))).status_code == 200


async def test_a_proposed_definition_is_judged_as_a_written_one(guarded: httpx.AsyncClient) -> None:
    async def proposed(definition: Any, **members: Any) -> httpx.Response:
        body = {"definition": {"owner": "me", **definition}, "if_match": tag(2), **members}
        return await guarded.post(PROPOSALS, json=body)

    strings = {"schema": {"type": "string"}, "approvals": 2}
    check_problem(await proposed(strings), 409, "^stored entries violate the new schema")
    check_problem(await proposed({"retention_days": 91}), 422, "retention_days: the history of changes is kept for 90")
    check_problem(await proposed({"parent": "none"}), 409, "^the parent is a namespace without a definition")
    check_problem(await proposed({}, if_match=tag(1)), 412, "^no edit was made")
    check_problem(await proposed({}, if_match=None), 412, "^no edit was made")
    allowed = await proposed(strings, allow_invalid=True)
    assert allowed.json()["change"]["allow_invalid"] is True
    await step(guarded, allowed, "approve", bob())
    assert (await step(guarded, allowed, "approve", cid())).json()["state"] == "made"
    alone = signed_in("administrator@payments", subject="ann")
    body = {"definition": {"owner": "me", "parent": "base"}, "if_match": tag(3)}
    check_problem(
        await guarded.post(PROPOSALS, json=body, headers=alone), 403, "^the role reader in the namespace base"
    )


async def test_a_proposal_is_judged_when_it_is_proposed(guarded: httpx.AsyncClient) -> None:
    refused = check_problem(
        await propose(guarded, {"key": "a", "value": 2}, {"key": "b", "remove": True}), 412, "^no e"
    )
    assert [(each["key"], each["status"]) for each in refused["refusals"]] == [("a", 428), ("b", 404)]
    check_problem(await propose(guarded, {"key": "a", "value": 2, "if_match": tag(7)}), 412, "^no edit was made")
    trial = await propose(guarded, query="?dry-run=true")
    assert (trial.status_code, trial.json()["edits"]) == (200, [{"key": "a", "outcome": "replace"}])
    assert (await guarded.get(PROPOSALS)).json()["proposals"] == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ([], '^the body must be an object with either the member "edits" or "definition"$'),
        ({"edits": [{"key": "a", "value": 1}], "definition": {}}, "either the member"),
        ({"edits": [{"key": "a", "value": 1, "if_match": "*"}]}, r"^edits\[0\]: a proposal names the one entity tag"),
        ({"edits": [{"key": "a", "value": 1, "if_match": 'W/"x"'}]}, "the one entity tag"),
        ({"edits": [{"key": "a", "value": 1, "if_match": '"x", "y"'}]}, "the one entity tag"),
        ({"edits": [{"key": "a", "value": 1, "if_none_match": '"x"'}]}, r"^edits\[0\]: if_none_match of a proposal is"),
        ({"edits": [{"key": "", "value": 1}]}, r"^edits\[0\]: a key holds"),
        ({"edits": [{"key": "a", "value": 1}], "why": 1}, '^the body must be an object with the one member "edits"'),
        ({"definition": 1}, '^"definition" is an object'),
        ({"definition": {}, "allow_invalid": 1}, '"allow_invalid" true or false$'),
        ({"definition": {}, "if_match": 1}, '^"if_match" is a string'),
        ({"definition": {}, "if_match": "x"}, "^if_match: expected"),
        ({"definition": {}, "if_match": "*"}, "^if_match: a proposal names the one entity tag"),
        ({"definition": {}, "reason": ""}, '^the members beside "definition" are'),
    ],
)
async def test_a_malformed_proposal_is_refused(client: httpx.AsyncClient, body: Any, detail: str) -> None:
    check_problem(await client.post(PROPOSALS, json=body), 400, detail)
    check_problem(await client.post(PROPOSALS, json=body, headers={"if-match": "*"}), 400, "^a proposal has no precond")


async def test_malformed_requests_about_a_proposal_are_refused(client: httpx.AsyncClient) -> None:
    unknown = f"{PROPOSALS}/6f1c2b1e-58d4-4f0c-9d3e-2f8a4c1b7e90"
    check_problem(await client.get(f"{PROPOSALS}/7"), 400, "^the id of a proposal is a UUID")
    check_problem(await client.get(unknown), 404, "^the namespace has no proposal with this id$")
    check_problem(await client.post(f"{unknown}/approve"), 404, "^the namespace has no proposal")
    check_problem(await client.post(f"{unknown}/approve?dry-run=true"), 400, "^the parameters are emergency")
    check_problem(await client.post(f"{unknown}/reject?dry-run=true"), 400, "^this resource has no parameters$")
    check_problem(await client.get(f"{PROPOSALS}?state=lost"), 400, "^state is one of open, made, refused")
    check_problem(await client.get(f"{PROPOSALS}?before=x"), 400, "^before is a whole number")


async def test_nobody_approves_their_own_proposal_and_machines_approve_none(guarded: httpx.AsyncClient) -> None:
    both = signed_in("approver@payments", subject="ada")
    proposed = await propose(guarded)
    check_problem(await step(guarded, proposed, "approve", ada()), 403, "^the role approver in the namespace payments")
    check_problem(await step(guarded, proposed, "approve", both), 403, "^nobody decides about a proposal of their own")
    check_problem(await step(guarded, proposed, "reject", both), 403, "^nobody decides about a proposal of their own")
    check_problem(await step(guarded, proposed, "withdraw", bob()), 403, "^the role|^a proposal is withdrawn by who")
    key = await machine(guarded, "approver")
    check_problem(await step(guarded, proposed, "approve", key), 403, "^people approve")
    assert (await step(guarded, proposed, "reject", key)).json()["state"] == "rejected"


async def machine(client: httpx.AsyncClient, role: str, **headers: str) -> dict[str, str]:
    """Make a key for a machine, and return its header."""
    ends = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    body = {"description": "pipeline", "role": role, "namespaces": "payments", "expires_at": ends}
    made = await client.post("/v1/keys", json=body, headers=headers)
    assert made.status_code == 201, made.text
    return {"authorization": f"Bearer {made.json()['token']}"}


async def test_the_maker_of_a_key_does_not_approve_what_it_proposes(guarded: httpx.AsyncClient) -> None:
    """A key is nobody else: who makes one could propose by it, and approve that alone."""
    key = await machine(guarded, "administrator")
    body = {"edits": [{"key": "b", "value": 1}]}
    proposed = await guarded.post(PROPOSALS, json=body, headers=key)
    assert proposed.json()["proposer"].startswith("key:")
    check_problem(await step(guarded, proposed, "approve", signed_in()), 403, "or of a key that they made")
    check_problem(await step(guarded, proposed, "reject", signed_in()), 403, "or of a key that they made")
    await step(guarded, proposed, "approve", bob())
    assert (await step(guarded, proposed, "approve", cid())).json()["state"] == "made"
    nested = await machine(guarded, "writer", **key)
    check_problem(
        await guarded.post(PROPOSALS, json=body, headers=nested), 403, "^a key proposes for the person who made it"
    )


async def test_a_change_that_is_stale_by_now_is_refused_with_412_and_made_by_nobody(
    guarded: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    proposed = await propose(guarded)
    await store_put(entries, "payments", "a", "9", ANYTHING)
    await step(guarded, proposed, "approve", bob())
    for by in (cid(), cid(), bob()):
        problem = check_problem(
            await step(guarded, proposed, "approve", by), 412, "^the change was approved, and cannot be made: [ab]: "
        )
        assert problem["refusals"] == [
            {"index": 0, "key": "a", "detail": "If-Match does not hold: the entry is at revision 3"}
        ]
    found = (await guarded.get(proposed.headers["location"])).json()
    assert (found["state"], found["refusals"], found["version"]) == ("refused", problem["refusals"], None)
    assert (await guarded.get(f"{LIST}/a")).json()["value"] == 9


async def test_a_change_that_the_schema_refuses_by_now_is_not_made(
    guarded: httpx.AsyncClient, entries: MemoryEntries
) -> None:
    proposed = await propose(guarded, {"key": "b", "value": "text"})
    await step(guarded, proposed, "approve", bob())
    definition = json.dumps({"owner": "me", "approvals": 2, "schema": SCHEMA})
    await store_put(entries, "payments", "", definition, ANYTHING)
    problem = check_problem(
        await step(guarded, proposed, "approve", cid()), 409, "^the change was approved, and cannot be made: [ab]: "
    )
    assert [(each["key"], each["detail"].partition(":")[0]) for each in problem["refusals"]] == [("b", "(the whole)")]
    assert (await guarded.get(proposed.headers["location"])).json()["state"] == "refused"
    assert ("payments", "b") not in entries.entries


async def test_an_approver_whose_grant_was_taken_does_not_count(guarded: httpx.AsyncClient) -> None:
    dan = signed_in("reader@payments", subject="dan")
    right = {"issuer": "local", "subject": "dan", "role": "approver", "namespaces": "payments", "reason": "on call"}
    await guarded.put("/v1/grants/dan", json=right)
    proposed = await propose(guarded)
    assert (await step(guarded, proposed, "approve", dan)).json()["approvals"][0]["counts"] is True
    await guarded.delete("/v1/grants/dan")
    assert (await guarded.get(proposed.headers["location"])).json()["approvals"][0]["counts"] is False
    assert (await step(guarded, proposed, "approve", bob())).json()["state"] == "open"
    assert (await step(guarded, proposed, "approve", cid())).json()["state"] == "made"


async def test_an_approver_whose_right_comes_back_approves_again(guarded: httpx.AsyncClient) -> None:
    dan = signed_in("reader@payments", subject="dan")
    right = {"issuer": "local", "subject": "dan", "role": "approver", "namespaces": "payments", "reason": "on call"}
    await guarded.put("/v1/grants/dan", json=right)
    proposed = await propose(guarded)
    await step(guarded, proposed, "approve", dan)
    await guarded.delete("/v1/grants/dan")
    assert (await step(guarded, proposed, "approve", bob())).json()["state"] == "open"
    again = signed_in("approver@payments", subject="dan")
    assert (await step(guarded, proposed, "approve", again)).json()["state"] == "made"


async def test_an_emergency_is_given_by_somebody_else_has_a_reason_and_is_loud(
    guarded: httpx.AsyncClient, audit: MemoryAudit
) -> None:
    root, eve = signed_in(), signed_in("administrator@payments", subject="eve")
    ends = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    right = {"issuer": "local", "role": "administrator", "namespaces": "payments", "reason": "down", "expires_at": ends}
    proposed = await guarded.post(PROPOSALS, json={"definition": {"owner": "me"}, "if_match": tag(2)}, headers=eve)
    url = f"{PROPOSALS}/{proposed.json()['id']}/approve?emergency=true"
    loud = {**eve, "change-reason": "INC-7: the site is down"}
    check_problem(await guarded.post(url, headers=eve), 400, "^a change in an emergency has a reason")
    check_problem(await guarded.post(url, headers=loud), 403, "^no emergency is in force for you in this namespace")
    for name, headers, members in (
        ("by-herself", eve, {"subject": "eve", "emergency": True}),
        ("no-emergency", root, {"subject": "eve", "expires_at": None}),
        ("of-another", root, {"subject": "bob", "emergency": True}),
        ("elsewhere", root, {"subject": "eve", "emergency": True, "namespaces": "cards"}),
        ("too-little", root, {"subject": "eve", "emergency": True, "role": "approver"}),
        ("by-a-key", await machine(guarded, "administrator"), {"subject": "eve", "emergency": True}),
    ):
        given = await guarded.put(f"/v1/grants/{name}", json={**right, **members}, headers=headers)
        assert given.status_code == 201, given.text
        check_problem(await guarded.post(url, headers=loud), 403, "^no emergency is in force for you")
    await guarded.put("/v1/grants/incident", json={**right, "subject": "eve", "emergency": True}, headers=root)
    with capture_logs() as logs:
        made = (await guarded.post(url, headers=loud)).json()
    assert (made["state"], made["approvals"], made["decision"]["emergency"]) == ("made", [], "incident")
    assert [(line["log_level"], line["grant"], line["by"]) for line in logs if "WITHOUT APPROVAL" in line["event"]] == [
        ("error", "incident", "local:eve")
    ]
    (note,) = [note for note, _ in audit.notes if note.outcome == "emergency" and note.kind == PROPOSAL]
    assert (note.actor, note.reason) == ("local:eve", "INC-7: the site is down")
    assert (note.proposal or {})["grant"] == "incident"


async def test_a_step_whose_answer_is_lost_is_taken_once(
    guarded: httpx.AsyncClient, entries: MemoryEntries, proposals: MemoryProposals, audit: MemoryAudit
) -> None:
    lost = [OutcomeUnknownError("the connection broke"), TransientError("and again")]
    proposals.failures = [*lost]
    proposed = await propose(guarded)
    assert proposed.status_code == 201
    proposals.failures = [*lost]
    await step(guarded, proposed, "approve", bob())
    proposals.failures = [*lost]
    assert (await step(guarded, proposed, "approve", cid())).json()["state"] == "made"
    assert entries.version.revision == 3
    steps = [note.outcome for note, _ in audit.notes if note.kind == PROPOSAL]
    assert steps == ["proposed", "approved", "approved", "made"]
    other = await propose(guarded, {"key": "c", "value": 1})
    proposals.failures = [*lost]
    assert (await step(guarded, other, "withdraw", ada())).json()["state"] == "withdrawn"


async def test_a_step_whose_outcome_stays_unknown_says_so(
    guarded: httpx.AsyncClient, proposals: MemoryProposals
) -> None:
    proposed = await propose(guarded)
    proposals.failures = [OutcomeUnknownError("the connection broke"), ZeroDivisionError()]
    assert (await step(guarded, proposed, "approve", bob())).status_code == 500
    again = await step(guarded, proposed, "approve", bob())
    assert len(again.json()["approvals"]) == 1


async def test_a_proposal_can_be_sent_again_also_when_it_was_made_meanwhile(guarded: httpx.AsyncClient) -> None:
    proposed = await propose(guarded, idempotency_key="order-7")
    assert (await propose(guarded, idempotency_key="order-7")).json() == proposed.json()
    other = await propose(guarded, {"key": "b", "value": 1}, idempotency_key="order-7")
    check_problem(other, 422, "^Idempotency-Key was used for another change")
    for by in (bob(), cid()):
        await step(guarded, proposed, "approve", by)
    again = await propose(guarded, idempotency_key="order-7")
    assert (again.status_code, again.json()["id"], again.json()["state"]) == (201, proposed.json()["id"], "made")


async def test_proposals_are_listed_newest_first_by_state_and_without_their_values(
    guarded: httpx.AsyncClient,
) -> None:
    first, second, third = [await propose(guarded, {"key": key, "value": 1}) for key in "xyz"]
    await step(guarded, second, "withdraw", ada())
    page = (await guarded.get(f"{PROPOSALS}?limit=2")).json()
    assert [each["keys"] for each in page["proposals"]] == [["z"], ["y"]]
    assert "change" not in page["proposals"][0]
    rest = (await guarded.get(f"{PROPOSALS}?limit=2&before={page['next']}")).json()
    assert ([each["id"] for each in rest["proposals"]], rest["next"]) == ([first.json()["id"]], None)
    still = (await guarded.get(f"{PROPOSALS}?state=open")).json()["proposals"]
    assert [each["id"] for each in still] == [third.json()["id"], first.json()["id"]]
    check_problem(await guarded.get(PROPOSALS, headers=signed_in("reader@cards", subject="x")), 403, "^the role reader")


@pytest.mark.parametrize("listed", [True, False])
async def test_an_answer_has_a_tag_that_changes_with_each_step(guarded: httpx.AsyncClient, listed: bool) -> None:
    proposed = await propose(guarded)
    url = PROPOSALS if listed else proposed.headers["location"]
    first = await guarded.get(url)
    assert listed or first.headers["etag"] == proposed.headers["etag"]
    again = await guarded.get(url, headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await step(guarded, proposed, "approve", bob())
    assert (await guarded.get(url, headers={"if-none-match": first.headers["etag"]})).status_code == 200


async def test_a_namespace_has_a_bounded_number_of_open_proposals_over_http(
    guarded: httpx.AsyncClient,
) -> None:
    for _ in range(MOST_OPEN):
        assert (await propose(guarded)).status_code == 201
    check_problem(await propose(guarded), 409, f"^{MOST_OPEN} proposals of the namespace are open")


@pytest.mark.usefixtures("still_buckets")
async def test_a_proposal_and_its_steps_cost_a_token_for_each_edit(guarded: httpx.AsyncClient) -> None:
    def left(response: httpx.Response) -> int:
        return int(response.headers["ratelimit"].partition("r=")[2].split(";")[0])

    many = [{"key": f"k{n}", "value": 1} for n in range(MOST_EDITS)]
    first, proposed = await propose(guarded, {"key": "x", "value": 1}), await propose(guarded, *many)
    assert left(first) - left(proposed) == MOST_EDITS
    one, whole = [left(await step(guarded, each, "approve", bob())) for each in (first, proposed)]
    assert one - whole == MOST_EDITS
    one, whole = [left(await step(guarded, each, "reject", cid())) for each in (first, proposed)]
    assert one - whole == MOST_EDITS


async def test_a_namespace_without_the_rule_takes_proposals_too(client: httpx.AsyncClient) -> None:
    proposed = await propose(client, {"key": "a", "value": 1})
    assert proposed.json()["needed"] == 1
    assert (await step(client, proposed, "approve", bob())).json()["state"] == "made"
