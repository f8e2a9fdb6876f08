"""The judgement of a recorded history: what the service promises, checked against what its clients saw.

Changes and reads of "at least revision N" have to be linearizable for each key. A plain read has to be right at some
time within its bound before it: it is searched for with an interval that begins so much earlier. Every value that is
read was therefore written by a change that happened, no change that was acknowledged is lost, and a change that was
refused had no effect.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tests.faults.history import Kind, Outcome
from tests.faults.linearizability import Step, refute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.faults.history import Operation, Rewind


@dataclass(frozen=True, slots=True)
class Bounds:
    """How old a read may be, in seconds: an ordinary one, and one that is ``marked`` as possibly outdated."""

    live: float
    marked: float


REFUSALS = (404, 412, 428)
ANSWERS = (200, 304, 404)


class State(NamedTuple):
    """One entry: its value (None: there is none), how often history has gone back, and the value it goes back to."""

    value: str | None = None
    era: int = 0
    saved: str | None = None


class _Named(NamedTuple):
    """The value that an entity tag names, and the eras in which it may have been handed out."""

    value: str
    eras: frozenset[int]


def violations(operations: Sequence[Operation], bounds: Bounds, rewinds: Sequence[Rewind] = ()) -> tuple[str, ...]:
    """Return every promise that the history breaks, each as text that a person can act on."""
    tags, found = _tags(operations, bounds, rewinds)
    found += _unwritten(operations)
    found += [f"an answer of 500: {each}" for each in operations if each.status == 500]
    by_key: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_key[operation.key].append(operation)
    for key, own in sorted(by_key.items()):
        refutation = refute([*_steps(own, tags, bounds), *_going_back(rewinds)], State())
        if refutation:
            found.append(f"{key}: {refutation}")
    return tuple(found)


def _tags(
    operations: Sequence[Operation], bounds: Bounds, rewinds: Sequence[Rewind]
) -> tuple[dict[str, _Named], list[str]]:
    """Return what each entity tag names, and the faults: no tag names two values, in two eras or in one."""
    named: dict[str, _Named] = {}
    by_value: dict[tuple[str, frozenset[int]], str] = {}
    faults = []
    for operation in operations:
        value = operation.written if operation.kind is Kind.PUT else operation.found
        if operation.tag is None or value is None or operation.outcome is not Outcome.OK:
            continue
        eras = _eras(operation, bounds, rewinds)
        known = named.setdefault(operation.tag, _Named(value, eras))
        if known.value != value:
            faults.append(f"the entity tag {operation.tag} names {known.value} and {value}: {operation}")
        elif not known.eras & eras:
            faults.append(f"the entity tag {operation.tag} of before history went back is handed out: {operation}")
        else:
            eras &= known.eras
            named[operation.tag] = _Named(value, eras)
        other = by_value.setdefault((value, eras), operation.tag)
        if other != operation.tag:
            faults.append(f"one change has the entity tags {other} and {operation.tag}: {operation}")
    return named, faults


def _eras(operation: Operation, bounds: Bounds, rewinds: Sequence[Rewind]) -> frozenset[int]:
    """Return how often history may have gone back by the time of an answer."""
    began = _earliest(operation, bounds)
    least = sum(rewind.over < began for rewind in rewinds)
    most = sum(rewind.restored[0] <= operation.returned for rewind in rewinds)
    return frozenset(range(least, most + 1))


def _earliest(operation: Operation, bounds: Bounds) -> float:
    """Return the earliest time of which an answer may tell."""
    if operation.is_change:
        return operation.invoked
    age = bounds.marked if operation.marked else bounds.live
    return max(operation.invoked - age, -math.inf if operation.since is None else operation.since)


def _unwritten(operations: Iterable[Operation]) -> list[str]:
    """Find values that nobody sent, or whose change was refused."""
    sent = {each.written: each for each in operations if each.written is not None}
    faults = []
    for operation in operations:
        if operation.found is None:
            continue
        origin = sent.get(operation.found)
        if origin is None or origin.key != operation.key:
            faults.append(f"nobody wrote what was read: {operation}")
        elif origin.outcome is Outcome.FAIL:
            faults.append(f"a refused change was read: {operation}, written by {origin}")
    return faults


def _steps(operations: Iterable[Operation], tags: Mapping[str, _Named], bounds: Bounds) -> Iterator[Step[State]]:
    for operation in operations:
        if operation.is_change and operation.outcome is not Outcome.FAIL:
            certain = operation.outcome is Outcome.OK
            apply = _change(operation, tags)
            name, label = str(operation), operation.tag or ""
            yield Step(name, operation.invoked, operation.ended, apply, changes=True, certain=certain, label=label)
        elif operation.status in (REFUSALS if operation.is_change else ANSWERS):
            after = _earliest(operation, bounds)
            apply = _refusal(operation, tags) if operation.is_change else _reading(operation, tags)
            follows = operation.at_least or ""
            yield Step(str(operation), after, operation.returned, apply, changes=False, follows=follows)


def _change(operation: Operation, tags: Mapping[str, _Named]) -> Callable[[State], State | None]:
    def apply(state: State) -> State | None:
        if not _permitted(operation, state, tags) or (operation.kind is Kind.DELETE and state.value is None):
            return None
        return state._replace(value=operation.written)

    return apply


def _permitted(operation: Operation, state: State, tags: Mapping[str, _Named]) -> bool:
    """Return whether the precondition of a change holds; an existing entry needs If-Match."""
    wanted = operation.condition.if_match
    if state.value is None:
        return wanted is None
    return wanted is not None and operation.condition.if_none_match is None and _matches(wanted, state, tags)


def _matches(tag: str, state: State, tags: Mapping[str, _Named]) -> bool:
    """Return whether a tag matches an entry; one whose value was never seen may match any."""
    if tag == "*":
        return True
    known = tags.get(tag)
    return known is None or (known.value == state.value and state.era in known.eras)


def _refusal(operation: Operation, tags: Mapping[str, _Named]) -> Callable[[State], State | None]:
    """Return the test of a state in which a change was refused (404, 412, 428), with the entry's tag if it has one."""

    def apply(state: State) -> State | None:
        if operation.status == 404:
            fits = state.value is None
        else:
            unknown = operation.condition.if_match not in (None, "*") and operation.condition.if_match not in tags
            fits = not _permitted(operation, state, tags) or unknown
        if operation.tag is not None:
            fits = fits and state.value is not None and _matches(operation.tag, state, tags)
        elif operation.status == 412:
            fits = fits and state.value is None
        return state if fits else None

    return apply


def _reading(operation: Operation, tags: Mapping[str, _Named]) -> Callable[[State], State | None]:
    def apply(state: State) -> State | None:
        if operation.status == 304:
            held = operation.condition.if_none_match
            assert held is not None
            fits = state.value is not None and _matches(held, state, tags)
        else:
            fits = state.value == operation.found
            if operation.tag is not None and state.value is not None:
                fits = fits and _matches(operation.tag, state, tags)
        return state if fits else None

    return apply


def _going_back(rewinds: Sequence[Rewind]) -> Iterator[Step[State]]:
    for rewind in rewinds:
        yield Step("the state is saved", *rewind.saved, lambda state: state._replace(saved=state.value), changes=True)
        yield Step("history goes back", *rewind.restored, lambda state: state._replace(value=state.saved), changes=True)
        noticing = (rewind.restored[0], rewind.over)
        yield Step("that is noticed", *noticing, lambda state: state._replace(era=state.era + 1), changes=True)
