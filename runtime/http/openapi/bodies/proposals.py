"""The bodies of requests and answers about proposals."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from runtime.domain.namespaces import MOST_EDITS
from runtime.domain.proposals import State as ProposalState
from runtime.http.openapi.bodies.base import Body, Key, KeyOrDefinition, Namespace, Root, Value, Version
from runtime.services.definitions import Definition

PinnedTag = Annotated[
    str | None,
    Field(pattern=r'^[ ,\t]*"[!#-~\x80-\xff]*"[ ,\t]*$', description="The one ETag that is replaced, quotes included."),
]
Absent = Annotated[Literal["*"] | None, Field(description="`*` where there must be no entry yet.")]


class ProposedValue(Body):
    """An edit that creates an entry, or replaces the version that it names."""

    key: Key
    value: Value
    if_match: PinnedTag = None
    if_none_match: Absent = None


class ProposedRemoval(Body):
    """An edit that removes the version of an entry that it names."""

    key: Key
    remove: Literal[True]
    if_match: PinnedTag = None
    if_none_match: Absent = None


class ProposedEdits(Body):
    """Edits of different keys, to be made together."""

    edits: Annotated[list[ProposedValue | ProposedRemoval], Field(min_length=1, max_length=MOST_EDITS)]


class ProposedDefinition(Body):
    """A definition of the namespace; `allow_invalid` says that stored entries may violate its schema."""

    definition: Definition
    if_match: PinnedTag = None
    allow_invalid: bool = False


class NewProposal(Root[ProposedEdits | ProposedDefinition]):
    """The change that is proposed."""


class ProposalApproval(Body):
    """An approval; it `counts` unless the approver's right was taken since."""

    approver: str
    at: datetime
    reason: str | None
    counts: bool


class ProposalDecision(Body):
    """The end of a proposal; `emergency` names the grant by which it was made without approvals."""

    at: datetime
    by: str
    reason: str | None
    emergency: str | None


class ProposalRefusal(Body):
    """The reason for which an edit of an approved proposal could not be made."""

    index: int
    key: KeyOrDefinition
    detail: str


class ProposalSummary(Body):
    """A proposal without its values."""

    id: UUID
    namespace: Namespace
    state: ProposalState
    proposer: str
    reason: str | None
    proposed_at: datetime
    expires_at: datetime
    keys: list[KeyOrDefinition]
    needed: Annotated[int, Field(ge=1, description="The approvals that its change needs now, or needed at its end.")]
    approvals: list[ProposalApproval]
    decision: ProposalDecision | None
    version: Annotated[Version | None, Field(description="The version of the change that was made.")]
    refusals: list[ProposalRefusal]


class Proposal(ProposalSummary):
    """A proposal with its change."""

    change: ProposedEdits | ProposedDefinition


class ProposalPage(Body):
    """Proposals of a namespace, newest first."""

    namespace: Namespace
    proposals: list[ProposalSummary]
    next: Annotated[str | None, Field(description="The value of `before` for the next page; null on the last one.")]
