"""The functions and queries of the migrations in Python, on a state in memory.

``test_simulation_functions.py`` compares them with PostgreSQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import asyncpg

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from uuid import UUID

Name: TypeAlias = "tuple[str, str]"
Row: TypeAlias = "dict[str, Any]"

MADE = ("create", "replace", "delete")


class History(NamedTuple):
    """A row of ``histories``."""

    number: int
    epoch: str
    system: int
    timeline: int


class Event(NamedTuple):
    """A row of ``events``."""

    revision: int
    ordinal: int
    change: UUID
    name: Name
    action: str
    value: str | None
    at: datetime


class Held(NamedTuple):
    """A row of ``entries``."""

    value: str
    revision: int
    at: datetime


class Record(NamedTuple):
    """A committed transaction: the events and their entries, or a history that is new or confirmed."""

    events: tuple[Event, ...] = ()
    history: History | None = None


class Identity(NamedTuple):
    """The result of ``server_identity()``, and whether the server is in recovery."""

    system: int
    timeline: int
    recovering: bool = False


@dataclass(slots=True)
class State:
    """The tables after a number of records."""

    histories: list[History] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    entries: dict[Name, Held] = field(default_factory=dict)
    made: dict[UUID, list[Event]] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """Write what a transaction committed."""
        if record.history is not None:
            del self.histories[record.history.number - 1 :]
            self.histories.append(record.history)
        for event in record.events:
            self.events.append(event)
            self.made.setdefault(event.change, []).append(event)
            if event.value is None:
                del self.entries[event.name]
            else:
                self.entries[event.name] = Held(event.value, event.revision, event.at)

    @property
    def last_revision(self) -> int:
        """The last revision; 0 before the first change."""
        return self.events[-1].revision if self.events else 0

    def between(self, after: int, until: int) -> list[Event]:
        """Return the events of revisions above ``after``, up to ``until``."""
        return [event for event in self.events if after < event.revision <= until]


def replayed(records: Sequence[Record]) -> State:
    """Return the state after ``records``."""
    state = State()
    for record in records:
        state.apply(record)
    return state


def epoch_of(state: State, server: Identity) -> str | None:
    """Return the present epoch; None on a server that is not known to continue the history."""
    present = state.histories[-1]
    if server.recovering or (present.system, present.timeline) == (server.system, server.timeline):
        return present.epoch
    return None


def read(state: State, server: Identity, namespace: str, key: str) -> list[Row]:
    """Return the row of the query for one entry."""
    held = state.entries.get((namespace, key))
    return [{"epoch": epoch_of(state, server), "last": state.last_revision, **_columns((namespace, key), held)}]


def scan(state: State, server: Identity, namespace: str, after: str, limit: int) -> list[Row]:
    """Return the rows of the query for a page, whose values are small here."""
    names = sorted(name for name in state.entries if name[0] == namespace and name[1] > after)
    position = {"epoch": epoch_of(state, server), "last": state.last_revision}
    found = {"found": min(len(names), limit + 1) if names else None}
    page = [position | found | _columns(name, state.entries[name]) for name in names[:limit]]
    return page or [position | found | _columns(("", ""), None)]


def position(state: State, server: Identity, now: datetime, mark: tuple[Any, Any, Any]) -> list[Row]:
    """Return the row of the feed's question for the position."""
    epoch, last = epoch_of(state, server), state.last_revision
    known_epoch, revision, change = mark
    here = known_epoch is not None and known_epoch == epoch and revision <= last
    kept = (
        known_epoch is None
        or (here and (change is None or _holds(state, revision, change)))
        or any(history.epoch == known_epoch != epoch for history in state.histories)
    )
    first = next((event.change for event in state.events if event.revision == last and not event.ordinal), None)
    return [
        {
            "epoch": epoch,
            "revision": last,
            "server_time": now,
            "recovering": server.recovering,
            "change": first,
            "kept": kept,
        }
    ]


def confirm_history(
    state: State, server: Identity, epoch: str, known: tuple[Any, Any, Any], *, lossless: bool, renewed: bool = False
) -> Record | None:
    """Return what ``confirm_history()`` writes; ``epoch`` is that of a new history, if one begins."""
    known_epoch, revision, change = known
    present = state.histories[-1]
    kept = (
        known_epoch is None
        or any(history.epoch == known_epoch for history in state.histories[:-1])
        or (
            known_epoch == present.epoch
            and revision <= state.last_revision
            and (change is None or _holds(state, revision, change) or revision == 0)
        )
    )
    proven = lossless and kept and known_epoch == present.epoch
    promoted = server.timeline != present.timeline
    if renewed or server.system != present.system or not kept or (promoted and not proven):
        return Record(history=History(present.number + 1, epoch, server.system, server.timeline))
    if promoted:
        return Record(history=present._replace(timeline=server.timeline))
    return None


def commit_changes(
    state: State, server: Identity, clock: Callable[[], datetime], arguments: Sequence[Any]
) -> tuple[list[Row], tuple[Event, ...]]:
    """Return the rows of ``commit_changes()``, and the events that it writes."""
    known_epoch, known_revision, ids, _, _, _, expiries, trials, definitions, states, numbers, *columns, _, _ = (
        arguments
    )
    edits = list(zip(numbers, *columns, strict=True))
    epoch, last = epoch_of(state, server), state.last_revision
    back = epoch == known_epoch and known_revision is not None and last < known_revision
    lost = known_epoch is not None and all(history.epoch != known_epoch for history in state.histories)
    if epoch is None or back or lost:
        error = asyncpg.PostgresError("the history is not confirmed")
        error.sqlstate = "CB001"
        raise error
    view = _View(state, epoch, last)
    rows: list[Row] = []
    bases = zip(trials, definitions, states, strict=True)
    for number, (change, expiry, (trial, *basis)) in enumerate(zip(ids, expiries, bases, strict=True), 1):
        own = [(index, *edit[1:]) for index, edit in enumerate(edits, 1) if edit[0] == number]
        rows += view.make(change, expiry, clock(), own, *basis, trial=trial)
    return rows, tuple(view.events)


class _View:
    """The tables as one call of ``commit_changes()`` sees them, its own writes included."""

    def __init__(self, state: State, epoch: str, last: int) -> None:
        self._state = state
        self._epoch = epoch
        self._last = last
        self._written: dict[Name, Held | None] = {}
        self.events: list[Event] = []

    def make(
        self,
        change: UUID,
        expiry: datetime | None,
        at: datetime,
        edits: list[tuple[Any, ...]],
        definition: str | None,
        state: str | None,
        *,
        trial: bool,
    ) -> list[Row]:
        if made := self._made(change):
            return [self._row(edit[0], *answer) for edit, answer in zip(edits, _again(made, edits), strict=True)]
        fault = self._basis(edits[0][1], definition, state)
        outcomes = [self._judge(expiry, at, edit, fault) for edit in edits]
        if any(outcome not in MADE for outcome, _ in outcomes):
            return [
                self._row(edit[0], "skipped" if outcome in MADE else outcome, current, at)
                for edit, (outcome, current) in zip(edits, outcomes, strict=True)
            ]
        if trial:
            return [
                self._row(edit[0], outcome, self._last, at) for edit, (outcome, _) in zip(edits, outcomes, strict=True)
            ]
        self._last += 1
        for ordinal, (edit, (outcome, _)) in enumerate(zip(edits, outcomes, strict=True)):
            _, namespace, key, value, _, _ = edit
            self.events.append(Event(self._last, ordinal, change, (namespace, key), outcome, value, at))
            self._written[namespace, key] = None if value is None else Held(value, self._last, at)
        return [self._row(edit[0], outcome, self._last, at) for edit, (outcome, _) in zip(edits, outcomes, strict=True)]

    def _made(self, change: UUID) -> list[Event]:
        return self._state.made.get(change) or [event for event in self.events if event.change == change]

    def _basis(self, namespace: str, definition: str | None, state: str | None) -> tuple[str, int | None] | None:
        defined = self._held((namespace, ""))
        revision = None if defined is None else defined.revision
        if definition is not None and definition != ("" if revision is None else f"{self._epoch}-{revision}"):
            return "redefined", revision
        if state is None:
            return None
        events = [*self._state.events, *self.events]
        last = max((event.revision for event in events if event.name[0] == namespace), default=0)
        return None if state == f"{self._epoch}-{last}" else ("moved", last)

    def _held(self, name: Name) -> Held | None:
        return self._written[name] if name in self._written else self._state.entries.get(name)

    def _judge(
        self, expiry: datetime | None, at: datetime, edit: tuple[Any, ...], fault: tuple[str, int | None] | None
    ) -> tuple[str, int | None]:
        _, namespace, key, value, match, none_match = edit
        name = (namespace, key)
        held = self._held(name)
        current = None if held is None else held.revision
        if expiry is not None and expiry <= at:
            return "expired", current
        if fault is not None:
            return fault
        if current is None:
            if match is not None:
                return "unmatched", None
            return ("absent" if value is None else "create"), None
        tag = f"{self._epoch}-{current}"
        if match not in (None, "*") and tag not in match.split(" "):
            return "unmatched", current
        if none_match is not None and (none_match == "*" or tag in none_match.split(" ")):
            return "matched", current
        if match is None:
            return "required", current
        return ("delete" if value is None else "replace"), current

    def _row(self, edit: int, outcome: str, revision: int | None, at: datetime | None) -> Row:
        return {"epoch": self._epoch, "edit": edit, "outcome": outcome, "revision": revision, "occurred_at": at}


def _again(made: list[Event], edits: list[tuple[Any, ...]]) -> list[tuple[str, int | None, datetime | None]]:
    """Return the outcomes of a change that was made before."""
    pairs = [(made[i] if i < len(made) else None, edit) for i, edit in enumerate(edits)]
    same = len(made) == len(edits) and all(
        event is not None and (*event.name, event.value) == edit[1:4] for event, edit in pairs
    )
    return [
        ("reused", None, None) if event is None else (event.action if same else "reused", event.revision, event.at)
        for event, _ in pairs
    ]


def _holds(state: State, revision: int, change: UUID) -> bool:
    return any(event.revision == revision for event in state.made.get(change, ()))


def _columns(name: Name, held: Held | None) -> Row:
    if held is None:
        return dict.fromkeys(("namespace", "key", "value", "revision", "updated_at"))
    return {
        "namespace": name[0],
        "key": name[1],
        "value": held.value,
        "revision": held.revision,
        "updated_at": held.at,
    }
