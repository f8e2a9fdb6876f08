"""Namespaces as a whole: how much of one is answered, or changed, at once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from runtime.domain.entries import TooLargeError

if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Mapping

    from runtime.domain.entries import Json, Layered, Version

LARGEST_BYTES = 4 * 1024 * 1024
"""The most bytes of values in one answer."""

MOST_ENTRIES = 10_000
"""The most entries in one answer."""

MOST_EDITS = 64
"""The most edits of a transaction."""


MOST_REPLACED = 1_000
"""The most edits by which a namespace as a whole is replaced or removed: the lock of changes is held for each."""

MOST_EXAMINED = 1_000
"""The most namespaces that are examined for one page of those with certain labels."""

MOST_LAYERS = 8
"""The most namespaces on one line of inheritance; ``layer_fault()`` has the same number."""

LAYER_FAULTS = {
    "orphan": "the parent is a namespace without a definition",
    "cyclic": "the parent inherits from the namespace itself",
    "deep": f"there would be more than {MOST_LAYERS} layers",
    "inherited": "other namespaces inherit from this one",
}
"""The outcomes of ``layer_fault()``, a function of migration 0006."""


class Names(NamedTuple):
    """The namespaces from the ``first`` to the ``last`` name, in the order of their bytes."""

    first: str
    last: str


_BEHIND = "~"
"""It is behind every character of a name."""

EVERY_NAME = (Names("", _BEHIND),)


def covered(patterns: Iterable[str]) -> tuple[Names, ...]:
    """Return the names that patterns of rights cover, in order and without overlaps."""
    found: list[Names] = []
    for first, last in sorted((it[:-1], f"{it[:-1]}{_BEHIND}") if it.endswith("*") else (it, it) for it in patterns):
        if found and first <= found[-1].last:
            found[-1] = Names(found[-1].first, max(found[-1].last, last))
        else:
            found.append(Names(first, last))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Summary:
    """A namespace in a list: what its definition says about it, and the version of that; None without a definition."""

    namespace: str
    members: Json | None
    version: Version | None


@dataclass(frozen=True, slots=True)
class Summaries:
    """Namespaces by name, in the snapshot at ``version``; ``next`` is where the next page begins, None on the last."""

    found: tuple[Summary, ...]
    next: str | None
    version: Version


def stacked(entries: Iterable[Layered]) -> tuple[tuple[Layered, ...], ...]:
    """Return entries of layers by key; those of nearer layers come first."""
    by_key: dict[str, list[Layered]] = {}
    for each in entries:
        by_key.setdefault(each.entry.key, []).append(each)
    return tuple(tuple(by_key[key]) for key in sorted(by_key))


def namespace_too_large(namespace: str) -> TooLargeError:
    """Return the error of an answer that would exceed the bounds."""
    return TooLargeError(
        f"the namespace {namespace} has more than {MOST_ENTRIES} entries, or {LARGEST_BYTES} bytes of values: read its"
        " entries page by page"
    )


def summaries(
    examined: list[Summary], limit: int, labels: Mapping[str, str], version: Version, *, more: bool
) -> Summaries:
    """Return the page of those that have the labels; ``more`` is whether others follow the examined ones."""
    found = [each for each in examined if not labels or (each.members and labels.items() <= _labels(each.members))]
    if len(found) > limit or more:
        last = found[limit - 1] if len(found) >= limit else examined[-1]
        return Summaries(tuple(found[:limit]), last.namespace, version)
    return Summaries(tuple(found), None, version)


def _labels(members: Json) -> ItemsView[str, str]:
    labels: dict[str, str] | None = json.loads(members)["labels"]
    return (labels or {}).items()
