"""Protocols of the stores of rights and of proposals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from runtime.domain import grants
    from runtime.domain.audit import Note
    from runtime.domain.entries import Version
    from runtime.domain.proposals import NewProposal, Proposal, State, Vote


class AccessStore(Protocol):
    """Grants and keys of machines. Every call may raise :class:`UnavailableError`.

    What changes something records its note in the audit trail with the change, or neither.
    """

    async def read(self, known: int | None) -> grants.Given | None:
        """Return everything that is given, or None when its position is the ``known`` one."""

    async def put_grant(self, grant: grants.Grant, note: Note) -> bool | None:
        """Give a right, or replace the one of this name; return whether it is new.

        Returns None, and changes nothing, when the name is that of a grant in other namespaces.
        """

    async def remove_grant(self, grant: grants.Grant, note: Note) -> bool:
        """Take a right back, unless the name is by now one in other namespaces; return whether there was one."""

    async def put_key(self, key: grants.MachineKey, note: Note) -> None:
        """Keep a new key."""

    async def remove_key(self, id_: str, note: Note) -> bool:
        """Revoke a key, and return whether there was one."""


class ProposalStore(Protocol):
    """Proposals of changes. Every call may raise :class:`UnavailableError`.

    What changes something records its notes in the audit trail with the change, or neither. Whatever is sent again
    because its outcome is unknown is done once.
    """

    async def find(self, namespace: str, id_: UUID) -> Proposal | None:
        """Return the proposal of a namespace with an id, or None."""

    async def page(self, namespace: str, state: State | None, before: int | None, limit: int) -> Sequence[Proposal]:
        """Return at most ``limit`` proposals with a lower number than ``before``, newest first; None is any state.

        Their edits have no values, which could be large.
        """

    async def put(self, proposal: NewProposal, note: Note, deadline: float) -> None:
        """Keep a proposal; do nothing for one that is kept already.

        Raises :class:`runtime.domain.entries.IdReusedError` where the id is that of another one, or
        :class:`runtime.domain.proposals.ProposalsFullError`.
        """

    async def approve(self, vote: Vote) -> Version | None:
        """Approve a proposal and, where that was the last approval it needed, make its change, in one transaction.

        Returns the version of the change; None where more approvals are needed. What was approved before is approved
        once. Where the change is refused, that is recorded, and
        :class:`runtime.domain.proposals.ProposalRefusedError` raised, now and again.

        Raises, and records nothing: ``ProposalNotFoundError``, ``ProposalClosedError`` or ``DecisionBarredError``; and
        where the vote was judged under another basis, :class:`runtime.domain.entries.RedefinedError` or
        ``NamespaceMovedError``; or ``ChangeExpiredError``.
        """

    async def close(
        self, namespace: str, id_: UUID, client: str, reason: str | None, state: State, note: Note, deadline: float
    ) -> None:
        """Reject or withdraw an open proposal, which ``state`` says; do nothing if the client has done that already.

        Raises ``ProposalNotFoundError``, ``ProposalClosedError`` or ``DecisionBarredError``.
        """
