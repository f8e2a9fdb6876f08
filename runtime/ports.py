"""Protocols of the servers that the service needs, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from runtime.domain import grants
    from runtime.domain.audit import Note
    from runtime.domain.buckets import Shape
    from runtime.domain.deliveries import Delivery, DeliveryState, KeptDelivery, Place, Subscriber, Subscription
    from runtime.domain.entries import Change, Found, Layers, Made, Mark, Page, Version, Whole
    from runtime.domain.history import (
        Differences,
        KeyVersions,
        NamespaceChange,
        NamespaceChanges,
        Past,
        Recorded,
    )
    from runtime.domain.namespaces import Names, Summaries
    from runtime.domain.notifications import KeptNotification, Notification
    from runtime.domain.proposals import NewProposal, Proposal, State, Vote


class Reason(StrEnum):
    """The reason for which a server (PostgreSQL, or an external service) could not be asked, or did not do it."""

    AWAY = "away"
    """No connection: refused, broken, or to a name that does not resolve."""
    SLOW = "slow"
    """No answer in time: it is frozen or cut off, or every connection of this worker is lent."""
    BUSY = "busy"
    """A lock or a statement took longer than the server permits."""
    FULL = "full"
    """No room for more connections, memory or data."""
    READ_ONLY = "read_only"
    UNCONFIRMED = "unconfirmed"
    """It is being promoted, and may have lost changes."""
    ACCESS_DENIED = "access_denied"
    """A wrong password, role or database, or missing rights."""
    SCHEMA_MISSING = "schema_missing"
    """The migrations of this release have not been applied."""
    OTHER_PARTITIONS = "other_partitions"
    """Its entries have another number of partitions than the settings say."""
    FAILED = "failed"
    """It answers with an error of its own: a status of HTTP from 500 on."""

    @property
    def refuses(self) -> bool:
        """Whether the server answers, and what it refuses is this process: waiting does not help."""
        return self in (Reason.ACCESS_DENIED, Reason.SCHEMA_MISSING, Reason.OTHER_PARTITIONS)


@dataclass(frozen=True, slots=True)
class Outage:
    """The reason for which a server is not used, and the monotonic time ``since`` when."""

    reason: Reason | Fault
    since: float


class CircuitState(StrEnum):
    """The state of a circuit to a server; calls pass through a closed one."""

    CLOSED = "closed"
    HALF_OPEN = "half_open"
    """One call at a time passes, as a probe."""
    OPEN = "open"


class Circuit(Protocol):
    """A circuit to a server, and why it is not closed."""

    @property
    def state(self) -> CircuitState:
        """The state of the circuit."""

    @property
    def outage(self) -> Outage | None:
        """The reason for which the server is not used, None while it is."""


@dataclass(frozen=True, slots=True)
class Schema:
    """The number of the last migration that a database has, None before anyone has looked, and the one ``needed``."""

    found: int | None
    needed: int


@dataclass(frozen=True, slots=True)
class Pool:
    """The connections that a pool may open, those that are lent, and the calls that wait for one.

    ``refused`` counts the calls that found too many others waiting, or waited for too long.
    """

    size: int
    in_use: int
    waiting: int
    refused: int = 0


class UnavailableError(Exception):
    """A server that the request needs does not respond; the message holds neither address nor credential.

    ``retry_after_seconds`` is the time that the server asks for, if it does.
    """

    def __init__(self, text: str = "", reason: Reason = Reason.AWAY, retry_after_seconds: float | None = None) -> None:
        super().__init__(text)
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds


class TransientError(UnavailableError):
    """A failure that changed nothing, so that the call can be repeated at once."""


class RefusedError(UnavailableError):
    """An external service has answered, but not with what was asked of it: it is not away."""


class NotAskedError(UnavailableError):
    """An external service was not asked: its circuit is open, or every connection of this worker is in use."""


class OverloadedError(UnavailableError):
    """More calls wait for the server than it makes; this one was not made."""

    def __init__(self) -> None:
        super().__init__("more requests wait for the database than it answers, so this one was not sent")


class OutcomeUnknownError(UnavailableError):
    """The connection broke after changes had been sent, so that it is unknown whether they were made."""


Result: TypeAlias = "tuple[Made, ...] | Exception"
"""The result of a change: its edits as they were made, or the reason why nothing was made."""


class EntryStore(Protocol):
    """Entries and their append-only events. Every call may raise :class:`UnavailableError`."""

    @property
    def history(self) -> HistoryStore:
        """The history of the same entries."""

    async def open(self) -> None:
        """Prepare the store; its server may still be unavailable."""

    async def close(self) -> None:
        """Release every connection."""

    def pools(self) -> Mapping[str, Pool]:
        """Return the pools of connections, by what they are for."""

    @property
    def circuits(self) -> Mapping[str, Circuit]:
        """The circuits of the store itself, by their targets."""

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Found:
        """Return the entry, or its absence, in a snapshot at ``at_least`` or later.

        Raises :class:`runtime.domain.entries.OtherHistoryError` when ``at_least`` is not of the present history.
        """

    async def scan(
        self, namespace: str, after: str, limit: int, at_least: Version | None = None, prefix: str = ""
    ) -> Page:
        """Return at most ``limit`` entries with keys above ``after`` and of the prefix; large values shorten a page."""

    async def whole(self, namespace: str, at_least: Version | None = None) -> Whole:
        """Return all entries of the namespace; ``TooLargeError`` when they are more than is answered at once."""

    async def layers(self, namespace: str, at_least: Version | None = None, *, actors: bool = False) -> Layers:
        """Return the namespace and those that it inherits from, with all entries; ``actors`` asks who wrote them.

        ``TooLargeError`` when the entries are more than is answered at once.
        """

    async def namespaces(
        self,
        names: Sequence[Names],
        after: str,
        limit: int,
        labels: Mapping[str, str],
        at_least: Version | None = None,
    ) -> Summaries:
        """Return at most ``limit`` of the namespaces with these ``names`` above ``after``, those with all ``labels``.

        A page may be shorter, and has no other namespace's name.
        """

    async def change(self, changes: Sequence[Change]) -> Sequence[Result]:
        """Make each change by itself, one after another, and return their results in the same order.

        An error in a result is one of :func:`runtime.domain.preconditions.permit_change`, or ``EntryNotFoundError``; of
        a change of several edits ``EditsRefusedError``, which has all of them. Or it is one of the change as a whole:
        ``ChangeExpiredError``, ``IdReusedError``, ``RedefinedError``, ``LayerError`` or, for another version of the
        namespace, ``PreconditionFailedError``. Changes whose outcome is unknown can be sent again: each is made at most
        once.
        """


class HistoryStore(Protocol):
    """The history of entries. Every call may raise :class:`UnavailableError`.

    A version raises :class:`runtime.domain.entries.OtherHistoryError` unless it is of the present history, and
    :class:`runtime.domain.history.NotKeptError` when it is older than what is kept.
    """

    async def at(self, time: datetime) -> Version:
        """Return the version of the store at a time of the primary's clock.

        Raises :class:`runtime.domain.history.UnsettledTimeError` for one that is not ``SETTLED_SECONDS`` ago.
        """

    async def read(self, namespace: str, keys: Sequence[str], at: Version | None) -> Past:
        """Return the entries of keys at a version; None is the present one.

        An entry is known also before the oldest version that is kept, where it has not changed since.
        """

    async def scan(self, namespace: str, after: str, limit: int, at: Version) -> Page:
        """Return a page of the entries at a version, as :meth:`EntryStore.scan`.

        A page ends early where many keys in a row had no entry then.
        """

    async def versions(self, namespace: str, key: str, before: Version | None, limit: int) -> KeyVersions:
        """Return at most ``limit`` versions of a key before a version, newest first; large values make fewer."""

    async def version(self, namespace: str, key: str, at: Version) -> Recorded:
        """Return the version that a change of exactly this revision made.

        Raises :class:`runtime.domain.history.VersionNotFoundError` when there is none.
        """

    async def changes(self, namespace: str, before: Version | None, limit: int) -> NamespaceChanges:
        """Return at most ``limit`` changes of a namespace before a version, newest first."""

    async def differences(
        self, namespace: str, start: Version, end: Version | None, before: Version | None, limit: int
    ) -> Differences:
        """Return the keys that differ between two versions, of those that changed last before a version.

        ``start`` is not later than ``end``, which is the present version if it is None. A page may hold more than
        ``limit``: the keys that changed together are on one page.
        """

    async def made(self, change: UUID, namespace: str) -> NamespaceChange | None:
        """Return the change with an id, and its edits in the namespace; None when there is none."""


class Follower(Protocol):
    """A receiver of changes: between ``begin`` and ``lose`` it receives each one, in the order of revisions."""

    @property
    def version(self) -> Version | None:
        """The last change that it received; it received all earlier ones of the history too."""

    def begin(self, version: Version) -> None:
        """Expect every change after ``version`` from now on; everything known before may be outdated."""

    def changed(self, after: int, revision: int, names: Iterable[tuple[str, str]]) -> None:
        """Receive the namespaces and keys that changed after the revision ``after``, up to ``revision``.

        The same changes may arrive twice. When earlier ones are missing, they arrive later together with these.
        """

    def confirm(self, asked_at: float) -> None:
        """Learn that every change committed by ``asked_at`` (seconds of the monotonic clock) was received."""

    def lose(self) -> None:
        """Expect no more changes, because the feed is interrupted."""


class ChangeFeed(Protocol):
    """A feed of the changes of every worker of every replica."""

    @property
    def outage(self) -> Outage | None:
        """The reason for which it is interrupted; None while it works, and before its first attempt has ended."""

    @property
    def schema(self) -> Schema:
        """The last migration of the database, and that of this release."""

    async def follow(self, follower: Follower) -> None:
        """Send changes to the follower until cancelled; a broken feed restarts by itself."""


class HighWater(Protocol):
    """The latest change that any worker knows, kept outside of the store, to notice a store that lost it.

    Every call may raise :class:`UnavailableError`.
    """

    async def read(self) -> Mark | None:
        """Return the latest change; None when none is kept."""

    async def raise_to(self, mark: Mark) -> None:
        """Keep a change, unless a later one of the same history is kept."""


@dataclass(frozen=True, slots=True)
class KeyedBucket:
    """A bucket of the shared store. Keys of buckets that are debited together share a hash slot."""

    key: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Grant:
    """A number of ``tokens`` taken from every bucket; at 0, each bucket holds one after ``wait_microseconds``.

    The wait assumes that nobody else takes tokens. ``levels`` are the levels that remain, in parts of a token, in the
    order of the buckets.
    """

    tokens: int
    wait_microseconds: int
    levels: tuple[int, ...]


class Fault(StrEnum):
    """The reason for which the shared buckets could not be asked, or did not do what they were asked."""

    AWAY = "away"
    """No connection: refused, broken, or to a name that does not resolve."""
    SLOW = "slow"
    """No answer in time."""
    READ_ONLY = "read_only"
    OUT_OF_MEMORY = "out_of_memory"
    TOO_FEW_REPLICAS = "too_few_replicas"
    LOADING = "loading"
    ACCESS_DENIED = "access_denied"
    """A wrong password, or a user without the right to what is needed."""
    BROKEN_KEY = "broken_key"
    """The script failed on what a key holds; other clients' keys are not concerned."""
    POOL_FULL = "pool_full"
    """Every connection of this worker is lent: it says nothing about the server."""
    REFUSED = "refused"
    """Any other refusal, such as a server that cannot save to its disk."""
    NO_SENTINEL = "no_sentinel"
    """No sentinel names the primary: the last one that was named is used on."""


class BucketsUnavailableError(UnavailableError):
    """The shared buckets could not be debited, and ``fault`` says why; tokens may be lost, but none is gained."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"Redis cannot count requests ({fault.value.replace('_', ' ')})")
        self.fault = fault


class TokenBuckets(Protocol):
    """Token buckets shared by every worker of every replica; calls may raise :class:`BucketsUnavailableError`."""

    async def close(self) -> None:
        """Release every connection."""

    async def probe(self) -> None:
        """Return when a token was taken from a bucket that only probes use: what requests need, writing included."""

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        """Take from 1 to ``wanted`` tokens from every bucket, fewer near the end of one, or none from any."""


class ExternalPool(Protocol):
    """Connections to external services."""

    @property
    def pool(self) -> Pool:
        """The connections that may be open, those of calls in progress, and the calls that wait for one."""

    async def close(self) -> None:
        """Close every connection."""


class KeySource(Protocol):
    """The published keys of issuers of tokens."""

    async def fetch(self, issuer: str) -> Mapping[str, Any]:
        """Return the JWK Set (RFC 7517) of an issuer, or raise :class:`UnavailableError`, in bounded time.

        An answer that is no such set is a :class:`RefusedError`.
        """


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


@dataclass(frozen=True, slots=True)
class MemoryUse:
    """The memory that is used and that cannot be reclaimed at once, and its limit (bytes)."""

    used: int
    limit: int


class MemoryReader(Protocol):
    """A reader of the memory that this worker and its container use."""

    def container(self) -> MemoryUse | None:
        """Return the use of the container's memory, without file cache that can be dropped; None without a limit."""

    def private_bytes(self) -> int:
        """Return the memory of this process that belongs to no file, with that which forked processes still share."""

    def give_back(self) -> None:
        """Return freed memory to the operating system."""


class DatedSecret(Protocol):
    """A secret of which is known when it was last rotated."""

    def rotated_at(self) -> datetime | None:
        """Return when the secret that is in use was made; None where nothing tells it."""


class UnsignedError(Exception):
    """There are no keys to sign or to verify by; the text holds nothing of them."""


class KeyRing(Protocol):
    """The keys of one subscriber or connector: one, or a new one and the one before it."""

    def current(self) -> tuple[bytes, ...]:
        """Return the keys that are valid now; raise :class:`UnsignedError` without any."""


class Receiver(Protocol):
    """A subscriber's receiver of events."""

    async def deliver(self, id_: str, event: bytes) -> None:
        """Return once the receiver has taken a CloudEvent in the JSON format, with this id, in bounded time.

        Raises:
            runtime.domain.deliveries.GoneError: it takes no further event.
            runtime.domain.deliveries.DeliveryError: it refuses the event.
            UnavailableError: it fails or does not answer, so that it may have taken the event.
            UnsignedError: nothing was sent, since the event cannot be signed.
        """


class DeliveryQueue(Protocol):
    """The deliveries of changes to subscribers. Every call may raise :class:`UnavailableError`."""

    async def fan_out(self, subscription: Subscription, delay_seconds: float, bound: int, most: int) -> int:
        """Make deliveries of a subscriber's next events, until ``bound`` wait; return the number of changes passed.

        A subscriber that is new receives what changes from now on. At most ``most`` events are taken, and the others of
        the same change. ``delay_seconds`` is added to the ranks.
        """

    async def claim(
        self, subscribers: Sequence[str], lanes: int, run: int, visibility_seconds: float
    ) -> Sequence[Delivery]:
        """Claim the first deliveries of at most ``lanes`` lanes, by rank, and at most ``run`` of each lane, in order.

        They belong to the claim for ``visibility_seconds``; then another one may claim them.
        """

    async def done(self, delivery: Delivery) -> bool:
        """End a delivery that was made; return whether its claim still held it."""

    async def give_back(self, delivery: Delivery, fault: str | None, pause_seconds: float | None, *, bury: bool) -> str:
        """Give a delivery back with those of its lane that the same claim holds; return what became of it.

        That is ``lost`` (the claim held it no longer), ``released`` (without a fault: it was not tried), ``retried``
        after a pause or, without a pause, ``buried`` or ``dropped``, as ``bury`` says.
        """

    async def states(self) -> Sequence[Subscriber]:
        """Return the state of each subscriber, by name."""

    async def pause(self, subscriber: str, reason: str) -> bool:
        """Have nothing delivered to a subscriber until it is resumed; return whether it was not paused before."""

    async def resume(self, subscriber: str, note: Note) -> bool:
        """Have changes delivered again, with the note in the audit trail; return whether it was paused."""

    async def page(
        self,
        subscriber: str,
        state: DeliveryState | None,
        names: Sequence[Names],
        after: tuple[int, int],
        limit: int,
    ) -> Sequence[KeptDelivery]:
        """Return at most ``limit`` deliveries behind a revision and ordinal, in their order, without their events.

        ``names`` are those of their namespaces; ``state`` is None for any.
        """

    async def find(self, subscriber: str, revision: int, ordinal: int) -> KeptDelivery | None:
        """Return a delivery with its event, or None."""

    async def settle(self, letters: Mapping[Place, Note], *, replay: bool) -> int:
        """Have dead letters of one subscriber delivered again, or discard them; return the number that there were.

        The note of each is recorded in the audit trail with it.
        """


class NotificationStore(Protocol):
    """The notifications of connectors. Every call may raise :class:`UnavailableError`."""

    async def take(self, notification: Notification, note: Note) -> bool:
        """Keep a notification durably, with its note in the audit trail; return False where it is kept already."""

    async def page(self, namespace: str, after: int, limit: int) -> Sequence[KeptNotification]:
        """Return at most ``limit`` notifications to a namespace behind a number, in the order of their numbers.

        No later one gets a lower number than one that was returned.
        """
