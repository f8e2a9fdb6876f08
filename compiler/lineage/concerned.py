"""The rules whose denials may depend on the difference of two inputs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import orjson

from compiler.emit.kubernetes.common.contents import is_by_content
from compiler.lineage.abstract import DOCUMENT
from compiler.lineage.fields import Readers, moves
from compiler.lineage.parts import DOCUMENTS, differing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.lineage.analysed import Analysed
    from compiler.lineage.fields import Move
    from compiler.lineage.parts import Part

Document = Mapping[str, Any]
"""The input of a cluster."""


class Concerned:
    """Some rules by the fields that they read, and those of them that a difference has concerned before."""

    def __init__(self, found: Analysed, rules: Iterable[str]) -> None:
        self._parts = {rule: found.reads[rule] for rule in rules}
        self._all_parts = frozenset().union(*self._parts.values())
        self._unknown = [rule for rule in self._parts if rule not in found.fields]
        self._readers = Readers()
        for rule in self._parts:
            for read in found.fields.get(rule, ()):
                self._readers.add(rule, read)
        self._known: dict[Move, frozenset[str]] = {}

    def between(self, before: Document, after: Document) -> tuple[str, ...]:
        """Return the rules that read anything in which two inputs differ; all others deny the same of both."""
        moved = _moved(before, after)
        if moved is None:
            return self._by_parts(before, after, self._parts)
        found = frozenset(self._by_parts(before, after, self._unknown)).union(*map(self._of, moved))
        return tuple(rule for rule in self._parts if rule in found)

    def _of(self, move: Move) -> frozenset[str]:
        if move not in self._known:
            readers = self._readers.of(move)
            self._known[move] = frozenset(
                rule for rule in readers if any(_within(move, part) for part in self._parts[rule])
            )
        return self._known[move]

    def _by_parts(self, before: Document, after: Document, rules: Iterable[str]) -> tuple[str, ...]:
        asked = tuple(rules)
        different = differing(before, after, frozenset().union(*(self._parts[rule] for rule in asked)))
        return tuple(rule for rule in asked if not different.isdisjoint(self._parts[rule]))


def _within(move: Move, part: Part) -> bool:
    """Return whether a difference may be in a part of the input, or around it."""
    path = (DOCUMENTS, move.kind) if move.kind else move.path
    return all(one == other for one, other in zip(part, path, strict=False))


def aligned(before: Document, after: Document) -> Document:
    """Return an input in which ConfigMaps that are named by their content have the names of their predecessors.

    The two names change places in every rendered object, so that a reference that does not follow its ConfigMap stands
    out as before. Rules compare such names, and know no digit of them.
    """
    known = {item["file"]: item["object"] for item in before[DOCUMENTS]}
    names: dict[bytes, bytes] = {}
    for item in after[DOCUMENTS]:
        one, other = known.get(item["file"]), item["object"]
        if one and one["metadata"]["name"] != other["metadata"]["name"] and is_by_content(one) and is_by_content(other):
            pair = [side["metadata"]["name"].encode() for side in (one, other)]
            names.update(zip(pair, reversed(pair), strict=True))
    if not names:
        return after
    pattern = re.compile(b"|".join(map(re.escape, names)))
    text = pattern.sub(lambda found: names[found[0]], orjson.dumps(after[DOCUMENTS]))
    return {**after, DOCUMENTS: orjson.loads(text)}


def _moved(before: Document, after: Document) -> list[Move] | None:
    """Return the differences of two inputs; None where not each rendered object has one counterpart."""
    both = before[DOCUMENTS], after[DOCUMENTS]
    old, new = ([(item["file"], item["object"]["kind"]) for item in side] for side in both)
    if old != new or len(set(old)) < len(old):
        return None
    one, other = ({key: value for key, value in side.items() if key != DOCUMENTS} for side in (before, after))
    found = list(moves(one, other, None))
    for one, other in zip(*both, strict=True):
        found += moves(one, other, one["object"]["kind"], DOCUMENT)
    return found
