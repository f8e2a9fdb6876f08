"""Proposals: changes of a namespace that are made once enough people have approved them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from runtime.domain.identity import Identity, Kind, Right, Role, parse_right

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from runtime.domain.audit import Note
    from runtime.domain.entries import Basis, Context, Edit, Version
    from runtime.domain.preconditions import Tags

LIFETIME = timedelta(days=7)
"""The time for which a proposal is open. A later change is proposed again, and looked at anew by everybody."""

MOST_OPEN = 100
"""The most open proposals of a namespace, each of at most one body."""

BARRED_OWN = "nobody decides about a proposal of their own, or of a key that they made: somebody else does"
OF_OTHERS = "a proposal is withdrawn by who proposed it: reject it"
BARRED_EMERGENCY = "the emergency is not in force any more, or was given by you: somebody else gives it"
NAMESPACE_REMOVED = "the namespace was removed, or its definition"


class State(StrEnum):
    """The state of a proposal: all but the first are final."""

    OPEN = "open"
    MADE = "made"
    """Enough people approved it, and its change was made."""
    REFUSED = "refused"
    """Enough people approved it, and its change was refused: something that it rests on had changed."""
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class NewProposal:
    """Edits of one namespace that are proposed; ``id`` is also that of the change that is made.

    ``sponsor`` is who made the key, where the proposer is a key of a machine. Of a definition, ``unchecked`` says that
    stored entries may violate its schema.
    """

    id: UUID
    edits: tuple[Edit, ...]
    context: Context
    sponsor: str | None = None
    unchecked: bool = False

    @property
    def namespace(self) -> str:
        """The namespace of every edit."""
        return self.edits[0].namespace

    @property
    def digest(self) -> str:
        """The SHA-256 of the edits, in hexadecimal."""
        return digest_of(self.edits)

    @property
    def recorded(self) -> dict[str, str]:
        """The proposal as the audit trail has it, which is without its values."""
        return _recorded(self.id, self.context, self.digest)


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval, with the approver as the proof said; ``reason`` may be None."""

    identity: Identity
    at: datetime
    reason: str | None = None

    @property
    def approver(self) -> str:
        """The name of who approved."""
        return self.identity.name


@dataclass(frozen=True, slots=True)
class Decision:
    """The end of a proposal; ``emergency`` names the grant by which it was made without approvals."""

    at: datetime
    by: str
    reason: str | None = None
    emergency: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason for which an edit could not be made; ``stale`` is whether another version was there by then."""

    index: int
    key: str
    detail: str
    stale: bool = False

    @property
    def members(self) -> dict[str, Any]:
        """The fault as it is stored and answered."""
        return {"index": self.index, "key": self.key, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposal at a time; ``number`` orders those of a store.

    ``needed`` is the number of approvals that its change needs now, or needed when it ended. ``version`` is that of the
    change, ``faults`` are the reasons for which it was refused.
    """

    number: int
    id: UUID
    edits: tuple[Edit, ...]
    context: Context
    sponsor: str | None
    unchecked: bool
    proposed_at: datetime
    expires_at: datetime
    state: State
    needed: int
    approvals: tuple[Approval, ...] = ()
    decision: Decision | None = None
    version: Version | None = None
    faults: tuple[Fault, ...] = ()

    @property
    def namespace(self) -> str:
        """The namespace of every edit."""
        return self.edits[0].namespace

    @property
    def recorded(self) -> dict[str, str]:
        """The proposal as the audit trail has it, which is without its values."""
        return _recorded(self.id, self.context, digest_of(self.edits))

    @property
    def of_definition(self) -> bool:
        """Whether it is about the definition of the namespace, and not about entries."""
        return not self.edits[0].key


@dataclass(frozen=True, slots=True)
class Vote:
    """An approval that is being given; ``notes`` record it and what follows from it.

    ``discounted`` are earlier approvers whose right was taken since. ``emergency`` names the grant by which the change
    is made without approvals. The change is made under ``basis``, under which its edits have the ``faults``, before
    ``deadline`` (seconds of the monotonic clock).
    """

    id: UUID
    namespace: str
    identity: Identity
    reason: str | None
    discounted: tuple[str, ...]
    emergency: str | None
    basis: Basis
    faults: tuple[Fault, ...]
    deadline: float
    notes: tuple[Note, Note]


class ProposalNotFoundError(Exception):
    """The namespace has no proposal with this id."""


class ProposalClosedError(Exception):
    """The proposal is over, in the state that is the argument."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class ProposalsFullError(Exception):
    """As many proposals of the namespace are open as may be."""


class DecisionBarredError(Exception):
    """The client has the role, and may not decide about this proposal; the message says why."""


class ProposalRefusedError(Exception):
    """Enough people approved the proposal, and its change was refused for the reasons in ``faults``."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(faults)
        self.faults = faults

    @property
    def stale(self) -> bool:
        """Whether something that the change replaces is not what was approved."""
        return any(fault.stale for fault in self.faults)


def digest_of(edits: tuple[Edit, ...]) -> str:
    """Return the SHA-256 of edits, with their values as they are written and their preconditions."""
    texts = [
        [edit.key, edit.value, _written(edit.conditions.if_match), _written(edit.conditions.if_none_match)]
        for edit in edits
    ]
    return hashlib.sha256(json.dumps(texts, separators=(",", ":")).encode()).hexdigest()


def standing(identity: Identity) -> dict[str, Any]:
    """Return the members from which :func:`identity_of` makes the identity again."""
    return {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "kind": identity.kind,
        "groups": sorted(identity.groups),
        "rights": [str(right) for right in identity.rights],
    }


def identity_of(members: dict[str, Any]) -> Identity:
    """Return the identity of :func:`standing`."""
    rights = (parse_right(text) for text in members["rights"])
    groups = frozenset(members["groups"])
    kept = tuple(right for right in rights if right is not None)
    return Identity(members["issuer"], members["subject"], Kind(members["kind"]), groups, kept)


def approves(rights: tuple[Right, ...], namespace: str, role: Role = Role.APPROVER) -> bool:
    """Return whether one of the rights is the role, or a higher one, in a namespace."""
    return any(right.role.rank >= role.rank and right.covers(namespace) for right in rights)


def _recorded(id_: UUID, context: Context, digest: str) -> dict[str, str]:
    return {"id": str(id_), "proposer": context.actor, "sha256": digest}


def _written(tags: Tags | None) -> str | list[str] | None:
    if tags is None:
        return None
    return "*" if tags.anything else sorted(tags.strong)
