"""The protocol of the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.audit import Note


@dataclass(frozen=True, slots=True)
class Trail:
    """The state of the audit trail: the records in the chain, and how long others wait (seconds).

    ``unsealed_seconds`` is the age of the oldest event or note that is not in the chain, ``unanchored_seconds`` that of
    the oldest record that no anchor covers; 0 where there is none.
    """

    length: int
    unsealed_seconds: float
    unanchored_seconds: float


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The records to list: at most ``limit`` of them, after the place ``after`` in the chain.

    ``since`` and ``until`` are times as records hold them, of which the latter is excluded; None is anything.
    """

    after: int
    limit: int
    since: str | None = None
    until: str | None = None
    actor: str | None = None
    namespace: str | None = None
    kind: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record of the chain: its place, its canonical JSON, and its link in hexadecimal."""

    sequence: int
    record: str
    link: str


@dataclass(frozen=True, slots=True)
class SealedPage:
    """Records in the order of the chain, and whether more follow.

    The oldest record that is kept is ``first``, and ``previous`` is the link before it, in hexadecimal.
    """

    records: tuple[Sealed, ...]
    more: bool
    first: int
    previous: str


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head of the chain that was signed: the canonical JSON of the statement, and its signature."""

    sequence: int
    statement: str
    signature: str


class AuditTrail(Protocol):
    """The append-only audit trail. Every call may raise :class:`UnavailableError`."""

    async def note(self, notes: Sequence[tuple[Note, float]]) -> None:
        """Record notes, each with the seconds that have passed since; a repeated one is recorded once."""

    async def state(self) -> Trail:
        """Return the state of the trail."""

    async def seal(self, most: int) -> int:
        """Append up to ``most`` events and notes to the chain, and return how many; 0 while another worker does."""

    async def page(self, wanted: AuditFilter) -> SealedPage:
        """Return a page of the chain."""

    async def anchors(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Return at most ``limit`` signed heads of records after the place ``after``, in order."""
