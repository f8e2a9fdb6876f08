"""The fake of the history of entries, which records what the fake of the store makes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from runtime.domain.entries import Entry, Page, Version
from runtime.domain.history import (
    SETTLED_SECONDS,
    Difference,
    Differences,
    Digest,
    KeyEdit,
    KeyVersion,
    KeyVersions,
    NamespaceChange,
    NamespaceChanges,
    NotKeptError,
    Past,
    Recorded,
    Side,
    UnsettledTimeError,
    VersionNotFoundError,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from runtime.domain.entries import Action, Change, Context, Json, Made
    from tests.runtime.fakes import MemoryEntries


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the table events; the action and the context are None in a row of the checkpoint."""

    revision: int
    ordinal: int
    change: UUID
    namespace: str
    key: str
    action: Action | None
    value: Json | None
    at: datetime
    context: Context | None


class MemoryHistory:
    """The history of a :class:`MemoryEntries`."""

    def __init__(self, entries: MemoryEntries) -> None:
        self.settled_seconds = SETTLED_SECONDS
        self.reads = 0
        self._entries = entries
        self._events: list[Event] = []
        self._checkpoint: list[Event] = []
        self._horizon = 0

    @property
    def events(self) -> Sequence[Event]:
        """The events that are kept, in their order."""
        return self._events

    @property
    def horizon(self) -> int:
        """The last revision whose events are kept no longer."""
        return self._horizon

    def record(self, change: Change, made: Sequence[Made]) -> None:
        """Keep what the edits of a change made."""
        for ordinal, (edit, each) in enumerate(zip(change.edits, made, strict=True)):
            name = edit.namespace, edit.key
            self._events.append(
                Event(
                    each.version.revision, ordinal, change.id, *name, each.action, edit.value, each.at, change.context
                )
            )

    def actor(self, entry: Entry) -> str | None:
        """Return who made a version of an entry, or None if that is no longer kept."""
        made = (it for it in self._events if (it.revision, it.key) == (entry.version.revision, entry.key))
        return next((it.context.actor for it in made if it.context is not None), None)

    def forget(self, revision: int) -> None:
        """Drop the events up to a revision behind a checkpoint, as retention does."""
        state = {(event.namespace, event.key): event for event in self._checkpoint}
        for event in self._events:
            if event.revision <= revision:
                state[(event.namespace, event.key)] = replace(event, ordinal=0, action=None, context=None)
        self._checkpoint = [event for event in state.values() if event.value is not None]
        self._events = [event for event in self._events if event.revision > revision]
        self._horizon = revision

    def age(self, revision: int, by: timedelta) -> None:
        """Make the events up to a revision older than they are."""
        self._events = [
            replace(event, at=event.at - by) if event.revision <= revision else event for event in self._events
        ]

    async def at(self, time: datetime) -> Version:
        self._ask(None)
        if time > datetime.now(UTC) - timedelta(seconds=self.settled_seconds):
            raise UnsettledTimeError
        found = max((event.revision for event in self._events if event.at <= time), default=self._horizon)
        if 0 < found == self._horizon:
            raise NotKeptError(self._version(self._horizon))
        return self._version(found)

    async def read(self, namespace: str, keys: Sequence[str], at: Version | None) -> Past:
        self._ask(at)
        version = at or self._entries.version
        found = [self._value(namespace, key, version) for key in keys]
        if None in found:
            self._require_kept(version)
        entries = (None if event is None or event.value is None else self._entry(event) for event in found)
        return Past(tuple(entries), version)

    async def scan(self, namespace: str, after: str, limit: int, at: Version) -> Page:
        self._ask(at)
        self._require_kept(at)
        known = [*self._checkpoint, *self._events]
        keys = sorted({event.key for event in known if event.namespace == namespace and event.key > after})
        events = (self._value(namespace, key, at) for key in keys)
        found = [self._entry(event) for event in events if event is not None and event.value is not None]
        page = tuple(found[:limit])
        return Page(page, page[-1].key if len(found) > limit else None, at)

    async def versions(self, namespace: str, key: str, before: Version | None, limit: int) -> KeyVersions:
        self._ask(before)
        found = [self._key_version(event) for event in self._of(namespace, key) if _earlier(event, before)]
        page = tuple(found[:limit])
        following = page[-1].version if len(found) > limit else None
        return KeyVersions(page, following, self._version(self._horizon), self._entries.version)

    async def version(self, namespace: str, key: str, at: Version) -> Recorded:
        self._ask(at)
        for event in self._of(namespace, key):
            if event.revision == at.revision:
                return Recorded(self._key_version(event), event.value)
        if at.revision <= self._horizon != 0:
            raise NotKeptError(self._version(self._horizon))
        raise VersionNotFoundError

    async def changes(self, namespace: str, before: Version | None, limit: int) -> NamespaceChanges:
        self._ask(before)
        events = [event for event in self._events if event.namespace == namespace and _earlier(event, before)]
        found = self._grouped(events)[::-1]
        page = tuple(found[:limit])
        following = page[-1].version if len(found) > limit else None
        return NamespaceChanges(page, following, self._version(self._horizon), self._entries.version)

    async def differences(
        self, namespace: str, start: Version, end: Version | None, before: Version | None, limit: int
    ) -> Differences:
        end = end or self._entries.version
        for each in (start, end, before):
            self._ask(each)
        self._require_kept(start)
        latest = {
            event.key: event
            for event in self._events
            if event.namespace == namespace and start.revision < event.revision <= end.revision
        }
        ordered = sorted(latest.values(), key=lambda event: (-event.revision, event.ordinal))
        ordered = [event for event in ordered if _earlier(event, before)]
        page = [event for event in ordered if limit and event.revision >= ordered[:limit][-1].revision]
        following = self._version(page[-1].revision) if len(page) < len(ordered) else None
        found = (self._difference(event, start) for event in page)
        return Differences(tuple(each for each in found if each), start, end, following)

    async def made(self, change: UUID, namespace: str) -> NamespaceChange | None:
        self._ask(None)
        events = [event for event in self._events if (event.change, event.namespace) == (change, namespace)]
        return next(iter(self._grouped(events)), None)

    def _difference(self, event: Event, start: Version) -> Difference | None:
        former = self._value(event.namespace, event.key, start)
        if (former and former.value) == event.value:
            return None
        return Difference(event.key, self._side(former), self._side(event))

    def _side(self, event: Event | None) -> Side | None:
        if event is None or event.value is None:
            return None
        return Side(self._version(event.revision), len(event.value.encode()))

    def _grouped(self, events: list[Event]) -> list[NamespaceChange]:
        changes = []
        for revision, group in groupby(events, key=lambda event: event.revision):
            found = list(group)
            edits = tuple(KeyEdit(event.key, event.action) for event in found if event.action)
            context = found[0].context
            assert context is not None
            changes.append(NamespaceChange(self._version(revision), found[0].at, context, edits))
        return changes

    def _of(self, namespace: str, key: str) -> list[Event]:
        """Return what is known of a key, newest first."""
        known = [*self._checkpoint, *self._events]
        return [event for event in known if (event.namespace, event.key) == (namespace, key)][::-1]

    def _value(self, namespace: str, key: str, at: Version) -> Event | None:
        return next((event for event in self._of(namespace, key) if event.revision <= at.revision), None)

    def _entry(self, event: Event) -> Entry:
        assert event.value is not None
        return Entry(event.namespace, event.key, event.value, self._version(event.revision), event.at)

    def _key_version(self, event: Event) -> KeyVersion:
        text = None if event.value is None else event.value.encode()
        digest = None if text is None else Digest(len(text), hashlib.sha256(text).hexdigest())
        return KeyVersion(self._version(event.revision), event.ordinal, event.action, event.at, event.context, digest)

    def _version(self, revision: int) -> Version:
        return Version(self._entries.version.epoch, revision)

    def _require_kept(self, version: Version) -> None:
        if version.revision < self._horizon:
            raise NotKeptError(self._version(self._horizon))

    def _ask(self, version: Version | None) -> None:
        self._entries.fail()
        self.reads += 1
        self._entries.require(version)


def _earlier(event: Event, before: Version | None) -> bool:
    return before is None or event.revision < before.revision
