"""A search for an order in which the operations on one key could have happened one at a time (Wing and Gong, 1993).

An order is accepted when each operation happens between its two times, and each answer is right in the state before
it. Operations of unknown outcome may happen at any time after they were sent, or never. States that were tried are
remembered (Lowe, "Testing for linearizability", 2016). An operation that changes nothing is taken as soon as it fits:
that can only make later choices easier, so that only changes are searched over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

S = TypeVar("S")

MOST_STATES = 20_000
"""The states after which the search gives up; histories of the tests need a few thousand."""


@dataclass(frozen=True, slots=True)
class Step(Generic[S]):
    """One operation for the search: ``apply`` returns the state after it, or None where its answer would be wrong.

    It happens in the interval from ``after`` to ``before`` (seconds; infinite when there is no answer). A step that is
    not ``certain`` may also never happen. ``changes`` is whether it can return another state than the one before. One
    that changes nothing may be known to happen after a certain step: ``follows`` is the ``label`` of that.
    """

    name: str
    after: float
    before: float
    apply: Callable[[S], S | None]
    changes: bool
    certain: bool = True
    label: str = ""
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Refutation:
    """There is no order: ``reached`` is the longest that was found, after which one of ``stuck`` had to be next."""

    reached: tuple[str, ...]
    stuck: tuple[str, ...]
    state: str
    gave_up: bool = False

    def __str__(self) -> str:
        title = "the search gave up" if self.gave_up else "no order explains the answers"
        lines = [f"{title}; after", *(f"  {name}" for name in self.reached[-8:])]
        lines += [f"the state is {self.state}, and none of these fits it:", *(f"  {name}" for name in self.stuck[:8])]
        return "\n".join(lines)


def refute(steps: Sequence[Step[S]], start: S) -> Refutation | None:
    """Return None when there is an order from the state ``start``, else the reason why there is none."""
    return _Search(steps, start).refutation()


@dataclass(frozen=True, slots=True)
class _Node(Generic[S]):
    """A state after some steps: ``done`` and ``used`` are bit sets of the certain ones and of the others."""

    state: S
    done: int
    used: int
    path: tuple[object, ...]
    """The steps that led here, as nested pairs (earlier, step)."""


class _Search(Generic[S]):
    def __init__(self, steps: Sequence[Step[S]], start: S) -> None:
        ordered = sorted(steps, key=lambda step: step.after)
        self._certain = [step for step in ordered if step.certain]
        self._optional = [step for step in ordered if not step.certain]
        self._labels = {step.label: 1 << index for index, step in enumerate(self._certain) if step.label}
        self._all = (1 << len(self._certain)) - 1
        self._start = start

    def refutation(self) -> Refutation | None:
        """Search depth first, changes that must come soon before those that may never."""
        deepest = _Node(self._start, 0, 0, ())
        stack = [deepest]
        seen: set[tuple[S, int, int]] = set()
        while stack:
            node = self._settled(stack.pop())
            if node.done == self._all:
                return None
            key = (node.state, node.done, node.used)
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > MOST_STATES:
                return self._explain(deepest, gave_up=True)
            if node.done.bit_count() > deepest.done.bit_count():
                deepest = node
            stack.extend(self._children(node))
        return self._explain(deepest)

    def _children(self, node: _Node[S]) -> Iterator[_Node[S]]:
        """Yield the nodes after one more change, the most promising last."""
        due = self._due(node)
        horizon = min(step.before for _, step in due)
        for index, step in enumerate(self._optional):
            if step.after > horizon:
                break
            bit = 1 << index
            if not node.used & bit and (state := step.apply(node.state)) is not None and state != node.state:
                yield _Node(state, node.done, node.used | bit, (node.path, step))
        for index, step in sorted(due, key=lambda each: -each[1].before):
            if step.changes and (state := step.apply(node.state)) is not None:
                yield _Node(state, node.done | 1 << index, node.used, (node.path, step))

    def _settled(self, node: _Node[S]) -> _Node[S]:
        """Take every step that changes nothing, fits the state and may be next, until there is none."""
        while True:
            done, path = node.done, node.path
            for index, step in self._due(node):
                waits = self._labels.get(step.follows, 0) & ~done
                if not step.changes and not waits and step.apply(node.state) is not None:
                    done, path = done | 1 << index, (path, step)
            if done == node.done:
                return node
            node = _Node(node.state, done, node.used, path)

    def _due(self, node: _Node[S]) -> list[tuple[int, Step[S]]]:
        """Return the certain steps that may be next: those that began before any other one had to be over."""
        found: list[tuple[int, Step[S]]] = []
        horizon = float("inf")
        missing = ~node.done & self._all
        index = (missing & -missing).bit_length() - 1 if missing else len(self._certain)
        while index < len(self._certain) and (step := self._certain[index]).after <= horizon:
            if not node.done >> index & 1:
                found.append((index, step))
                horizon = min(horizon, step.before)
            index += 1
        return [(index, step) for index, step in found if step.after <= horizon]

    def _explain(self, node: _Node[S], *, gave_up: bool = False) -> Refutation:
        names: list[str] = []
        path = node.path
        while path:
            earlier, step = path
            assert isinstance(earlier, tuple)
            assert isinstance(step, Step)
            names.append(step.name)
            path = earlier
        stuck = tuple(step.name for _, step in sorted(self._due(node), key=lambda each: each[1].before))
        return Refutation(tuple(reversed(names)), stuck, repr(node.state), gave_up)
