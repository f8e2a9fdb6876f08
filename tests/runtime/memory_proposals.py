"""A store of proposals in memory, over the entries, grants and audit trail of the other fakes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from runtime.domain.audit import canonical
from runtime.domain.entries import (
    Change,
    ChangeExpiredError,
    EditsRefusedError,
    EntryNotFoundError,
    IdReusedError,
    LayerError,
    NamespaceMovedError,
    PreconditionError,
    RedefinedError,
)
from runtime.domain.preconditions import namespace_moved
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
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from runtime.domain.audit import Note
    from runtime.domain.entries import Version
    from runtime.domain.proposals import NewProposal, Vote
    from tests.runtime.fakes import MemoryAccess, MemoryEntries


@dataclass(frozen=True, slots=True)
class _Kept:
    """A proposal, and whether its namespace was defined when it was proposed."""

    proposal: Proposal
    defined: bool


class MemoryProposals:
    """A ``ProposalStore`` in memory; the errors in ``failures`` are raised after the next steps."""

    def __init__(self, entries: MemoryEntries, access: MemoryAccess) -> None:
        self.failures: list[Exception] = []
        self._entries = entries
        self._access = access
        self._kept: dict[UUID, _Kept] = {}

    async def find(self, namespace: str, id_: UUID) -> Proposal | None:
        kept = self._kept.get(id_)
        return None if kept is None or kept.proposal.namespace != namespace else self._present(kept.proposal)

    async def page(self, namespace: str, state: State | None, before: int | None, limit: int) -> Sequence[Proposal]:
        found = [self._present(each.proposal) for each in reversed(self._kept.values())]
        return [
            replace(each, edits=tuple(replace(edit, value=None) for edit in each.edits))
            for each in found
            if each.namespace == namespace
            and (state is None or each.state is state)
            and (before is None or each.number < before)
        ][:limit]

    async def put(self, proposal: NewProposal, note: Note, deadline: float) -> None:
        del deadline
        kept = self._kept.get(proposal.id)
        if kept is not None:
            if (kept.proposal.edits, kept.proposal.unchecked) != (proposal.edits, proposal.unchecked):
                raise IdReusedError
            return
        if len(await self.page(proposal.namespace, State.OPEN, None, MOST_OPEN)) == MOST_OPEN:
            raise ProposalsFullError
        await self._note(note, "proposed")
        now = datetime.now(UTC)
        self._kept[proposal.id] = _Kept(
            Proposal(
                len(self._kept) + 1,
                proposal.id,
                proposal.edits,
                proposal.context,
                proposal.sponsor,
                proposal.unchecked,
                now,
                now + LIFETIME,
                State.OPEN,
                0,
            ),
            (proposal.namespace, "") in self._entries.entries,
        )
        self._fail()

    async def approve(self, vote: Vote) -> Version | None:
        proposal, client, now = await self._find(vote.namespace, vote.id), vote.identity.name, datetime.now(UTC)
        if proposal.state is not State.OPEN:
            voted = proposal.decision is not None and proposal.decision.by == client
            voted = voted or client in {each.approver for each in proposal.approvals}
            if proposal.state is State.MADE and voted:
                return proposal.version
            raise _over(proposal)
        if vote.emergency is not None:
            if not any(
                each.name == vote.emergency and each.emergency and each.expires_at and each.expires_at > now
                for each in self._access.given.grants
                if each.given_by != client
            ):
                raise DecisionBarredError(BARRED_EMERGENCY)
        elif client in (proposal.context.actor, proposal.sponsor):
            raise DecisionBarredError(BARRED_OWN)
        else:
            earlier = {each.approver: each for each in proposal.approvals}
            first = earlier.get(client, Approval(vote.identity, now, vote.reason))
            earlier[client] = replace(first, identity=vote.identity)
            proposal = replace(proposal, approvals=tuple(earlier.values()))
        counted = {
            each.approver: each.reason or "" for each in proposal.approvals if each.approver not in vote.discounted
        }
        made: tuple[Version | None, tuple[Fault, ...]] | None = None
        if vote.emergency is not None or len(counted) >= proposal.needed:
            made = await self._make(proposal, vote)
        if len(proposal.approvals) > len(self._kept[vote.id].proposal.approvals):
            await self._note(vote.notes[0], "approved")
        if made is None:
            self._keep(proposal)
            self._fail()
            return None
        version, faults = made
        decision = Decision(now, client, vote.reason, vote.emergency)
        state = State.REFUSED if faults else State.MADE
        proposal = replace(proposal, state=state, decision=decision, version=version, faults=faults)
        self._keep(proposal)
        further: dict[str, Any] = {"needed": proposal.needed}
        further |= {"approvers": counted} if counted else {}
        further |= {} if version is None else {"revision": version.revision}
        further |= {} if vote.emergency is None else {"grant": vote.emergency}
        outcome = "emergency" if vote.emergency is not None and not faults else state.value
        await self._note(vote.notes[1], outcome, further)
        self._fail()
        if faults:
            raise ProposalRefusedError(faults)
        return version

    async def close(
        self, namespace: str, id_: UUID, client: str, reason: str | None, state: State, note: Note, deadline: float
    ) -> None:
        del deadline
        proposal = await self._find(namespace, id_)
        if state is State.WITHDRAWN and client != proposal.context.actor:
            raise DecisionBarredError(OF_OTHERS)
        if state is State.REJECTED and client in (proposal.context.actor, proposal.sponsor):
            raise DecisionBarredError(BARRED_OWN)
        if proposal.state is state and proposal.decision is not None and proposal.decision.by == client:
            return
        if proposal.state is not State.OPEN:
            raise _over(proposal)
        self._keep(replace(proposal, state=state, decision=Decision(datetime.now(UTC), client, reason)))
        await self._note(note, state.value)
        self._fail()

    def expire(self, id_: UUID) -> None:
        """Have the time of a proposal end now."""
        self._keep(replace(self._kept[id_].proposal, expires_at=datetime.now(UTC)))

    async def _make(self, proposal: Proposal, vote: Vote) -> tuple[Version | None, tuple[Fault, ...]]:
        """Return the version of the change, or the faults for which it is refused; raise where nothing is recorded."""
        namespace = proposal.namespace
        definition = self._entries.entries.get((namespace, ""))
        if self._kept[proposal.id].defined and definition is None:
            return None, (Fault(0, "", NAMESPACE_REMOVED),)
        if vote.basis.definition != ("" if definition is None else str(definition.version)):
            raise RedefinedError(None if definition is None else definition.version)
        if vote.faults:
            whole = await self._entries.whole(namespace)
            if vote.basis.namespace not in (None, whole.version):
                raise namespace_moved(whole.version)
            return None, vote.faults
        change = Change(proposal.id, proposal.edits, vote.deadline, proposal.context, basis=vote.basis)
        (result,) = await self._entries.change([change])
        if isinstance(result, tuple):
            return result[0].version, ()
        if isinstance(result, RedefinedError | NamespaceMovedError | ChangeExpiredError):
            raise result
        if isinstance(result, EditsRefusedError):
            return None, tuple(_fault(each.index, each.key, each.error) for each in result.refusals)
        if isinstance(result, PreconditionError | EntryNotFoundError):
            return None, (_fault(0, proposal.edits[0].key, result),)
        assert isinstance(result, LayerError), result
        return None, tuple(Fault(index, edit.key, str(result)) for index, edit in enumerate(proposal.edits))

    async def _find(self, namespace: str, id_: UUID) -> Proposal:
        found = await self.find(namespace, id_)
        if found is None:
            raise ProposalNotFoundError
        return found

    def _present(self, proposal: Proposal) -> Proposal:
        """Return a proposal as it is now: of an open one the time may have passed, and the number may be another."""
        if proposal.decision is not None:
            return proposal
        definition = self._entries.entries.get((proposal.namespace, ""))
        asked = 0 if definition is None else orjson.loads(definition.value).get("approvals", 0)
        state = State.OPEN if proposal.expires_at > datetime.now(UTC) else State.EXPIRED
        return replace(proposal, needed=max(1, asked), state=state)

    def _keep(self, proposal: Proposal) -> None:
        self._kept[proposal.id] = replace(self._kept[proposal.id], proposal=proposal)

    async def _note(self, note: Note, outcome: str, further: dict[str, Any] | None = None) -> None:
        about = {**(note.proposal or {}), **(further or {})}
        made = replace(note, outcome=outcome, proposal=about)
        canonical(made.members())
        await self._access.audit.note([(made, 0.0)])

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)


def _over(proposal: Proposal) -> Exception:
    if proposal.state is State.REFUSED:
        return ProposalRefusedError(proposal.faults)
    return ProposalClosedError(proposal.state)


def _fault(index: int, key: str, error: Exception) -> Fault:
    if isinstance(error, EntryNotFoundError):
        return Fault(index, key, "the namespace has no entry with this key", stale=True)
    return Fault(index, key, str(error), stale=isinstance(error, PreconditionError))
