"""What one worker keeps of the entries: bounded in bytes, and used only while it is known to be current.

A name is held with what stands for its entry, or with None: that there is no entry is worth remembering too, and takes
its part of the bytes. What a change outdates is forgotten and read again by the next reader who asks for it.
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
"""The longest time between a change and the last read that does not see it, whatever becomes of the feed."""

HELD_BYTES = 1000
"""What a held name costs besides its texts and bodies: CPython's objects and the dictionary's slot, rounded up."""

Name: TypeAlias = tuple[str, str]
"""A namespace and a key."""


class Sized(Protocol):
    """Something whose memory is known."""

    @property
    def bytes(self) -> int:
        """What it takes, without the objects' own overhead."""


S = TypeVar("S", bound=Sized)


@dataclass(frozen=True, slots=True)
class Held(Generic[S]):
    """What is known of a name; ``value`` is None when there is no such entry."""

    value: S | None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a cache holds at a moment, and how often it could answer; ``revision`` is the last change that it knows."""

    live: bool
    revision: int
    entries: int
    bytes: int
    hits: int
    misses: int


class Fill(Generic[S]):
    """A read of the store on its way; what it finds is kept, unless the entry changes meanwhile."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: Held[S] | None = None


class Cache(Generic[S]):
    """A :class:`runtime.ports.Follower` that keeps at most ``capacity`` bytes; the least recently read goes first."""

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
        """Return what is held of ``name``, when it is surely not older than ``STALE_SECONDS``."""
        held = self._held.get(name)
        if held is None or time.monotonic() >= self._current_until:
            self._misses += 1
            return None
        self._held.move_to_end(name)
        self._hits += 1
        return held

    @contextmanager
    def filling(self, name: Name) -> Iterator[Fill[S]]:
        """Keep what the fill has found at the end, unless the entry changed after the beginning."""
        # Whoever reads the same name later knows more: its fill takes the place of this one.
        fill = self._fills[name] = Fill()
        try:
            yield fill
        finally:
            if self._fills.get(name) is fill:
                del self._fills[name]
                if fill.found is not None and self._following:
                    self._keep(name, fill.found)

    def forget(self, name: Name) -> None:
        """Forget what is held of ``name``, and what is being read."""
        self._fills.pop(name, None)
        held = self._held.pop(name, None)
        if held is not None:
            self._bytes -= _cost(name, held)

    def contents(self) -> Contents:
        """Return what is held now."""
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
        # Revisions have no gaps. Were one missing here, the feed's next look at what follows ours would tell of it.
        if revision == self._revision + 1:
            self._revision = revision

    def confirm(self, asked_at: float) -> None:
        """See :class:`runtime.ports.Follower`."""
        self._current_until = asked_at + STALE_SECONDS

    def lose(self) -> None:
        """See :class:`runtime.ports.Follower`; all is forgotten, since nothing will say what becomes outdated."""
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
