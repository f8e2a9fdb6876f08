"""The HTTP handlers of proposals: changes of a namespace that are made once enough people have approved them."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from starlette.responses import Response

from runtime.domain.audit import PROPOSAL, Note
from runtime.domain.entries import Edit
from runtime.domain.names import check_namespace
from runtime.domain.preconditions import Conditions, InvalidTagsError, parse_tags
from runtime.domain.proposals import NewProposal, State
from runtime.http.bodies import InvalidDocumentError, compact, parse_document, read_body
from runtime.http.changes import outcome
from runtime.http.clients import context_of, identity_of
from runtime.http.queries import (
    InvalidQueryError,
    read_change_id,
    read_conditions,
    read_dry_run,
    read_emergency,
    read_nothing,
    read_proposal_id,
    read_proposals,
    read_reason,
)
from runtime.http.rate_limiter import charge_of
from runtime.http.representations import dump
from runtime.http.transactions import edits_of
from runtime.routes import NAMESPACE, PERMISSIONS
from runtime.routes import PROPOSAL as PROPOSAL_PATH
from runtime.services.definitions import KEY

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

    from runtime.domain.preconditions import Tags
    from runtime.domain.proposals import Approval, Proposal
    from runtime.http.clients import Clients
    from runtime.http.representations import Representation
    from runtime.routes import Permission
    from runtime.services.access import Authority
    from runtime.services.proposals import Proposals

_PROPOSAL = "?proposal"
"""The name of a proposal in the id of its change, where an entry has its key."""

_DEFINE: Permission = PERMISSIONS["PUT /v1/namespaces/{namespace}/definition"]
_STEP = "POST /v1/namespaces/{namespace}/proposals/{proposal}/"


class ProposalHandlers:
    """The handlers of proposals; each step is in the audit trail with what it does, or neither is."""

    def __init__(self, proposals: Proposals[Representation], authority: Authority, clients: Clients) -> None:
        self._proposals = proposals
        self._authority = authority
        self._clients = clients

    async def propose(self, request: Request) -> Response:
        """POST a proposal: 201, or what the change would be refused with, but for missing approvals.

        One of a definition is for administrators.
        """
        namespace = check_namespace(request.path_params["namespace"])
        trial = read_dry_run(request)
        if read_conditions(request) != Conditions():
            raise InvalidQueryError("a proposal has no precondition in its header: each edit has its own")
        id_ = read_change_id(request, namespace, _PROPOSAL) or uuid4()
        edits, unchecked = await read_body(request, partial(parse_proposal, namespace))
        caller = request.scope["caller"]
        if not edits[0].key:
            self._authority.require(caller, _DEFINE, namespace)
        if denial := await _pay(request, edits):
            return denial
        self._clients.identify(request.scope)
        proposal = NewProposal(id_, edits, context_of(request.scope, read_reason(request)), unchecked=unchecked)
        permit = partial(self._authority.require, caller, PERMISSIONS[f"GET {NAMESPACE}"])
        if trial:
            return outcome(namespace, edits, await self._proposals.judge(proposal, permit))
        note = self._note(request, "POST /v1/namespaces/{namespace}/proposals", "proposed")
        found = await self._proposals.propose(proposal, caller.identity, permit, note)
        response = self._answer(found, 201)
        response.headers["Location"] = PROPOSAL_PATH.format(namespace=namespace, proposal=found.id)
        return response

    async def list(self, request: Request) -> Response:
        """GET a page of the proposals of a namespace, newest first, without their values."""
        listing = read_proposals(request)
        found = await self._proposals.page(listing.namespace, listing.state, listing.before, listing.limit + 1)
        page = found[: listing.limit]
        following = str(page[-1].number) if len(found) > len(page) else None
        body = {
            "namespace": listing.namespace,
            "proposals": [_members(each, self._counts(each)) for each in page],
            "next": following,
        }
        return await self._sent(request, body)

    async def read(self, request: Request) -> Response:
        """GET a proposal, with its edits; 304 when the client has it as it is."""
        proposal = await self._find(request)
        return await self._sent(request, _whole(proposal, self._counts(proposal)))

    async def approve(self, request: Request) -> Response:
        """POST an approval: 200 with the proposal, which the last approval that it needed has made.

        412 or 409 when the change is refused by then. With ``emergency=true`` it is made without further approvals.
        """
        emergency = read_emergency(request)
        if emergency and not read_reason(request):
            raise InvalidQueryError("a change in an emergency has a reason: send Change-Reason")
        proposal = await self._find(request)
        if denial := await _pay(request, proposal.edits):
            return denial
        note = self._note(request, f"{_STEP}approve", "approved")
        return self._answer(
            await self._proposals.approve(
                proposal, identity_of(request), read_reason(request), note, emergency=emergency
            )
        )

    async def reject(self, request: Request) -> Response:
        """POST a rejection: 200 with the proposal, which is over."""
        return await self._close(request, "reject", State.REJECTED)

    async def withdraw(self, request: Request) -> Response:
        """POST a withdrawal, by who proposed it: 200 with the proposal, which is over."""
        return await self._close(request, "withdraw", State.WITHDRAWN)

    async def _close(self, request: Request, step: str, state: State) -> Response:
        read_nothing(request)
        proposal = await self._find(request)
        if denial := await _pay(request, proposal.edits):
            return denial
        note = self._note(request, f"{_STEP}{step}", state.value)
        return self._answer(
            await self._proposals.close(proposal, identity_of(request), read_reason(request), state, note)
        )

    async def _find(self, request: Request) -> Proposal:
        return await self._proposals.find(check_namespace(request.path_params["namespace"]), read_proposal_id(request))

    def _counts(self, proposal: Proposal) -> Callable[[Approval], bool]:
        return lambda approval: self._proposals.counts(approval, proposal.namespace)

    def _answer(self, proposal: Proposal, status: int = 200) -> Response:
        content = dump(_whole(proposal, self._counts(proposal)))
        return Response(content, status, headers={"ETag": _tag(content)}, media_type="application/json")

    async def _sent(self, request: Request, body: dict[str, Any]) -> Response:
        """Return what is read, whose entity tag is of all that it says; 304 when the client has it."""
        content = dump(body)
        tag = _tag(content)
        tags = read_conditions(request).if_none_match
        if tags is not None and tags.match_weakly(tag):
            return Response(status_code=304, headers={"ETag": tag})
        response = Response(content, headers={"ETag": tag}, media_type="application/json")
        return await charge_of(request).pay_bytes(len(content)) or response

    def _note(self, request: Request, endpoint: str, step: str) -> Note:
        return self._clients.note(request.scope, PROPOSAL, step, endpoint, namespace=request.path_params["namespace"])


async def _pay(request: Request, edits: tuple[Edit, ...]) -> Response | None:
    """Pay a token for each edit, or for each 64 KiB of their values, which the answer has; return a denial."""
    charge = charge_of(request)
    return await charge.pay(len(edits)) or await charge.pay_bytes(sum(len(edit.value or "") for edit in edits))


def parse_proposal(namespace: str, body: bytes) -> tuple[tuple[Edit, ...], bool]:
    """Return the edits of a proposal, and whether stored entries may violate the schema of a definition.

    Raises :class:`InvalidDocumentError`, also for an edit that does not name the one version that it replaces.
    """
    document = parse_document(body, around=3)
    if not isinstance(document, dict) or ("edits" in document) == ("definition" in document):
        raise InvalidDocumentError('the body must be an object with either the member "edits" or "definition"')
    if "edits" in document:
        edits = edits_of(namespace, document)
        for index, edit in enumerate(edits):
            _require_pinned(edit.conditions, f"edits[{index}]")
        return edits, False
    if not document.keys() <= {"definition", "if_match", "allow_invalid"}:
        raise InvalidDocumentError('the members beside "definition" are "if_match" and "allow_invalid"')
    definition, unchecked = document["definition"], document.get("allow_invalid", False)
    if not isinstance(definition, dict) or not isinstance(unchecked, bool):
        raise InvalidDocumentError('"definition" is an object, and "allow_invalid" true or false')
    text = document.get("if_match")
    if text is not None and not isinstance(text, str):
        raise InvalidDocumentError('"if_match" is a string: the entity tag of the definition')
    try:
        conditions = Conditions(None if text is None else parse_tags(text))
    except InvalidTagsError as error:
        raise InvalidDocumentError(f"if_match: {error}") from None
    _require_pinned(conditions, "if_match")
    return (Edit(namespace, KEY, compact(definition), conditions),), unchecked


def _require_pinned(conditions: Conditions, place: str) -> None:
    """Raise unless what is approved is what is replaced: one version, and not whichever is there by then."""
    replaced, absent = conditions.if_match, conditions.if_none_match
    if replaced is not None and (replaced.anything or replaced.weak or len(replaced.strong) != 1):
        raise InvalidDocumentError(f"{place}: a proposal names the one entity tag that it replaces, and not any")
    if absent is not None and not absent.anything:
        raise InvalidDocumentError(f"{place}: if_none_match of a proposal is *")


def _whole(proposal: Proposal, counts: Callable[[Approval], bool]) -> dict[str, Any]:
    return _members(proposal, counts) | {"change": _change(proposal)}


def _members(proposal: Proposal, counts: Callable[[Approval], bool]) -> dict[str, Any]:
    decision = proposal.decision
    return {
        "id": str(proposal.id),
        "namespace": proposal.namespace,
        "state": proposal.state,
        "proposer": proposal.context.actor,
        "reason": proposal.context.reason,
        "proposed_at": proposal.proposed_at,
        "expires_at": proposal.expires_at,
        "keys": [edit.key for edit in proposal.edits],
        "needed": proposal.needed,
        "approvals": [
            {"approver": each.approver, "at": each.at, "reason": each.reason, "counts": counts(each)}
            for each in proposal.approvals
        ],
        "decision": None
        if decision is None
        else {"at": decision.at, "by": decision.by, "reason": decision.reason, "emergency": decision.emergency},
        "version": None if proposal.version is None else str(proposal.version),
        "refusals": [fault.members for fault in proposal.faults],
    }


def _change(proposal: Proposal) -> dict[str, Any]:
    """Return what was proposed, as the body of the proposal had it."""
    if proposal.of_definition:
        (edit,) = proposal.edits
        value = None if edit.value is None else orjson.Fragment(edit.value)
        return {
            "definition": value,
            "if_match": _text(edit.conditions.if_match),
            "allow_invalid": proposal.unchecked,
        }
    return {
        "edits": [
            {
                "key": edit.key,
                **({"remove": True} if edit.value is None else {"value": orjson.Fragment(edit.value)}),
                "if_match": _text(edit.conditions.if_match),
                "if_none_match": _text(edit.conditions.if_none_match),
            }
            for edit in proposal.edits
        ]
    }


def _text(tags: Tags | None) -> str | None:
    return None if tags is None else "*" if tags.anything else ", ".join(sorted(tags.strong))


def _tag(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'
