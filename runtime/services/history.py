"""The service of history: reads of the past, and changes back to it, which are new versions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from runtime.domain.entries import (
    Edit,
    EntryNotFoundError,
    Guard,
    OtherHistoryError,
    PreconditionFailedError,
    Version,
)
from runtime.domain.history import KeyEdit, Kind, RollbackTooLargeError, RolledBack
from runtime.domain.preconditions import Conditions, Tags, namespace_changed
from runtime.services.asking import Asking, nothing
from runtime.services.cache import S
from runtime.services.retention import RetainedHistory

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from runtime.domain.entries import Change, Entry, Json, Made, Page
    from runtime.domain.history import (
        Difference,
        Differences,
        KeyVersions,
        Moment,
        NamespaceChange,
        NamespaceChanges,
        Recorded,
    )
    from runtime.ports.entries import HistoryStore
    from runtime.services.definitions import Definitions
    from runtime.services.entries import Entries
    from runtime.settings import Database

T = TypeVar("T")

LARGEST_ROLLBACK = 64
"""The keys that a rollback of a namespace changes at most: as many as one transaction."""

LARGEST_ROLLBACK_BYTES = 4 * 1024 * 1024
ROLLBACK_PAGES = 10
"""The pages of differences that a rollback of a namespace reads at most, to find the keys that differ."""

_ANY_VERSION = Conditions(if_match=Tags(anything=True))


class Compared(NamedTuple):
    """The values of a key at two versions of the store; None is the side without an entry."""

    start: Version
    end: Version
    before: Entry | None
    after: Entry | None


class History(Generic[S]):
    """The history of the entries of a store.

    Its reads use at most half of the connections for reads, so that the present is read beside them, and no connection
    for changes. Their circuit is their own. Every call may raise
    :class:`runtime.ports.availability.UnavailableError`, and what :class:`runtime.ports.entries.HistoryStore` raises.
    """

    def __init__(
        self,
        store: HistoryStore,
        entries: Entries[S],
        definitions: Definitions[S],
        settings: Database,
        require: Callable[[], None] = nothing,
    ) -> None:
        self._store = RetainedHistory(store, definitions.retention_days)
        self._entries = entries
        self._definitions = definitions
        self._asking = Asking(settings, require)
        self.circuit = self._asking.circuit
        self._connections = asyncio.Semaphore(max(1, settings.read_pool_size // 2))

    async def resolve(self, moment: Moment) -> Version:
        """Return the version of the store at a moment."""
        if isinstance(moment, Version):
            return moment
        return await self._ask(lambda: self._store.at(moment))

    async def read(self, namespace: str, key: str, moment: Moment) -> Entry:
        """Return the entry at a moment, or raise :class:`EntryNotFoundError`."""
        version = await self.resolve(moment)
        past = await self._ask(lambda: self._store.read(namespace, [key], version))
        if past.entries[0] is None:
            raise EntryNotFoundError(at=version)
        return past.entries[0]

    async def scan(self, namespace: str, after: str, limit: int, moment: Moment) -> Page:
        """Return a page of the namespace at a moment."""
        version = await self.resolve(moment)
        return await self._ask(lambda: self._store.scan(namespace, after, limit, version))

    async def versions(self, namespace: str, key: str, before: Version | None, limit: int) -> KeyVersions:
        """Return versions of a key, newest first."""
        return await self._ask(lambda: self._store.versions(namespace, key, before, limit))

    async def version(self, namespace: str, key: str, at: Version) -> Recorded:
        """Return the version of a key that a change of exactly this revision made."""
        return await self._ask(lambda: self._store.version(namespace, key, at))

    async def changes(self, namespace: str, before: Version | None, limit: int) -> NamespaceChanges:
        """Return changes of a namespace, newest first."""
        return await self._ask(lambda: self._store.changes(namespace, before, limit))

    async def compare(self, namespace: str, key: str, start: Moment, end: Moment | None) -> Compared:
        """Return the values of a key at two moments, in any order; None is the present."""
        first = await self.resolve(start)
        last = None if end is None else await self.resolve(end)
        after = await self._ask(lambda: self._store.read(namespace, [key], last))
        before = await self._ask(lambda: self._store.read(namespace, [key], first))
        return Compared(first, after.version, before.entries[0], after.entries[0])

    async def differences(
        self, namespace: str, start: Moment, end: Moment | None, before: Version | None, limit: int
    ) -> Differences:
        """Return the keys that differ between two moments, of which the first is not the later one."""
        first = await self.resolve(start)
        last = None if end is None else await self.resolve(end)
        return await self._ask(lambda: self._store.differences(namespace, first, last, before, limit))

    async def roll_back(
        self, namespace: str, key: str, version: Version, make: Callable[[Json | None], Change]
    ) -> tuple[Edit, Made]:
        """Make the change that gives the entry its value at a version, or judge its trial; return what was made.

        An entry that was not there then is removed.
        """
        past = await self._ask(lambda: self._store.read(namespace, [key], version))
        entry = past.entries[0]
        change = make(None if entry is None else entry.value)
        (made,) = await self._definitions.under(change, self._entries.make)
        return change.edits[0], made

    async def made(self, change: UUID, namespace: str) -> NamespaceChange | None:
        """Return the change with an id that was made before, and its edits in the namespace."""
        return await self._ask(lambda: self._store.made(change, namespace))

    async def departures(
        self, namespace: str, version: Version, expected: Version | None
    ) -> tuple[tuple[Edit, ...], Guard]:
        """Return the edits that give every entry of a namespace its value at a version; its definition stays.

        ``expected`` is the version at which the caller has seen the namespace; None is any. The guard is that the
        namespace is still as it was compared.

        Raises :class:`RollbackTooLargeError` when more has to change than one transaction may.
        """
        found, compared = await self._differing(namespace, version, expected)
        found = sorted((each for each in found if each.key), key=lambda difference: difference.key)
        if not found:
            return (), Guard(namespace, compared)
        keys = [difference.key for difference in found]
        past = await self._ask(lambda: self._store.read(namespace, keys, version))
        edits = tuple(
            Edit(
                namespace,
                each.key,
                None if entry is None else entry.value,
                Conditions() if each.kind is Kind.REMOVED else _ANY_VERSION,
            )
            for each, entry in zip(found, past.entries, strict=True)
        )
        return edits, Guard(namespace, compared)

    async def roll_back_namespace(self, change: Change, guard: Guard) -> RolledBack:
        """Make the change of :meth:`departures`, or judge its trial; without edits there is nothing to do.

        Raises :class:`PreconditionFailedError` when the namespace is not as it was compared any more.
        """
        if not change.edits:
            await self._require_unchanged(guard)
            return RolledBack(guard.since, ())
        made = await self._definitions.under(change, self._entries.make)
        pairs = zip(change.edits, made, strict=True)
        return RolledBack(made[0].version, tuple(KeyEdit(edit.key, each.action) for edit, each in pairs))

    async def _differing(self, namespace: str, start: Version, end: Version | None) -> tuple[list[Difference], Version]:
        """Return every key that differs, and the version at which the namespace was compared."""
        found: list[Difference] = []
        before = None
        for _ in range(ROLLBACK_PAGES):
            try:
                page = await self._ask(
                    lambda: self._store.differences(namespace, start, end, before, LARGEST_ROLLBACK + 1)  # noqa: B023
                )
            except OtherHistoryError:
                await self._require_present(namespace, end)
                raise
            found += page.differences
            end, before = page.end, page.next
            small = sum(each.before.size for each in found if each.before) <= LARGEST_ROLLBACK_BYTES
            if len(found) > LARGEST_ROLLBACK or not small:
                break
            if before is None:
                return found, end
        raise RollbackTooLargeError

    async def _require_present(self, namespace: str, expected: Version | None) -> None:
        """Raise unless the version of If-Match is one of the present history."""
        try:
            await self._ask(lambda: self._store.changes(namespace, expected, 1))
        except OtherHistoryError:
            raise PreconditionFailedError("If-Match does not hold: it is of another history", None) from None

    async def _require_unchanged(self, guard: Guard) -> None:
        last = await self._ask(lambda: self._store.changes(guard.namespace, None, 1))
        if last.changes and last.changes[0].version.revision > guard.since.revision:
            raise namespace_changed(last.changes[0].version)

    async def _ask(self, operation: Callable[[], Awaitable[T]]) -> T:
        async def asked() -> T:
            async with self._connections:
                return await operation()

        return await self._asking.ask(asked)
