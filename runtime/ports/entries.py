"""Protocols of the store of entries, of their history, and of the feed of changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

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
    from runtime.ports.availability import Circuit, Outage, Pool, Schema


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
