"""The experiment: emit an environment, emit it again with another value, and compare leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from enum import Enum
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, Literal

import orjson

from compiler.emit.cluster import all_artifacts
from compiler.lineage.leaves import Leaf, Value, escaped, flattened, structure, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compiler.emit.artifact import Artifact
    from compiler.resolve.resolved import Resolved


class Absent(Enum):
    """The type of the value of a leaf that one side lacks."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
Side = Value | Literal[Absent.ABSENT]
Files = Mapping[str, Any]
"""The content of each file as data, by its path below ``generated/``."""
Moved = Mapping[Leaf, tuple[Side, Side]]
"""The leaves that differ, each with its old and its new value; a side that lacks the leaf has ``ABSENT``."""


def artifacts(resolved: Resolved) -> Iterator[Artifact]:
    """Yield every file of an environment: of Argo CD, and of each cluster."""
    delivery, clusters = all_artifacts(resolved)
    yield from delivery
    for _, found in clusters:
        yield from found


def renamed(emitted: Iterable[Artifact], old: str, new: str) -> Iterator[Artifact]:
    """Yield the files of an environment under the paths that they have if it is called by another name."""
    for artifact in emitted:
        yield artifact if old == new else replace(artifact, path=artifact.path.replace(f"{old}/", f"{new}/", 1))


def files(emitted: Iterable[Artifact]) -> Files:
    """Return the content of files as data."""
    return {artifact.path: structure(artifact) for artifact in emitted}


def emitted(resolved: Resolved) -> Mapping[Leaf, Value]:
    """Return every leaf of an environment's files; nothing is judged or written."""
    return _leaves(files(artifacts(resolved)))


def moved(before: Mapping[Leaf, Value], after: Mapping[Leaf, Value]) -> Moved:
    """Return the leaves that differ between two emissions.

    Entries of a list are compared with their counterparts, so that one that is inserted does not move those behind it.
    A leaf has its place in ``after``; one that ``after`` lacks has its place in ``before``.
    """
    return differing(_nested(before), _nested(after))


def differing(before: Files, after: Files) -> Moved:
    """Return the leaves that differ between files, as :func:`moved` does."""
    found: dict[Leaf, tuple[Side, Side]] = {}
    for file in dict.fromkeys((*before, *after)):
        one, other = before.get(file, ABSENT), after.get(file, ABSENT)
        if one is not other and one != other:
            found.update((Leaf(file, pointer), values) for pointer, values in _differing(one, other))
    return found


def _leaves(content: Files) -> Mapping[Leaf, Value]:
    return {Leaf(file, pointer): value for file, item in content.items() for pointer, value in flattened(item)}


def _nested(found: Mapping[Leaf, Value]) -> Files:
    """Return the files that have these leaves."""
    content: dict[str, Any] = {}
    for leaf, value in found.items():
        keys = [leaf.file, *tokens(leaf.pointer)]
        inner = content
        for key in keys[:-1]:
            inner = inner.setdefault(key, {})
        inner[keys[-1]] = value
    return {file: _listed(item) for file, item in content.items()}


def _listed(value: Any) -> Any:
    """Return a value with each mapping from 0, 1, 2... turned back into a list."""
    if not isinstance(value, dict) or not value:
        return value
    items = {key: _listed(item) for key, item in value.items()}
    return list(items.values()) if list(items) == [str(index) for index in range(len(items))] else items


def _differing(before: Any, after: Any, was: str = "", now: str = "") -> Iterator[tuple[str, tuple[Side, Side]]]:
    """Yield the leaves that differ between two values, whose pointers are ``was`` and ``now``."""
    if before == after:
        return
    if _both(Mapping, before, after):
        for key in dict.fromkeys((*before, *after)):
            below = f"/{escaped(str(key))}"
            yield from _differing(before.get(key, ABSENT), after.get(key, ABSENT), was + below, now + below)
    elif _both((list, tuple), before, after):
        found = list(_of_entries(before, after, _aligned(before, after), was, now))
        if len({place for place, _ in found}) < len(found):  # two differences at one place, of other entries
            found = list(_of_entries(before, after, zip_longest(range(len(before)), range(len(after))), was, now))
        yield from found
    else:
        one, other = ({} if item is ABSENT else dict(flattened(item)) for item in (before, after))
        for place in dict.fromkeys((*one, *other)):
            yield (now if place in other else was) + place, (one.get(place, ABSENT), other.get(place, ABSENT))


def _both(kind: Any, before: Any, after: Any) -> bool:
    """Return whether both sides are collections of a kind with entries; an empty one is a leaf."""
    return all(isinstance(item, kind) and item for item in (before, after))


def _of_entries(
    before: Sequence[Any], after: Sequence[Any], pairs: Iterable[tuple[int | None, int | None]], was: str, now: str
) -> Iterator[tuple[str, tuple[Side, Side]]]:
    for old, new in pairs:
        one = ABSENT if old is None else before[old]
        other = ABSENT if new is None else after[new]
        yield from _differing(one, other, f"{was}/{old}", f"{now}/{new}")


def _aligned(before: Sequence[Any], after: Sequence[Any]) -> Iterator[tuple[int | None, int | None]]:
    """Yield pairs of indices of entries that correspond; None stands for an entry without a counterpart.

    Equal entries correspond, and of the others those with one name, as Kubernetes merges lists; the rest by order.
    """
    one, other = ([orjson.dumps(item, option=orjson.OPT_SORT_KEYS) for item in items] for items in (before, after))
    for tag, first, last, start, end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from zip(range(first, last), range(start, end), strict=True)
            continue
        waiting = list(range(first, last))
        unnamed = []
        for index in range(start, end):
            name = _name(after[index])
            same = next((old for old in waiting if name is not None and _name(before[old]) == name), None)
            if same is None:
                unnamed.append(index)
            else:
                waiting.remove(same)
                yield same, index
        paired = min(len(waiting), len(unnamed))
        yield from zip(waiting[:paired], unnamed[:paired], strict=True)
        yield from ((index, None) for index in waiting[paired:])
        yield from ((None, index) for index in unnamed[paired:])


def _name(item: Any) -> Any:
    return item.get("name") if isinstance(item, Mapping) else None
