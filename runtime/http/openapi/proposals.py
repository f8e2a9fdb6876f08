"""The operations of proposals."""

from __future__ import annotations

from typing import Any, Final

from runtime import routes
from runtime.http import problem_kinds as kinds
from runtime.http.openapi.bodies import entries, proposals
from runtime.http.openapi.fields import (
    BELOW,
    CHANGE_REASON,
    DRY_RUN,
    EMERGENCY,
    IDEMPOTENCY_KEY,
    IF_NONE_MATCH,
    PAST_LIMIT,
    PROPOSAL_ID,
    STATE,
    STEP_REASON,
    TAG,
)
from runtime.http.openapi.parts import Answer, Example, Operation

_TIME: Final = "2026-01-05T09:30:00.000000Z"
_WRITTEN: Final = (("PUT", "/v1/namespaces/payments/entries/limits", {"value": {"daily": 5000}}),)
_EDIT: Final[dict[str, Any]] = {"key": "limits", "value": {"daily": 6000}, "if_match": f'"{TAG}"'}
_UNMODIFIED: Final = Answer(304, "The client has the present answer.", fields=("ETag",))
_STEP: Final = (kinds.DECISION_BARRED, kinds.PROPOSAL_NOT_FOUND, kinds.PROPOSAL_CLOSED, kinds.OUTCOME_UNKNOWN)
_REFUSED: Final = (kinds.PROPOSAL_STALE, kinds.PROPOSAL_REFUSED)
_AGAIN: Final = "It can be sent again: it is done once. It is recorded in the audit trail, in the same transaction."

PROPOSALS: Final = (
    Operation(
        "listProposals",
        "GET",
        routes.PROPOSALS,
        "proposals",
        "List the proposals of a namespace",
        (Answer(200, "A page of them, newest first.", proposals.ProposalPage, ("ETag",)), _UNMODIFIED),
        parameters=(STATE, BELOW, PAST_LIMIT, IF_NONE_MATCH),
        example=Example(200, {"namespace": "payments", "proposals": [], "next": None}, using=(STATE,)),
    ),
    Operation(
        "propose",
        "POST",
        routes.PROPOSALS,
        "proposals",
        "Propose a change of a namespace",
        (
            Answer(200, "The dry run's outcomes: nothing is proposed.", entries.Judged),
            Answer(201, "The proposal.", proposals.Proposal, ("ETag", "Location")),
        ),
        "It is judged as the change would be, and again, with the same preconditions, when the change is made. A"
        " definition is proposed by an administrator.",
        parameters=(DRY_RUN, IDEMPOTENCY_KEY, CHANGE_REASON),
        body=proposals.NewProposal,
        problems=(
            kinds.DECISION_BARRED,
            kinds.EDITS_REFUSED,
            kinds.PROPOSALS_FULL,
            kinds.NAMESPACE_TOO_LARGE,
            kinds.LAYER_CONFLICT,
            kinds.STORED_VALUES_INVALID,
            kinds.DEFINITION_INVALID,
        ),
        example=Example(
            201,
            {
                "id": PROPOSAL_ID,
                "namespace": "payments",
                "state": "open",
                "proposer": "local:tester",
                "reason": CHANGE_REASON.example,
                "proposed_at": _TIME,
                "expires_at": _TIME,
                "keys": ["limits"],
                "needed": 1,
                "approvals": [],
                "decision": None,
                "version": None,
                "refusals": [],
                "change": {"edits": [{**_EDIT, "if_none_match": None}]},
            },
            using=(IDEMPOTENCY_KEY, CHANGE_REASON),
            body={"edits": [_EDIT]},
            given=_WRITTEN,
        ),
    ),
    Operation(
        "readProposal",
        "GET",
        routes.PROPOSAL,
        "proposals",
        "Read a proposal",
        (Answer(200, "The proposal, with its change.", proposals.Proposal, ("ETag",)), _UNMODIFIED),
        parameters=(IF_NONE_MATCH,),
        problems=(kinds.PROPOSAL_NOT_FOUND,),
    ),
    Operation(
        "approveProposal",
        "POST",
        routes.PROPOSAL_APPROVAL,
        "proposals",
        "Approve a proposal",
        (Answer(200, "The proposal; the last approval that it needed has made it.", proposals.Proposal, ("ETag",)),),
        f"Nobody approves their own. {_AGAIN}",
        parameters=(EMERGENCY, STEP_REASON),
        problems=(*_STEP, *_REFUSED, kinds.NAMESPACE_TOO_LARGE, kinds.CHANGE_EXPIRED),
    ),
    Operation(
        "rejectProposal",
        "POST",
        routes.PROPOSAL_REJECTION,
        "proposals",
        "Reject a proposal",
        (Answer(200, "The proposal, which is over.", proposals.Proposal, ("ETag",)),),
        _AGAIN,
        parameters=(STEP_REASON,),
        problems=(*_STEP, *_REFUSED),
    ),
    Operation(
        "withdrawProposal",
        "POST",
        routes.PROPOSAL_WITHDRAWAL,
        "proposals",
        "Withdraw a proposal",
        (Answer(200, "The proposal, which is over.", proposals.Proposal, ("ETag",)),),
        f"It is for who proposed it. {_AGAIN}",
        parameters=(STEP_REASON,),
        problems=(*_STEP, *_REFUSED),
    ),
)
