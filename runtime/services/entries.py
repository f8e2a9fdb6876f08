"""The service of entries: reads through the cache, also while the store is away, and changes."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import structlog

from runtime.domain.entries import Action, Entry, EntryNotFoundError
from runtime.ports.availability import CircuitState, UnavailableError
from runtime.services.asking import Asking, nothing
from runtime.services.cache import Held, S
from runtime.services.changes import Changes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from runtime.domain.entries import Change, Edit, Made, Page, Version
    from runtime.ports.entries import EntryStore
    from runtime.services.background import Background
    from runtime.services.cache import Cache, Fill, Name
    from runtime.settings import Database

T = TypeVar("T")

PROBE_SECONDS = 0.5
"""The pause between two looks whether the store has to be probed."""

PROBED = ("cbp", "probe")
"""The namespace and key that a probe reads, whether or not there is such an entry."""

_log = structlog.get_logger(__name__)


class Read(NamedTuple, Generic[S]):
    """An entry; ``age`` is None, or the seconds since it was last known to be current, when the store is away."""

    value: S
    age: float | None = None


class Loaded(NamedTuple, Generic[S]):
    """An answer of the store in a snapshot at ``version``; ``namespaces`` are those that a view is made of."""

    value: S | None
    version: Version
    namespaces: tuple[str, ...] = ()


class Entries(Generic[S]):
    """Entries in the representation of ``present``, in which the cache also holds them.

    Every call may raise ``UnavailableError``, and what ``require`` raises before the store is asked.
    """

    def __init__(
        self,
        store: EntryStore,
        settings: Database,
        cache: Cache[S],
        present: Callable[[Entry], S],
        background: Background,
        require: Callable[[], None] = nothing,
    ) -> None:
        self._background = background
        self._asking = Asking(settings, require)
        self.circuit = self._asking.circuit
        self._store = store
        self._cache = cache
        self._present = present
        self.changes = Changes(store, settings)
        self._stale_seconds = settings.stale_seconds
        self._fetches: dict[tuple[Name, Version | None], tuple[Fill[S], asyncio.Task[Held[S]]]] = {}

    async def read(self, namespace: str, key: str, at_least: Version | None = None) -> Read[S]:
        """Return the entry at ``at_least`` or later, or raise :class:`EntryNotFoundError`.

        While the store is away, and no revision is asked for, the answer is one that was current at most
        ``stale_seconds`` ago.
        """
        name, age = (namespace, key), None
        held = self._cache.get(name) if at_least is None or self._knows(at_least) else None
        if held is None:

            async def load() -> Loaded[S]:
                found = await self._store.read(namespace, key, at_least)
                return Loaded(None if found.entry is None else self._present(found.entry), found.version)

            held, age = await self._load(name, at_least, load, ())
        if held.value is None:
            raise EntryNotFoundError(age)
        return Read(held.value, age)

    async def read_to_change(self, namespace: str, key: str, at_least: Version | None = None) -> Read[S]:
        """Return the entry as :meth:`read`, for a change that is refused if it is another one by now.

        While the circuit of changes is not closed, the one in memory will do, so that most are refused at once.
        """
        kept = self._cache.stale((namespace, key)) if self.changes.circuit.state is not CircuitState.CLOSED else None
        if kept is None or at_least is not None:
            return await self.read(namespace, key, at_least)
        held, age = kept
        if held.value is None:
            raise EntryNotFoundError(age)
        return Read(held.value, age)

    async def view(
        self,
        name: Name,
        at_least: Version | None,
        load: Callable[[], Awaitable[Loaded[S]]],
        of: Collection[str] | None,
    ) -> Read[S]:
        """Return a view as :meth:`read` returns an entry; ``load`` asks the store for it.

        ``of`` are the namespaces that it is read from; None while they are unknown.
        """
        held, age = self._cache.get(name) if at_least is None or self._knows(at_least) else None, None
        if held is None:
            held, age = await self._load(name, at_least, load, of)
        if held.value is None:
            raise EntryNotFoundError(age)
        return Read(held.value, age)

    async def _load(
        self,
        name: Name,
        at_least: Version | None,
        load: Callable[[], Awaitable[Loaded[S]]],
        of: Collection[str] | None,
    ) -> tuple[Held[S], float | None]:
        try:
            return await self._fetch(name, at_least, load, of), None
        except UnavailableError:
            stale = self._cache.stale(name) if at_least is None else None
            if stale is None or stale[1] > self._stale_seconds:
                raise
            return stale

    async def scan(
        self, namespace: str, after: str, limit: int, at_least: Version | None = None, prefix: str = ""
    ) -> Page:
        """Return a page of the namespace; it is empty when the namespace has no such entries."""
        return await self.ask(lambda: self._store.scan(namespace, after, limit, at_least, prefix))

    async def write(self, change: Change) -> tuple[S, bool]:
        """Make a change of one edit that creates or replaces; return the entry, and whether it is new."""
        (made,) = await self.make(change)
        return self.present(change.edits[0], made), made.action is Action.CREATE

    async def remove(self, change: Change) -> None:
        """Make a change that removes an entry."""
        await self.make(change)

    async def make(self, change: Change) -> tuple[Made, ...]:
        """Make a change, or judge a trial; raise as :meth:`runtime.services.changes.Changes.make` does."""
        try:
            return await self.changes.make(change)
        finally:  # also of an unknown outcome, so that this worker reads its own change
            for edit in () if change.trial else change.edits:
                self._cache.forget((edit.namespace, edit.key))

    def present(self, edit: Edit, made: Made) -> S:
        """Return the entry that an edit made."""
        if edit.value is None:
            raise ValueError("the edit removes the entry")
        return self._present(Entry(edit.namespace, edit.key, edit.value, made.version, made.at))

    def forget(self, namespace: str, key: str) -> None:
        """Evict a name that turned out to be outdated."""
        self._cache.forget((namespace, key))

    async def probe(self) -> None:
        """Do what a read does, so that the state of the store is known before the first request, and without any."""
        try:
            await self._asking.ask_regardless(lambda: self._store.read(*PROBED))
        except UnavailableError:
            return
        except Exception:
            _log.exception("the probe of the database met a defect")

    async def watch(self) -> None:
        """Probe the store while it fails, until cancelled: clients need not."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            if self.circuit.failing:
                await self.probe()

    def _knows(self, at_least: Version) -> bool:
        known = self._cache.version
        return known is not None and known.epoch == at_least.epoch and known.revision >= at_least.revision

    async def _fetch(
        self,
        name: Name,
        at_least: Version | None,
        load: Callable[[], Awaitable[Loaded[S]]],
        of: Collection[str] | None,
    ) -> Held[S]:
        """Read the store; requests for a name that is being read so wait for the same answer.

        It is read in the background, so that it does not end with the request that asked first.
        """
        asked = name, at_least
        fill, task = self._fetches.get(asked, (None, None))
        if task is None or fill is None or not self._cache.is_pending(fill):
            fill = self._cache.filling(name, of)
            if self._background.full:  # the read is this request's own, and ends with it
                return await self._fill(fill, load)
            task = self._background.start(self._fill(fill, load))
            self._fetches[asked] = fill, task
            task.add_done_callback(lambda done: self._fetched(asked, done))
        return await asyncio.shield(task)

    def _fetched(self, asked: tuple[Name, Version | None], task: asyncio.Task[Held[S]]) -> None:
        if self._fetches.get(asked, (None, None))[1] is task:
            del self._fetches[asked]
        if not task.cancelled():
            task.exception()  # every waiting request may be gone

    async def _fill(self, fill: Fill[S], load: Callable[[], Awaitable[Loaded[S]]]) -> Held[S]:
        with fill:
            at = time.monotonic()
            loaded = await self.ask(load)
            held = Held(loaded.value, at, loaded.namespaces)
            fill.keep(held, loaded.version)
        return held

    async def ask(self, operation: Callable[[], Awaitable[T]]) -> T:
        """Ask the store a question that changes nothing, as :meth:`runtime.services.asking.Asking.ask`."""
        return await self._asking.ask(operation)
