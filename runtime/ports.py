"""What the service needs from outside, as protocols, and the named ways in which it can be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.buckets import Shape
    from runtime.domain.entries import Entry, Json, Page
    from runtime.domain.preconditions import Conditions


class UnavailableError(Exception):
    """A server that the request needs does not answer; the message names neither address nor credential."""


class TransientError(UnavailableError):
    """A failure that certainly changed nothing: the same call may be made again."""


class OutcomeUnknownError(UnavailableError):
    """The connection broke while a change was being committed: it may or may not have happened."""


class EntryStore(Protocol):
    """Entries and their append-only events. Every call may raise :class:`UnavailableError`."""

    async def open(self) -> None:
        """Prepare the store; its server need not be there yet."""

    async def close(self) -> None:
        """Release every connection."""

    async def ping(self) -> None:
        """Return when the store can answer."""

    async def read(self, namespace: str, key: str) -> Entry | None:
        """Return the entry, or None when there is none."""

    async def scan(self, namespace: str, after: str, limit: int) -> Page:
        """Return at most ``limit`` entries whose keys follow ``after``; large values make a page shorter."""

    async def write(self, namespace: str, key: str, value: Json, conditions: Conditions) -> tuple[Entry, bool]:
        """Create or replace the entry and record the event; return it, and whether it is new.

        Raises what :func:`runtime.domain.preconditions.permit_change` raises; concurrent writers are judged one by one.
        """

    async def remove(self, namespace: str, key: str, conditions: Conditions) -> None:
        """Delete the entry and record the event, judged as ``write`` is; absent: ``EntryNotFoundError``."""


class Follower(Protocol):
    """Who is told of changes. Between ``begin`` and ``lose`` it hears of each one, in the order of the revisions."""

    @property
    def revision(self) -> int:
        """The last change that it has heard of; it has heard of every one before."""

    def begin(self, revision: int) -> None:
        """Every change after ``revision`` will be told from now on; what was known until now may be outdated."""

    def changed(self, revision: int, namespace: str, key: str) -> None:
        """The entry was created, replaced or removed; the same change may be told twice."""

    def confirm(self, asked_at: float) -> None:
        """Every change was told that had been committed by ``asked_at`` (seconds of the monotonic clock)."""

    def lose(self) -> None:
        """Changes are told no more."""


class ChangeFeed(Protocol):
    """The changes that any worker of any replica makes."""

    async def follow(self, follower: Follower) -> None:
        """Tell the follower of changes until cancelled; a feed that breaks begins again by itself."""


@dataclass(frozen=True, slots=True)
class KeyedBucket:
    """A bucket of the shared store. Buckets debited together have keys of one hash slot."""

    key: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class Grant:
    """``tokens`` taken from every bucket alike; none: each holds one after ``wait_microseconds``, if nobody else asks.

    ``levels`` are those left behind, in parts of a token, in the order of the buckets.
    """

    tokens: int
    wait_microseconds: int
    levels: tuple[int, ...]


class TokenBuckets(Protocol):
    """Token buckets shared by every worker of every replica. Every call may raise :class:`UnavailableError`."""

    async def close(self) -> None:
        """Release every connection."""

    async def ping(self) -> None:
        """Return when the buckets can answer."""

    async def take(self, buckets: Sequence[KeyedBucket], wanted: int) -> Grant:
        """Take from 1 to ``wanted`` tokens from every bucket, fewer near the end of one, or none from any."""

    async def give_back(self, buckets: Sequence[KeyedBucket], tokens: int) -> None:
        """Return tokens that were taken and not spent; what a bucket cannot hold is lost."""
