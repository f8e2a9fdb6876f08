"""Comparison of compiled files value by value; a change is known by its place in the old side.

So the same change has the same key whether it is made alone or together with others: an entry that another change
inserts before it does not move it. Left out is what says the same: the order of sets, and quantities and durations that
are spelt in another way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from compiler.lineage.leaves import escaped, flattened
from compiler.live.paths import Item, written
from compiler.live.values import same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.live.paths import Path

ABSENT = None
"""The value on a side that lacks it. No compiled file holds a null."""
Key = tuple[str, ...]
"""A file, and the steps to a value in it, by names and by the positions of the old side."""

_NAMES = ("name", "path", "alert", "title", "refId")
"""The fields by which entries of a list are the same entry; a dashboard has its panels and their questions so."""
_SETS = frozenset({"NetworkPolicy", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "AppProject"})
"""The kinds in which the order of every list is without meaning."""


@dataclass(frozen=True, slots=True)
class Change:
    """A value that differs: its key, its path for people, a pointer into the new file, and both values.

    An object or a file that is new or gone is one change with an empty path; its values are then the whole of it. The
    pointer is one into the old file where the value is gone.
    """

    key: Key
    path: Path
    pointer: str
    before: Any
    after: Any

    @property
    def file(self) -> str:
        """The file below ``generated/``."""
        return self.key[0]

    @property
    def name(self) -> str:
        """The path, such as ``spec.containers[api].image``; empty for a whole file."""
        return written(self.path)

    @property
    def steps(self) -> tuple[str, ...]:
        """The names of the path's steps; those of a list's entries are ``[name]``."""
        return tuple(f"[{step.name}]" if isinstance(step, Item) else step for step in self.path)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[Key, Change]:
    """Return the values that differ between two sets of files, by their keys, in the order of the new side."""
    found: dict[Key, Change] = {}
    for file in dict.fromkeys((*after, *before)):
        one, other = before.get(file, ABSENT), after.get(file, ABSENT)
        if one is not other and one != other:
            for change in _Comparison(file, one, other).changes():
                found[change.key] = change
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    key: Key
    path: Path
    pointer: str

    def below(self, name: str, step: str | Item, token: str | int) -> _Place:
        return _Place((*self.key, name), (*self.path, step), f"{self.pointer}/{escaped(str(token))}")


@dataclass(frozen=True, slots=True)
class _Comparison:
    file: str
    before: Any
    after: Any

    def changes(self) -> Iterator[Change]:
        place = _Place((self.file,), (), "")
        if self.before is ABSENT or self.after is ABSENT:
            yield Change(place.key, place.path, place.pointer, self.before, self.after)
        else:
            yield from self._differing(self.before, self.after, place)

    @property
    def _of_sets(self) -> bool:
        return any(isinstance(side, Mapping) and side.get("kind") in _SETS for side in (self.before, self.after))

    def _differing(self, before: Any, after: Any, place: _Place) -> Iterator[Change]:
        if type(before) is type(after) and before == after:
            return
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            for name in dict.fromkeys((*after, *before)):
                below = place.below(name, name, name)
                yield from self._differing(before.get(name, ABSENT), after.get(name, ABSENT), below)
        elif _is_list(before) and _is_list(after):
            yield from self._of_lists(before, after, place)
        elif (parsed := _documents(before, after, place)) is not None:
            yield from self._differing(*parsed, place)
        elif _is_text(before) and _is_text(after):
            yield from self._of_lists(before.splitlines(), after.splitlines(), place)
        elif before is ABSENT or after is ABSENT:
            yield from self._of_one_side(before, after, place)
        elif not same(before, after, tuple(step for step in place.path if isinstance(step, str))):
            yield Change(place.key, place.path, place.pointer, before, after)

    def _of_one_side(self, before: Any, after: Any, place: _Place) -> Iterator[Change]:
        """Yield every value below one that a side lacks."""
        for pointer, value in flattened(after if before is ABSENT else before):
            steps = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
            path = (*place.path, *(Item(step, None) if step.isdigit() else step for step in steps))
            sides = (ABSENT, value) if before is ABSENT else (value, ABSENT)
            yield Change((*place.key, *steps), path, place.pointer + pointer, *sides)

    def _of_lists(self, before: Sequence[Any], after: Sequence[Any], place: _Place) -> Iterator[Change]:
        seen: Counter[str] = Counter()
        # Containers that run before the others run in their order.
        named = place.path[-1:] != ("initContainers",)
        for old, new in _aligned(before, after, named=named, unordered=self._of_sets):
            one = ABSENT if old is None else before[old]
            other = ABSENT if new is None else after[new]
            if "" in (one, other) and ABSENT in (one, other):
                continue  # an empty line of a text
            name = _name(one if new is None else other)
            if name is not None:
                key = name
            elif old is not None:
                key = str(old)
            else:
                text = json.dumps(other, sort_keys=True, ensure_ascii=False, default=str)
                seen[text] += 1
                key = f"+{seen[text]}{text}"
            index = new if new is not None else old
            step = Item(name if name is not None else str(index), None)
            yield from self._differing(one, other, place.below(key, step, index or 0))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _is_text(value: Any) -> bool:
    """Return whether a value is a text of several lines, as a file that a ConfigMap holds."""
    return isinstance(value, str) and "\n" in value.strip()


def _documents(before: Any, after: Any, place: _Place) -> tuple[Any, Any] | None:
    """Return the two JSON documents of a file of a ConfigMap, such as a dashboard; None for any other texts."""
    if not (place.key[-1].endswith(".json") and isinstance(before, str) and isinstance(after, str)):
        return None
    try:
        return json.loads(before), json.loads(after)
    except ValueError:
        return None


def _aligned(
    before: Sequence[Any], after: Sequence[Any], *, named: bool, unordered: bool
) -> Iterator[tuple[int | None, int | None]]:
    """Yield pairs of positions of entries that correspond; None stands for an entry without a counterpart."""
    one, other = _names(before), _names(after)
    if named and one and other:
        # By name, in which the order has no meaning.
        yield from ((one.get(name), other.get(name)) for name in dict.fromkeys((*other, *one)))
        return
    old, new = ([_text(item) for item in items] for items in (before, after))
    if unordered:
        yield from _paired(*_left(old, new))
        return
    for tag, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from _paired(range(first, last), range(start, end))


def _left(old: list[str], new: list[str]) -> tuple[list[int], list[int]]:
    """Return the positions of the entries that the other side does not hold."""
    one, other = Counter(new), Counter(old)
    gone, added = [], []
    for index, text in enumerate(old):
        if one[text]:
            one[text] -= 1
        else:
            gone.append(index)
    for index, text in enumerate(new):
        if other[text]:
            other[text] -= 1
        else:
            added.append(index)
    return gone, added


def _paired(old: Sequence[int], new: Sequence[int]) -> Iterator[tuple[int | None, int | None]]:
    paired = min(len(old), len(new))
    yield from zip(old[:paired], new[:paired], strict=True)
    yield from ((None, index) for index in new[paired:])
    yield from ((index, None) for index in old[paired:])


def _names(items: Iterable[Any]) -> dict[str, int] | None:
    """Return the positions of entries by their names, or None where not every entry has one of its own."""
    names = [_name(item) for item in items]
    found = {name: index for index, name in enumerate(names) if name is not None}
    return found if len(found) == len(names) else None


def _name(item: Any) -> str | None:
    if not isinstance(item, Mapping):
        return None
    return next((value for key in _NAMES if isinstance(value := item.get(key), str)), None)


def _text(item: Any) -> str:
    return json.dumps(item, sort_keys=True, default=str)
