"""Proposals in PostgreSQL; each step is one call of a function of migration 0008 or 0013."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from runtime.adapters.postgres_errors import PROPOSAL_OUTDATED
from runtime.adapters.postgres_requests import refusal_of, tags_text
from runtime.domain.audit import canonical
from runtime.domain.entries import (
    ChangeExpiredError,
    Context,
    Edit,
    EntryNotFoundError,
    IdReusedError,
    Json,
    PreconditionError,
    RedefinedError,
    Version,
)
from runtime.domain.preconditions import Conditions, Tags, namespace_moved
from runtime.domain.proposals import (
    BARRED_EMERGENCY,
    BARRED_OWN,
    LIFETIME,
    MOST_OPEN,
    NAMESPACE_REMOVED,
    OF_OTHERS,
    Approval,
    Decision,
    DecisionBarredError,
    Fault,
    Proposal,
    ProposalClosedError,
    ProposalNotFoundError,
    ProposalRefusedError,
    ProposalsFullError,
    State,
    identity_of,
    standing,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from runtime.adapters.postgres import PostgresEntries
    from runtime.adapters.postgres_horizon import Horizon
    from runtime.domain.audit import Note
    from runtime.domain.proposals import NewProposal, Vote

# One row has everything about a proposal, so that its state and its approvals are of one snapshot; $2 is whether it has
# the values of its edits too.
_PROPOSALS: Final = """
SELECT p.*, CASE WHEN p.state = 'open' AND p.expires_at <= clock_timestamp() THEN 'expired' ELSE p.state END AS stands,
    coalesce(p.needed, needed_approvals(p.namespace)) AS wanted,
    ARRAY(SELECT key FROM proposal_edits WHERE proposal = p.number ORDER BY ordinal) AS keys,
    ARRAY(SELECT CASE WHEN $2 THEN value::text END FROM proposal_edits WHERE proposal = p.number ORDER BY ordinal)
        AS documents,
    ARRAY(SELECT matches FROM proposal_edits WHERE proposal = p.number ORDER BY ordinal) AS matches,
    ARRAY(SELECT none_matches FROM proposal_edits WHERE proposal = p.number ORDER BY ordinal) AS none_matches,
    ARRAY(SELECT identity::text FROM proposal_approvals WHERE proposal = p.number ORDER BY approved_at, approver)
        AS approvers,
    ARRAY(SELECT approved_at FROM proposal_approvals WHERE proposal = p.number ORDER BY approved_at, approver)
        AS approved,
    ARRAY(SELECT reason FROM proposal_approvals WHERE proposal = p.number ORDER BY approved_at, approver)
        AS approved_for
FROM proposals AS p WHERE p.namespace = $1
"""
_FIND: Final = f"{_PROPOSALS} AND p.id = $3"
_PAGE: Final = f"""{_PROPOSALS} AND p.number < $3 AND ($4::text IS NULL OR
    CASE WHEN p.state = 'open' AND p.expires_at <= clock_timestamp() THEN 'expired' ELSE p.state END = $4)
ORDER BY p.number DESC LIMIT $5"""
_PUT: Final = "SELECT propose($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)"
_APPROVE: Final = "SELECT * FROM approve_proposal($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
_CLOSE: Final = "SELECT close_proposal($1, $2, $3, $4, $5, $6, $7)"
_NEWEST: Final = 2**62
"""It is above every number."""


class PostgresProposals:
    """A :class:`runtime.ports.access.ProposalStore` on the connections of the entries."""

    def __init__(self, entries: PostgresEntries, horizon: Horizon) -> None:
        self._entries = entries
        self._horizon = horizon

    async def find(self, namespace: str, id_: UUID) -> Proposal | None:
        """See :class:`runtime.ports.access.ProposalStore`."""
        async with self._entries.reading() as connection:
            row = await connection.fetchrow(_FIND, namespace, True, id_)
        return None if row is None else _proposal(row)

    async def page(self, namespace: str, state: State | None, before: int | None, limit: int) -> Sequence[Proposal]:
        """See :class:`runtime.ports.access.ProposalStore`."""
        wanted = None if state is None else state.value
        async with self._entries.reading(deferrable=True) as connection:
            below = _NEWEST if before is None else before
            rows = await connection.fetch(_PAGE, namespace, False, below, wanted, limit)
        return [_proposal(row) for row in rows]

    async def put(self, proposal: NewProposal, note: Note, deadline: float) -> None:
        """See :class:`runtime.ports.access.ProposalStore`."""
        context, edits = proposal.context, proposal.edits
        outcome = await self._call(
            _PUT,
            deadline,
            proposal.id,
            proposal.namespace,
            proposal.unchecked,
            proposal.digest,
            context.actor,
            proposal.sponsor,
            context.request_id,
            context.client,
            context.reason,
            LIFETIME,
            MOST_OPEN,
            [edit.key for edit in edits],
            [edit.value for edit in edits],
            [tags_text(edit.conditions.if_match, weakly=False) for edit in edits],
            [tags_text(edit.conditions.if_none_match, weakly=True) for edit in edits],
            note.note,
            _members(note),
            context.traceparent,
        )
        if outcome == "reused":
            raise IdReusedError
        if outcome == "full":
            raise ProposalsFullError

    async def approve(self, vote: Vote) -> Version | None:
        """See :class:`runtime.ports.access.ProposalStore`."""
        try:
            rows = await self._entries.call(_APPROVE, vote.deadline, lambda: self._arguments(vote))
        except asyncpg.PostgresError as error:
            if error.sqlstate != PROPOSAL_OUTDATED:
                raise
            raise _outdated(error) from None
        outcome, epoch, revision = rows[0]
        if outcome == "approved":
            return None
        if revision is None or outcome == "closed":
            raise await self._error(outcome, vote.namespace, vote.id)
        version = Version(epoch, revision)
        self._horizon.made(version, vote.id)
        return version

    async def close(
        self, namespace: str, id_: UUID, client: str, reason: str | None, state: State, note: Note, deadline: float
    ) -> None:
        """See :class:`runtime.ports.access.ProposalStore`."""
        outcome = await self._call(
            _CLOSE, deadline, id_, namespace, client, reason, state.value, note.note, _members(note)
        )
        if outcome == "own":
            raise DecisionBarredError(OF_OTHERS if state is State.WITHDRAWN else BARRED_OWN)
        if outcome in ("absent", "closed"):
            raise await self._error(outcome, namespace, id_)

    async def _call(self, query: str, deadline: float, *arguments: object) -> str:
        rows = await self._entries.call(query, deadline, lambda: arguments)
        outcome: str = rows[0][0]
        return outcome

    async def _error(self, outcome: str, namespace: str, id_: UUID) -> Exception:
        """Return the error of a step that was not taken, or of a change that was refused."""
        if outcome == "own":
            return DecisionBarredError(BARRED_OWN)
        if outcome == "barred":
            return DecisionBarredError(BARRED_EMERGENCY)
        found = await self.find(namespace, id_)
        if found is None:
            return ProposalNotFoundError()
        return ProposalRefusedError(found.faults) if found.state is State.REFUSED else ProposalClosedError(found.state)

    def _arguments(self, vote: Vote) -> tuple[object, ...]:
        mark = self._horizon.mark
        return (
            None if mark is None else mark.version.epoch,
            None if mark is None else mark.version.revision,
            vote.id,
            vote.namespace,
            vote.identity.name,
            json.dumps(standing(vote.identity)),
            vote.reason,
            list(vote.discounted),
            vote.emergency,
            self._horizon.server_time(vote.deadline),
            vote.basis.definition,
            str(vote.basis.namespace or "") or None,
            json.dumps([each.members for each in vote.faults]) if vote.faults else None,
            [note.note for note in vote.notes],
            [_members(note) for note in vote.notes],
        )


def _members(note: Note) -> str:
    return canonical(note.members()).decode()


def _outdated(error: asyncpg.PostgresError) -> Exception:
    """Return the error of SQLSTATE ``PROPOSAL_OUTDATED``, whose detail is a word and a version."""
    word, _, text = (error.detail or "").partition(" ")
    epoch, _, revision = text.partition("-")
    version = Version(epoch, int(revision)) if revision.isdecimal() and int(revision) else None
    if word == "redefined":
        return RedefinedError(version)
    return ChangeExpiredError() if version is None or word == "expired" else namespace_moved(version)


def _proposal(row: asyncpg.Record) -> Proposal:
    items = zip(row["keys"], row["documents"], row["matches"], row["none_matches"], strict=True)
    edits = tuple(
        Edit(
            row["namespace"],
            key,
            None if document is None else Json(document),
            Conditions(_tags(matches), _tags(none_matches)),
        )
        for key, document, matches, none_matches in items
    )
    approvals = zip(row["approvers"], row["approved"], row["approved_for"], strict=True)
    return Proposal(
        row["number"],
        row["id"],
        edits,
        Context(row["proposer"], row["request_id"], row["reason"], row["client"], row["traceparent"]),
        row["sponsor"],
        row["unchecked"],
        row["proposed_at"],
        row["expires_at"],
        State(row["stands"]),
        row["wanted"],
        tuple(Approval(identity_of(json.loads(identity)), at, reason) for identity, at, reason in approvals),
        None
        if row["decided_at"] is None
        else Decision(row["decided_at"], row["decided_by"], row["decided_reason"], row["emergency"]),
        None if row["revision"] is None else Version(row["epoch"], row["revision"]),
        tuple(map(_fault, json.loads(row["refusals"] or "[]"))),
    )


def _tags(text: str | None) -> Tags | None:
    """Return the tags of :func:`runtime.adapters.postgres_requests.tags_text`."""
    if text is None:
        return None
    return Tags(anything=True) if text == "*" else Tags(frozenset(f'"{each}"' for each in text.split()))


def _fault(members: dict[str, Any]) -> Fault:
    """Return a fault that a worker found, or of which the database kept the outcome of ``make_changes()``."""
    index, key, outcome = members["index"], members["key"], members.get("outcome")
    if outcome is None:
        return Fault(index, key, members["detail"])
    if outcome == "removed":
        return Fault(index, key, NAMESPACE_REMOVED)
    epoch, _, revision = (members["version"] or "").partition("-")
    error = refusal_of(outcome, Version(epoch, int(revision)) if revision else None)
    if isinstance(error, EntryNotFoundError):
        return Fault(index, key, "the namespace has no entry with this key", stale=True)
    return Fault(index, key, str(error), stale=isinstance(error, PreconditionError))
