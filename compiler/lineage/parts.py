"""The parts of an input: paths into it, in which rendered objects are distinguished by their kind.

``documents.Deployment`` is every Deployment; the values of other parts are found by their keys. Objects come in the
order of their files, which each of them names, so that the objects of several kinds have one order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

Part = tuple[str, ...]

DOCUMENTS = "documents"
EVERYTHING: Part = ()
BEFORE: Part = ("before",)
"""The old side in the base, which the rules about transitions read."""
ABSENT = object()
"""The value of a part that an input does not have; null is another one."""


def differing(before: Mapping[str, Any], after: Mapping[str, Any], parts: Iterable[Part]) -> frozenset[Part]:
    """Return the parts (of rendered objects: their kinds) whose values in two inputs differ."""
    asked = tuple(parts)
    one, other = values(before, asked), values(after, asked)
    return frozenset(part for part in asked if one[part] != other[part])


def values(document: Mapping[str, Any], parts: Iterable[Part]) -> Mapping[Part, Any]:
    """Return the value of each part of an input, ``ABSENT`` where it has none; of rendered objects, those of a kind."""
    by_kind = {**document, DOCUMENTS: _by_kind(document[DOCUMENTS])}
    return {part: _value(by_kind if part[:-1] == (DOCUMENTS,) else document, part) for part in parts}


def _by_kind(documents: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for item in documents:
        found.setdefault(item["object"]["kind"], []).append(item)
    return found


def _value(document: Mapping[str, Any], part: Part) -> Any:
    value: Any = document
    for key in part:
        if not isinstance(value, Mapping):
            break
        value = value.get(key, ABSENT)
    return value


def excerpt(document: Mapping[str, Any], parts: Collection[Part]) -> Mapping[str, Any]:
    """Return an input reduced to the keys and the rendered objects of ``parts``."""
    if EVERYTHING in parts:
        return document
    kept = {key: value for key, value in document.items() if key in {part[0] for part in parts}}
    if DOCUMENTS in kept and (DOCUMENTS,) not in parts:
        kinds = {part[1] for part in parts if part[0] == DOCUMENTS}
        kept[DOCUMENTS] = [item for item in document[DOCUMENTS] if item["object"]["kind"] in kinds]
    return kept
