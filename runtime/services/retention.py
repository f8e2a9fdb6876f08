"""The history of a namespace as far as its definition lets it be looked back at (``retention_days``)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from runtime.domain.history import NotKeptError, Past

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from uuid import UUID

    from runtime.domain.entries import Page, Version
    from runtime.domain.history import Differences, KeyVersions, NamespaceChange, NamespaceChanges, Recorded
    from runtime.ports.entries import HistoryStore


def utc_now() -> datetime:
    """Return the present time."""
    return datetime.now(UTC)


class RetainedHistory:
    """A ``HistoryStore`` whose namespaces are looked back at for as many days as each one says.

    ``days`` is None for a namespace that says nothing. The oldest version of a namespace is that of the store so many
    days ago: entries that were there then are answered, and earlier values raise
    :class:`runtime.domain.history.NotKeptError` or are not listed. The store keeps its events.
    """

    def __init__(
        self,
        store: HistoryStore,
        days: Callable[[str], Awaitable[int | None]],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._store = store
        self._days = days
        self._now = now

    async def at(self, time: datetime) -> Version:
        """Return the version of the store at a time, as the store does: it is of every namespace."""
        return await self._store.at(time)

    async def read(self, namespace: str, keys: Sequence[str], at: Version | None) -> Past:
        """Return the entries of keys at a version, also before the oldest one where they had not changed until then."""
        oldest = None if at is None else await self._oldest_after(namespace, at)
        if at is None or oldest is None:
            return await self._store.read(namespace, keys, at)
        entries = (await self._store.read(namespace, keys, oldest)).entries
        if all(entry is not None and entry.version.revision <= at.revision for entry in entries):
            return Past(entries, at)
        raise NotKeptError(oldest)

    async def scan(self, namespace: str, after: str, limit: int, at: Version) -> Page:
        """Return a page of the entries at a version."""
        await self._require_kept(namespace, at)
        return await self._store.scan(namespace, after, limit, at)

    async def versions(self, namespace: str, key: str, before: Version | None, limit: int) -> KeyVersions:
        """Return versions of a key, newest first, down to the one that was in force at the oldest version."""
        page, oldest = await self._store.versions(namespace, key, before, limit), await self._oldest(namespace)
        if oldest is None:
            return page
        kept = [each for each in page.versions if each.version.revision > oldest.revision]
        rest = page.versions[len(kept) :]
        if before is None or before.revision > oldest.revision:
            kept += [each for each in rest[:1] if each.digest is not None]
        return replace(page, versions=tuple(kept), next=None if rest else page.next, oldest=oldest)

    async def version(self, namespace: str, key: str, at: Version) -> Recorded:
        """Return the version that a change of exactly this revision made."""
        found = await self._store.version(namespace, key, at)
        oldest = await self._oldest_after(namespace, at)
        if oldest is not None:
            (entry,) = (await self._store.read(namespace, [key], oldest)).entries
            if entry is None or entry.version != at:
                raise NotKeptError(oldest)
        return found

    async def changes(self, namespace: str, before: Version | None, limit: int) -> NamespaceChanges:
        """Return changes of a namespace after the oldest version, newest first."""
        page, oldest = await self._store.changes(namespace, before, limit), await self._oldest(namespace)
        if oldest is None:
            return page
        kept = tuple(each for each in page.changes if each.version.revision > oldest.revision)
        complete = len(kept) < len(page.changes)
        return replace(page, changes=kept, next=None if complete else page.next, oldest=oldest)

    async def differences(
        self, namespace: str, start: Version, end: Version | None, before: Version | None, limit: int
    ) -> Differences:
        """Return the keys of a namespace that differ between two versions."""
        await self._require_kept(namespace, start)
        return await self._store.differences(namespace, start, end, before, limit)

    async def made(self, change: UUID, namespace: str) -> NamespaceChange | None:
        """Return the change with an id, of any age: a repeated request is answered as it was."""
        return await self._store.made(change, namespace)

    async def _require_kept(self, namespace: str, at: Version) -> None:
        oldest = await self._oldest_after(namespace, at)
        if oldest is not None:
            raise NotKeptError(oldest)

    async def _oldest_after(self, namespace: str, at: Version) -> Version | None:
        """Return the oldest version of the namespace if it is later than ``at`` in the same history, or None."""
        oldest = await self._oldest(namespace)
        return oldest if oldest is not None and oldest.epoch == at.epoch and at.revision < oldest.revision else None

    async def _oldest(self, namespace: str) -> Version | None:
        """Return the oldest version by the namespace's own retention; None without one, or behind the store's."""
        days = await self._days(namespace)
        if days is None:
            return None
        try:
            return await self._store.at(self._now() - timedelta(days=days))
        except NotKeptError:
            return None
