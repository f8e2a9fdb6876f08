"""Comparison of each compiled object with the live one: absent, differing and added fields.

Argo CD asks the API server which fields an apply would change. An item that somebody added to a list whose items are
owned one by one (a container, a variable, a port) or a key added to a map is none of those, so that it stays unseen
there; here every field has to be compiled, or to be a known default.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from compiler.live.difference import Difference, Kind
from compiler.live.expected import ANY, APPLIERS, DEFAULTS, METADATA, SCALERS
from compiler.live.objects import identity
from compiler.live.paths import Item, Path, managers, matches, pointer, written
from compiler.live.strays import strays
from compiler.live.values import same

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from compiler.live.objects import Compiled, Fields, Identity

_KEYS = ("name", "mountPath", "secretKey", "containerPort", "port", "key", "topologyKey", "type", "path")
"""Fields by which an item of a list may be told from the others, the first that does it in both lists."""
_ORDERED = {"args", "command", "initContainers", "postInitSQL", "pg_hba"}
_LONGEST = 80
_HIDDEN = {"data", "env", "args", "command"}
"""Fields whose live values may hold a credential that somebody put there: they are named, and not shown."""


def check(compiled: Compiled, live: Iterable[Fields]) -> tuple[Difference, ...]:
    """Return every difference: by object in the order of namespace, kind and name, and the strays at the end."""
    found = {identity(item): item for item in live}
    differences: list[Difference] = []
    for key in sorted(compiled.objects):
        if key in found:
            differences += _Object(compiled, key, found[key]).differences(compiled.objects[key])
        else:
            differences.append(Difference(Kind.ABSENT, str(key), ""))
    return (*differences, *strays(compiled, found))


class _Object:
    """The comparison of one object."""

    def __init__(self, compiled: Compiled, key: Identity, live: Fields) -> None:
        self._key, self._live = key, live
        self._defaults = (*METADATA, *DEFAULTS.get(key.group_kind, ()))
        self._left = {place for other, place in compiled.left_to_others if other == key}

    def differences(self, compiled: Fields) -> Iterator[Difference]:
        """Yield the differences between the live object and the compiled one."""
        if "deletionTimestamp" in self._live["metadata"]:
            yield Difference(Kind.ABSENT, str(self._key), "", "it is being deleted")
        # The version of the API is chosen by the reader.
        rest = {name: value for name, value in self._live.items() if name != "apiVersion"}
        yield from self._value((), {name: compiled[name] for name in compiled if name != "apiVersion"}, rest)

    def _value(self, path: Path, compiled: Any, live: Any) -> Iterator[Difference]:
        if pointer(path) in self._left:
            yield from self._left_to_others(path)
        elif isinstance(compiled, Mapping) and isinstance(live, Mapping):
            yield from self._map(path, compiled, live)
        elif isinstance(compiled, list) and isinstance(live, list):
            yield from self._list(path, compiled, live)
        elif not same(compiled, live, _names(path)):
            yield self._differs(path, compiled, live)

    def _map(self, path: Path, compiled: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Difference]:
        for name, value in compiled.items():
            if name in live:
                yield from self._value((*path, name), value, live[name])
            elif value not in ({}, [], None):  # the server stores no empty list or map
                yield Difference(Kind.ABSENT, str(self._key), written((*path, name)))
        for name, value in live.items():
            if name not in compiled:
                yield from self._added((*path, name), value)

    def _list(self, path: Path, compiled: list[Any], live: list[Any]) -> Iterator[Difference]:
        pairs, absent, added = _paired(compiled, live, lambda one, other: not any(self._value(path, one, other)))
        for step, one, other in pairs:
            yield from self._value((*path, step), one, other)
        for step in absent:
            yield Difference(Kind.ABSENT, str(self._key), written((*path, step)))
        for step in added:
            yield self._reported(Kind.ADDED, (*path, step))
        places = [live.index(other) for _, _, other in pairs]
        if path and path[-1] in _ORDERED and places != sorted(places):
            yield Difference(Kind.DIFFERS, str(self._key), written(path), "is in another order")

    def _added(self, path: Path, value: Any) -> Iterator[Difference]:
        """Yield the additions below a field that is not compiled, but for known defaults."""
        if any(matches(path, place) and (wanted is ANY or wanted == value) for place, wanted in self._defaults):
            return
        if isinstance(value, Mapping) and value and any(_above(path, place) for place, _ in self._defaults):
            for name, below in value.items():
                yield from self._added((*path, name), below)
        else:
            yield self._reported(Kind.ADDED, path)

    def _left_to_others(self, path: Path) -> Iterator[Difference]:
        """Yield a field that Argo CD leaves to an autoscaler where another manager wrote it."""
        others = set(managers(self._live, path)).difference(SCALERS, APPLIERS)
        if others:
            yield self._reported(Kind.DIFFERS, path, "was not written by an autoscaler")

    def _differs(self, path: Path, compiled: Any, live: Any) -> Difference:
        texts = [json.dumps(value, ensure_ascii=False) for value in (live, compiled)]
        shown = not _HIDDEN.intersection(_names(path)) and all(len(text) <= _LONGEST for text in texts)
        reason = f"is {texts[0]}, compiled: {texts[1]}" if shown else "has another value than the compiled one"
        return self._reported(Kind.DIFFERS, path, reason)

    def _reported(self, kind: Kind, path: Path, reason: str = "") -> Difference:
        """Return a difference, with the managers that wrote the field, where they are known."""
        others = [name for name in managers(self._live, path) if name not in APPLIERS]
        by = f"by {', '.join(others)}" if others else ""
        return Difference(kind, str(self._key), written(path), ", ".join(part for part in (reason, by) if part))


def _paired(
    compiled: list[Any], live: list[Any], alike: Callable[[Any, Any], bool]
) -> tuple[list[tuple[Item, Any, Any]], list[Item], list[Item]]:
    """Return the pairs of two lists' items, the compiled ones that are absent, and the added ones.

    Items without a key that tells them apart are paired where they are ``alike``.
    """
    key = next((name for name in _KEYS if _told_apart(compiled, name) and _told_apart(live, name)), None)
    if key:
        others = {item[key]: item for item in live}
        pairs = [
            (Item(str(item[key]), others[item[key]]), item, others[item[key]])
            for item in compiled
            if item[key] in others
        ]
        absent = [Item(str(item[key]), item) for item in compiled if item[key] not in others]
        wanted = {item[key] for item in compiled}
        return pairs, absent, [Item(str(item[key]), item) for item in live if item[key] not in wanted]
    left = list(enumerate(live))
    pairs, rest = [], []
    for number, item in enumerate(compiled):
        equal = next((entry for entry in left if alike(item, entry[1])), None)
        if equal is None:
            rest.append((number, item))
        else:
            left.remove(equal)
            pairs.append((Item(str(equal[0]), equal[1]), item, equal[1]))
    absent = [_item(number, item) for number, item in rest]
    if not any(isinstance(item, Mapping) for _, item in rest):
        return pairs, absent, [_item(number, item) for number, item in left]
    changed = min(len(rest), len(left))  # maps without a name: one that changed is where one is missing
    pairs += [(Item(str(left[at][0]), left[at][1]), rest[at][1], left[at][1]) for at in range(changed)]
    return pairs, absent[changed:], [_item(number, item) for number, item in left[changed:]]


def _item(number: int, value: Any) -> Item:
    scalar = isinstance(value, str | int | float)
    return Item(json.dumps(value, ensure_ascii=False) if scalar and len(str(value)) <= _LONGEST else str(number), value)


def _told_apart(items: list[Any], key: str) -> bool:
    """Return whether every item of a list is a map with a value of its own under a key."""
    if not all(isinstance(item, Mapping) and isinstance(item.get(key), str | int) for item in items):
        return False
    return len({item[key] for item in items}) == len(items)


def _above(path: Path, pattern: str) -> bool:
    steps = pattern.split(" ")
    return len(steps) > len(path) and matches(path, " ".join(steps[: len(path)]))


def _names(path: Path) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))
