"""A worker's cache of entries: bounded in bytes, and used only while it is known to be current.

A name is cached with the representation of its entry, or with None: absence is cached and counted too. A change evicts
the name, and the next request for it reads the store.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator


STALE_SECONDS = 3.0
"""The longest time between a change and the last read that misses it, even when the feed is interrupted."""

HELD_BYTES = 1000
"""The overhead of a cached name, besides its text and body: CPython's objects and a dictionary slot, rounded up."""

Name: TypeAlias = tuple[str, str]
"""A namespace and a key."""


class Sized(Protocol):
    """An object with a known size."""

    @property
    def bytes(self) -> int:
        """The size in bytes, without the overhead of Python's objects."""


S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, slots=True)
class Held(Generic[S]):
    """A cached name; ``value`` is None when it has no entry."""

    value: S | None


@dataclass(frozen=True, slots=True)
class Contents:
    """The size and the hit counts of a cache at one moment; ``revision`` is the last change that it knows."""

    live: bool
    revision: int
    entries: int
    bytes: int
    hits: int
    misses: int


class Fill(Generic[S]):
    """A pending read of the store; its result is cached, unless the entry changes meanwhile."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: Held[S] | None = None


class Cache(Generic[S]):
    """A :class:`runtime.ports.Follower` that caches at most ``capacity`` bytes and evicts the least recently read."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._held: OrderedDict[Name, Held[S]] = OrderedDict()
        self._fills: dict[Name, Fill[S]] = {}
        self._following = False
        self._current_until = 0.0
        self._revision = 0
        self._bytes = 0
        self._hits = 0
        self._misses = 0

    @property
    def revision(self) -> int:
        """See :class:`runtime.ports.Follower`."""
        return self._revision

    def get(self, name: Name) -> Held[S] | None:
        """Return the cached ``name``, or None unless it is certainly at most ``STALE_SECONDS`` old."""
        held = self._held.get(name)
        if held is None or time.monotonic() >= self._current_until:
            self._misses += 1
            return None
        self._held.move_to_end(name)
        self._hits += 1
        return held

    @contextmanager
    def filling(self, name: Name) -> Iterator[Fill[S]]:
        """Cache the result of the fill at the end of the block, unless the entry changed meanwhile."""
        # A later read of the same name has newer data, so its fill replaces this one.
        fill = self._fills[name] = Fill()
        try:
            yield fill
        finally:
            if self._fills.get(name) is fill:
                del self._fills[name]
                if fill.found is not None and self._following:
                    self._keep(name, fill.found)

    def forget(self, name: Name) -> None:
        """Evict ``name``, and discard a pending read of it."""
        self._fills.pop(name, None)
        held = self._held.pop(name, None)
        if held is not None:
            self._bytes -= _cost(name, held)

    def contents(self) -> Contents:
        """Return the current size and hit counts."""
        live = time.monotonic() < self._current_until
        return Contents(live, self._revision, len(self._held), self._bytes, self._hits, self._misses)

    def begin(self, revision: int) -> None:
        """See :class:`runtime.ports.Follower`."""
        self.lose()
        self._following = True
        self._revision = revision

    def changed(self, revision: int, namespace: str, key: str) -> None:
        """See :class:`runtime.ports.Follower`."""
        self.forget((namespace, key))
        # Revisions have no gaps. If one is missing here, the feed's next query of later changes delivers it.
        if revision == self._revision + 1:
            self._revision = revision

    def confirm(self, asked_at: float) -> None:
        """See :class:`runtime.ports.Follower`."""
        self._current_until = asked_at + STALE_SECONDS

    def lose(self) -> None:
        """See :class:`runtime.ports.Follower`; evicts everything, since later changes stay unknown."""
        self._following = False
        self._current_until = 0.0
        self._held.clear()
        self._fills.clear()
        self._bytes = 0

    def _keep(self, name: Name, found: Held[S]) -> None:
        cost = _cost(name, found)
        if cost > self._capacity:
            return
        self.forget(name)
        self._held[name] = found
        self._bytes += cost
        while self._bytes > self._capacity:
            self.forget(next(iter(self._held)))


def _cost(name: Name, held: Held[S]) -> int:
    return HELD_BYTES + len(name[0]) + len(name[1]) + (held.value.bytes if held.value is not None else 0)
