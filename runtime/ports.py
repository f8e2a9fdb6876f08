"""Protocols of the servers that the service needs, and their errors."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.buckets import Shape
    from runtime.domain.entries import Entry, Json, Page
    from runtime.domain.preconditions import Conditions


class UnavailableError(Exception):
    """A server that the request needs does not respond; the message holds neither address nor credential."""


class TransientError(UnavailableError):
    """A failure that changed nothing, so that the call can be retried."""


class OutcomeUnknownError(UnavailableError):
    """The connection broke during the commit of a change, so that its outcome is unknown."""


class EntryStore(Protocol):
    """Entries and their append-only events. Every call may raise :class:`UnavailableError`."""

    async def open(self) -> None:
        """Prepare the store; its server may still be unavailable."""

    async def close(self) -> None:
        """Release every connection."""

    async def ping(self) -> None:
        """Return when the store responds."""

    async def read(self, namespace: str, key: str) -> Entry | None:
        """Return the entry, or None when it does not exist."""

    async def scan(self, namespace: str, after: str, limit: int) -> Page:
        """Return at most ``limit`` entries with keys above ``after``; large values make a page shorter."""

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[Entry, bool]:
        """Create or replace the entry and record the event; return the entry, and whether it is new.

        Raises the errors of :func:`runtime.domain.preconditions.permit_change`, which sees one change after another.
        """

    async def remove(self, namespace: str, key: str, conditions: Conditions) -> None:
        """Delete the entry and record the event; raise as ``write`` does, or ``EntryNotFoundError``."""


class Follower(Protocol):
    """A receiver of changes: between ``begin`` and ``lose`` it receives each one, in the order of revisions."""

    @property
    def revision(self) -> int:
        """The last revision that it received; it received all earlier ones too."""

    def begin(self, revision: int) -> None:
        """Expect every change after ``revision`` from now on; earlier knowledge may be outdated."""

    def changed(self, revision: int, namespace: str, key: str) -> None:
        """Receive the creation, replacement or removal of an entry; the same change may arrive twice."""

    def confirm(self, asked_at: float) -> None:
        """Learn that every change committed by ``asked_at`` (seconds of the monotonic clock) was received."""

    def lose(self) -> None:
        """Expect no more changes, because the feed is interrupted."""


class ChangeFeed(Protocol):
    """A feed of the changes of every worker of every replica."""

    async def follow(self, follower: Follower) -> None:
        """Send changes to the follower until cancelled; a broken feed restarts by itself."""


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
