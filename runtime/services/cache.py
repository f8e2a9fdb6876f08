"""A worker's cache of entries: bounded in bytes, and used only while it is known to be current.

A name is cached with the representation of its entry, or with None: absence is cached and counted too. A change evicts
the name, and the next request for it reads the store. While the store is away, the cached entries are stale: they are
used for a bounded time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runtime.domain.entries import Version


STALE_SECONDS = 3.0
"""The longest time between a change and the last read that misses it, even when the feed is interrupted."""

EXPIRY_SECONDS = 300.0
"""The longest time for which a name is cached, in case that its entry is changed without an event."""

HELD_BYTES = 1000
"""The overhead of a cached name, besides its text and body: CPython's objects and a dictionary slot, rounded up."""

Name: TypeAlias = tuple[str, str]
"""A namespace and a key, or a view of the namespace: it begins with ``?``, which no key does."""


class Sized(Protocol):
    """An object with a known size."""

    @property
    def bytes(self) -> int:
        """The size in bytes, without the overhead of Python's objects."""


S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, slots=True)
class Held(Generic[S]):
    """A cached name, read at the monotonic time ``at``; ``value`` is None when it has no entry.

    ``namespaces`` are those of which a view is made: a change of any name in them evicts it.
    """

    value: S | None
    at: float
    namespaces: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Contents:
    """The size and the hit counts of a cache at one moment; ``version`` is the last change that it knows.

    ``age_seconds`` is the time since it was last known to be current; None if it never was.
    """

    live: bool
    version: Version | None
    age_seconds: float | None
    entries: int
    bytes: int
    hits: int
    misses: int


class Fill(Generic[S]):
    """A pending read of the store; its result is cached at the end of the block, unless the entry changes meanwhile."""

    __slots__ = ("_cache", "_known", "changed", "found", "name", "of")

    def __init__(self, cache: Cache[S], name: Name, known: Version | None, of: Collection[str] | None) -> None:
        self._cache = cache
        self._known = known
        self.name = name
        self.found: Held[S] | None = None
        self.of = of
        """The namespaces that a view is read from; None while that is unknown."""
        self.changed: set[str] = set()
        """Those of them in which a name changed meanwhile."""

    def keep(self, held: Held[S], version: Version) -> None:
        """Offer what was read in a snapshot at ``version`` to the cache, which refuses an older one than it knew."""
        known = self._known
        if known is not None and known.epoch == version.epoch and known.revision <= version.revision:
            self.found = held

    def __enter__(self) -> Fill[S]:
        """Return the fill, which is pending since it was made."""
        return self

    def __exit__(self, *_: object) -> None:
        """Cache what was found."""
        self._cache.finish(self)


class Cache(Generic[S]):
    """A ``Follower`` that caches at most ``capacity`` bytes and evicts the least recently read."""

    def __init__(self, capacity: int) -> None:
        self._capacity = self._most = capacity
        self._refills = True
        self._held: OrderedDict[Name, Held[S]] = OrderedDict()
        self._fills: dict[Name, set[Fill[S]]] = {}
        self._views: dict[str, set[Name]] = {}
        self._following = False
        self._confirmed_at: float | None = None
        self._current_until = 0.0
        self._version: Version | None = None
        self._bytes = 0
        self._hits = 0
        self._misses = 0

    @property
    def capacity(self) -> int:
        """The most bytes that it may hold."""
        return self._capacity

    @property
    def version(self) -> Version | None:
        """See :class:`runtime.ports.entries.Follower`."""
        return self._version

    def get(self, name: Name) -> Held[S] | None:
        """Return the cached ``name``, or None unless it is certainly at most ``STALE_SECONDS`` old."""
        held, now = self._held.get(name), time.monotonic()
        if held is None or now >= self._current_until or now >= held.at + EXPIRY_SECONDS:
            self._misses += 1
            return None
        self._held.move_to_end(name)
        self._hits += 1
        return held

    def stale(self, name: Name) -> tuple[Held[S], float] | None:
        """Return the cached ``name`` and the time since it was last known to be current; None if it is not cached."""
        held = self._held.get(name)
        if held is None or self._confirmed_at is None:
            return None
        return held, time.monotonic() - self._confirmed_at

    def filling(self, name: Name, of: Collection[str] | None = ()) -> Fill[S]:
        """Return a new pending fill; that of a view tells the namespaces that it reads, or None."""
        fill = Fill(self, name, self._version if self._following else None, of)
        self._fills.setdefault(name, set()).add(fill)
        return fill

    def is_pending(self, fill: Fill[S]) -> bool:
        """Return whether the fill has not ended, and nothing that the cache learned may have outdated it."""
        return fill in self._fills.get(fill.name, ()) and not fill.changed

    def finish(self, fill: Fill[S]) -> None:
        """End a fill; keep what it found if it is still pending, and outdate the others of the name."""
        fills = self._fills.get(fill.name, set())
        if fill not in fills:
            return
        fills.remove(fill)
        if not fills:
            del self._fills[fill.name]
        if fill.found is not None and self._following and fill.changed.isdisjoint(fill.found.namespaces):
            self._keep(fill.name, fill.found)

    def forget(self, name: Name) -> None:
        """Evict ``name`` and the views of its namespace, and discard the pending reads of them."""
        self._evict(name)
        for view in tuple(self._views.get(name[0], ())):
            self._evict(view)
        for fills in self._fills.values():
            for fill in fills:
                if fill.of is None or name[0] in fill.of:
                    fill.changed.add(name[0])

    def shrink(self, divisor: int) -> None:
        """Keep at most a part of the capacity, and take no new name; 1 ends that."""
        self._most, self._refills = self._capacity // divisor, divisor == 1
        self._make_room()

    def contents(self) -> Contents:
        """Return the current size and hit counts."""
        now = time.monotonic()
        live, age = now < self._current_until, None if self._confirmed_at is None else now - self._confirmed_at
        return Contents(live, self._version, age, len(self._held), self._bytes, self._hits, self._misses)

    def begin(self, version: Version) -> None:
        """See :class:`runtime.ports.entries.Follower`; evicts everything."""
        self._held.clear()
        self._fills.clear()
        self._views.clear()
        self._bytes = 0
        self._confirmed_at, self._current_until = None, 0.0
        self._version = version
        self._following = True

    def changed(self, after: int, revision: int, names: Iterable[Name]) -> None:
        """See :class:`runtime.ports.entries.Follower`."""
        for name in names:
            self.forget(name)
        if self._version is not None and after <= self._version.revision < revision:
            self._version = replace(self._version, revision=revision)

    def confirm(self, asked_at: float) -> None:
        """See :class:`runtime.ports.entries.Follower`."""
        self._confirmed_at, self._current_until = asked_at, asked_at + STALE_SECONDS
        self._following = True

    def lose(self) -> None:
        """See :class:`runtime.ports.entries.Follower`; the entries are kept, but they are stale from now on."""
        self._following, self._current_until = False, 0.0
        self._fills.clear()

    def _keep(self, name: Name, found: Held[S]) -> None:
        cost = _cost(name, found)
        if cost > self._most or not self._refills:
            return
        self._evict(name)
        self._held[name] = found
        self._bytes += cost
        for namespace in found.namespaces:
            self._views.setdefault(namespace, set()).add(name)
        self._make_room()

    def _make_room(self) -> None:
        while self._bytes > self._most:
            self._evict(next(iter(self._held)))

    def _evict(self, name: Name) -> None:
        self._fills.pop(name, None)
        held = self._held.pop(name, None)
        if held is None:
            return
        self._bytes -= _cost(name, held)
        for namespace in held.namespaces:
            views = self._views[namespace]
            views.remove(name)
            if not views:
                del self._views[namespace]


def _cost(name: Name, held: Held[S]) -> int:
    return HELD_BYTES + len(name[0]) + len(name[1]) + (held.value.bytes if held.value is not None else 0)
