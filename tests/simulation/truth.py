"""The truth about a schedule: each value of each name over time, and what was lost, as the invariants need it."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from runtime.domain.entries import Version
    from tests.simulation.functions import Name, Record, State


class ViolationError(AssertionError):
    """An invariant that does not hold."""


@dataclass(slots=True)
class Span:
    """A time during which something was so, in seconds of the simulated clock."""

    start: float
    end: float = math.inf

    def meets(self, start: float, end: float) -> bool:
        """Return whether a part of it lies between two moments."""
        return self.start <= end and start <= self.end


@dataclass(slots=True)
class Truth:
    """The database as it really was."""

    values: dict[Name, list[tuple[Span, str | None]]] = field(default_factory=dict)
    versions: dict[tuple[str, int], list[Span]] = field(default_factory=dict)
    """The times during which a revision was part of the database, by epoch and revision."""
    names: dict[tuple[str, int], list[frozenset[Name]]] = field(default_factory=dict)
    """The names that a revision changed; a revision that was given again has several."""
    before: dict[UUID, str | None] = field(default_factory=dict)
    """The value that a change replaced."""
    times: dict[UUID, float] = field(default_factory=dict)
    """When each change became visible."""
    made: dict[UUID, int] = field(default_factory=dict)
    """The changes that are part of the database, and how often each was made."""
    lost: set[UUID] = field(default_factory=set)
    _state: State | None = None
    _shown: list[tuple[float, str, int]] = field(default_factory=list)

    def begin(self, state: State) -> None:
        """Learn the first state of the database, which is empty."""
        self._state = state
        self._show(state)

    def committed(self, record: Record, state: State) -> None:
        """Learn of a transaction that became visible."""
        self._state = state
        epoch = state.histories[-1].epoch
        for event in record.events:
            self.before[event.change] = self._value(event.name)
            self.times[event.change] = _now()
            self._set(event.name, event.value)
            self.names.setdefault((epoch, event.revision), []).append(frozenset(e.name for e in record.events))
            self.made[event.change] = self.made.get(event.change, 0) + 1
        self._show(state)

    def switched(self, state: State) -> None:
        """Learn that another server, or an earlier state, is the database from now on."""
        old = self._state
        assert old is not None
        self._state = state
        self.lost |= old.made.keys() - state.made.keys()
        self.lost -= state.made.keys()
        self.made = dict.fromkeys(state.made, 1)
        epoch = state.histories[-1].epoch
        for event in state.between(old.last_revision, state.last_revision):  # was being committed in the crash
            self.names.setdefault((epoch, event.revision), []).append(frozenset({event.name}))
        for event in state.events:
            if event.change not in old.made:
                self.times[event.change] = _now()
                self.before[event.change] = old.entries[event.name].value if event.name in old.entries else None
        for name in self.values.keys() | {event.name for event in state.events}:
            held = state.entries.get(name)
            self._set(name, None if held is None else held.value)
        now = _now()
        for (known, revision), spans in self.versions.items():
            kept = any(history.epoch == known for history in state.histories) and revision <= state.last_revision
            same = state.between(0, revision) == old.between(0, revision)
            if spans[-1].end == math.inf and not (kept and same):
                spans[-1].end = now
        self._show(state)

    def check_current(self, what: str, name: Name, value: str | None, start: float, end: float) -> None:
        """Raise unless ``value`` was that of the name at some moment from ``start`` to ``end``."""
        if not any(span.meets(start, end) for span, known in self._spans(name) if known == value):
            then = [f"{known} from {span.start:.3f}" for span, known in self._spans(name) if span.meets(start - 9, end)]
            raise ViolationError(f"{what} {name}: {value} was never the value from {start:.3f} to {end:.3f}: {then}")

    def check_at_least(self, what: str, name: Name, value: str | None, version: Version, end: float) -> None:
        """Raise unless ``value`` was that of the name at some moment at which the database held ``version``."""
        for known in self._held(version):
            for span, held in self._spans(name):
                if held == value and span.meets(known.start, min(known.end, end)):
                    return
        raise ViolationError(f"{what} {name}: {value} is no value at revision {version} or later")

    def check_confirmed(self, version: Version, asked_at: float) -> None:
        """Raise unless ``version`` was the database's at ``asked_at`` or later."""
        ends = [*(moment for moment, *_ in self._shown[1:]), math.inf]
        for (_, epoch, revision), end in zip(self._shown, ends, strict=True):
            if (epoch, revision) == (version.epoch, version.revision) and end >= asked_at:
                return
        raise ViolationError(f"the follower was told that {version} was the last one at {asked_at:.3f}: {self._shown}")

    def check_told(self, epoch: str, after: int, revision: int, names: frozenset[Name]) -> None:
        """Raise unless ``names`` are what the revisions above ``after`` changed, up to ``revision``."""
        for each in range(after + 1, revision + 1):
            possible = self.names.get((epoch, each))
            if possible is None:
                raise ViolationError(f"the follower learnt of revision {epoch}-{each}, which was never made")
            if not any(changed <= names for changed in possible):
                raise ViolationError(f"the follower passed revision {epoch}-{each} without {sorted(possible[-1])}")

    def _held(self, version: Version) -> list[Span]:
        """Return when the database held a version; one from before its epoch, since that began."""
        later = [each for each in self.versions if each[0] == version.epoch and each[1] >= version.revision]
        return self.versions[min(later)] if later else []

    def _spans(self, name: Name) -> Iterator[tuple[Span, str | None]]:
        return iter(self.values.get(name) or [(Span(0), None)])

    def _value(self, name: Name) -> str | None:
        return self.values[name][-1][1] if name in self.values else None

    def _set(self, name: Name, value: str | None) -> None:
        now, spans = _now(), self.values.setdefault(name, [(Span(0), None)])
        spans[-1][0].end = now
        spans.append((Span(now), value))

    def _show(self, state: State) -> None:
        """Note the version that a reader sees from now on."""
        key = (state.histories[-1].epoch, state.last_revision)
        self._shown.append((_now(), *key))
        spans = self.versions.setdefault(key, [])
        if not spans or spans[-1].end != math.inf:
            spans.append(Span(_now()))


def _now() -> float:
    return asyncio.get_running_loop().time()
