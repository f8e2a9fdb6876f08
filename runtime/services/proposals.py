"""The service of proposals: judged when they are proposed, and again when the last approval makes their change."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import UUID, uuid4

import structlog

from runtime.domain.entries import (
    Change,
    EditsRefusedError,
    EntryNotFoundError,
    IdReusedError,
    PreconditionError,
    Refusal,
)
from runtime.domain.identity import Kind, Role
from runtime.domain.proposals import (
    DecisionBarredError,
    Fault,
    Proposal,
    ProposalNotFoundError,
    State,
    Vote,
    approves,
)
from runtime.loading import RESERVED
from runtime.ports.availability import OutcomeUnknownError, TransientError, UnavailableError
from runtime.services.asking import Asking, nothing
from runtime.services.cache import S
from runtime.services.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from runtime.domain.audit import Note
    from runtime.domain.entries import Made, Version
    from runtime.domain.identity import Identity
    from runtime.domain.proposals import Approval, NewProposal
    from runtime.ports.access import ProposalStore
    from runtime.services.access import Authority
    from runtime.services.definitions import Definitions, InvalidValuesError, Judged
    from runtime.services.entries import Entries
    from runtime.services.given import GivenRights
    from runtime.settings import Database

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class Proposals(Generic[S]):
    """Proposals of changes. Every call may raise :class:`runtime.ports.availability.UnavailableError`.

    ``people`` are the names of the issuers whose subjects are persons. A step that a broken connection leaves unknown
    is sent again within the time of a change: it is taken once.
    """

    def __init__(
        self,
        store: ProposalStore,
        entries: Entries[S],
        definitions: Definitions[S],
        authority: Authority,
        given: GivenRights,
        people: Collection[str],
        settings: Database,
        require: Callable[[], None] = nothing,
    ) -> None:
        self._store = store
        self._entries = entries
        self._definitions = definitions
        self._authority = authority
        self._given = given
        self._people = frozenset(people)
        self._retries = Retries(settings.retry)
        self._seconds = settings.statement_timeout_seconds
        self._asking = Asking(settings, require)
        self.circuit = self._asking.circuit

    async def propose(
        self, proposal: NewProposal, proposer: Identity, permit: Callable[[str], None], note: Note
    ) -> Proposal:
        """Keep a proposal whose change could be made now, but for approvals; one that was kept before is returned.

        ``permit`` raises for a parent that the proposer may not name. Raises what the change would raise, and
        :class:`runtime.domain.proposals.ProposalsFullError`.
        """
        earlier = await self._asking.ask(lambda: self._store.find(proposal.namespace, proposal.id))
        if earlier is None:
            proposal = replace(proposal, sponsor=self._sponsor(proposer))
            await self.judge(proposal, permit)
            noted = replace(note, proposal=proposal.recorded, reason=proposal.context.reason)
            await self._surely(lambda deadline: self._store.put(proposal, noted, deadline))
        elif (earlier.edits, earlier.unchecked) != (proposal.edits, proposal.unchecked):
            raise IdReusedError
        return await self._kept(proposal.namespace, proposal.id)

    async def find(self, namespace: str, id_: UUID) -> Proposal:
        """Return a proposal, or raise :class:`runtime.domain.proposals.ProposalNotFoundError`."""
        return _found(await self._asking.ask(lambda: self._store.find(namespace, id_)))

    async def page(self, namespace: str, state: State | None, before: int | None, limit: int) -> Sequence[Proposal]:
        """Return at most ``limit`` proposals below a number, newest first; None is any state."""
        return await self._asking.ask(lambda: self._store.page(namespace, state, before, limit))

    def counts(self, approval: Approval, namespace: str) -> bool:
        """Return whether an approver still has the right to approve.

        Rights that were given are judged as they are now; groups and rights of a proof, as it said.
        """
        return approves(self._authority.rights(approval.identity), namespace)

    async def approve(
        self, proposal: Proposal, approver: Identity, reason: str | None, note: Note, *, emergency: bool
    ) -> Proposal:
        """Approve a proposal and, with the last approval that it needs, make its change.

        In an emergency the change is made at once, by a right that somebody else gave for one. Raises what
        :meth:`runtime.ports.access.ProposalStore.approve` raises.
        """
        namespace, id_ = proposal.namespace, proposal.id
        await self._entries.ask(self._given.refresh)
        grant = self._emergency(approver, proposal) if emergency else None
        if grant is None and approver.kind is not Kind.PERSON:
            raise DecisionBarredError("people approve: a machine does not know what it approves")
        noted = replace(note, proposal=proposal.recorded, reason=reason)
        notes = (noted, replace(noted, note=uuid4()))

        async def decide(judged: Judged) -> Version | None:
            earlier = (each for each in proposal.approvals if each.approver != approver.name)
            discounted = tuple(each.approver for each in earlier if not self.counts(each, namespace))

            def vote(deadline: float) -> Vote:
                return Vote(
                    id_,
                    namespace,
                    approver,
                    reason,
                    discounted,
                    grant,
                    judged.basis,
                    () if judged.fault is None else _faults(judged.fault),
                    deadline,
                    notes,
                )

            return await self._surely(lambda deadline: self._store.approve(vote(deadline)))

        try:
            made = await self._definitions.judged(proposal.edits, decide, unchecked=proposal.unchecked)
        finally:  # also after an unknown outcome: this worker reads its own change
            for edit in proposal.edits:
                self._entries.forget(namespace, edit.key)
        if grant is not None and made is not None:
            _log.error(
                "A CHANGE WAS MADE WITHOUT APPROVAL",
                namespace=namespace,
                proposal=str(id_),
                grant=grant,
                by=approver.name,
                reason=reason,
            )
        return await self._kept(namespace, id_)

    async def close(
        self, proposal: Proposal, client: Identity, reason: str | None, state: State, note: Note
    ) -> Proposal:
        """Reject or withdraw an open proposal, which ``state`` says.

        Raises what :meth:`runtime.ports.access.ProposalStore.close` raises.
        """
        namespace, id_ = proposal.namespace, proposal.id
        noted = replace(note, proposal=proposal.recorded, reason=reason)
        await self._surely(
            lambda deadline: self._store.close(namespace, id_, client.name, reason, state, noted, deadline)
        )
        return await self._kept(namespace, id_)

    async def judge(self, proposal: NewProposal, permit: Callable[[str], None]) -> tuple[Made, ...]:
        """Return what the change would make now; raise what would refuse it, but for missing approvals."""
        if not proposal.edits[0].key:
            await self._definitions.permitted(proposal.edits, permit)

        async def decide(judged: Judged) -> tuple[Made, ...]:
            basis = judged.require_valid().basis
            deadline = time.monotonic() + self._seconds
            change = Change(proposal.id, proposal.edits, deadline, proposal.context, trial=True, basis=basis)
            return await self._entries.make(change)

        try:
            return await self._definitions.judged(proposal.edits, decide, unchecked=proposal.unchecked)
        except (EntryNotFoundError, PreconditionError) as error:  # of a single edit
            raise EditsRefusedError((Refusal(0, proposal.edits[0].key, error),)) from None

    async def _kept(self, namespace: str, id_: UUID) -> Proposal:
        """Return a proposal of which a step was taken: the answer is not refused any more."""
        return _found(await self._asking.ask_regardless(lambda: self._store.find(namespace, id_)))

    def _sponsor(self, proposer: Identity) -> str | None:
        """Return the person who made the key that proposes; None for a proposer that is no key."""
        if proposer.kind is not Kind.KEY:
            return None
        maker = next((key.given_by for key in self._given.in_force.keys if key.id == proposer.subject), RESERVED)
        if self._is_person(maker):
            return maker
        raise DecisionBarredError("a key proposes for the person who made it, and no person made this one")

    def _emergency(self, client: Identity, proposal: Proposal) -> str:
        """Return the name of the grant by which a client acts in an emergency."""
        role = Role.ADMINISTRATOR if proposal.of_definition else Role.APPROVER
        for grant in self._given.in_force.grants:
            mine = grant.issuer == client.issuer and (
                grant.subject == client.subject if grant.group is None else grant.group in client.groups
            )
            others = grant.given_by != client.name and self._is_person(grant.given_by)
            if grant.emergency and mine and others and approves((grant.right,), proposal.namespace, role):
                return grant.name
        raise DecisionBarredError(
            f"no emergency is in force for you in this namespace: another person gives you the role {role}, as an"
            " emergency (PUT /v1/grants/{grant})"
        )

    def _is_person(self, name: str) -> bool:
        return name.partition(":")[0] in self._people

    async def _surely(self, step: Callable[[float], Awaitable[T]]) -> T:
        """Take a step that the store takes at most once, again and again until its outcome is known or time is up."""
        deadline, failures, unknown = time.monotonic() + self._seconds, 0, False
        self._retries.earn()
        while True:
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + deadline - time.monotonic()):
                    return await step(deadline)
            except TimeoutError:
                raise OutcomeUnknownError("the database did not answer in time") from None
            except UnavailableError as error:
                failures += 1
                unknown = unknown or isinstance(error, OutcomeUnknownError)
                again = unknown or (isinstance(error, TransientError) and self._retries.permits(failures))
                if time.monotonic() >= deadline or not again:
                    raise OutcomeUnknownError(str(error)) if unknown else error from None
            await asyncio.sleep(self._retries.pause_seconds(failures))


def _found(proposal: Proposal | None) -> Proposal:
    if proposal is None:
        raise ProposalNotFoundError
    return proposal


def _faults(error: InvalidValuesError) -> tuple[Fault, ...]:
    stored = "the stored entry: " if error.stored else ""
    return tuple(
        Fault(each.index, each.key, f"{stored}{each.violation.pointer or '(the whole)'}: {each.violation.message}")
        for each in error.breaches
    )
