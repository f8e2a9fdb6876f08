"""Variants of a resolved environment: one statement changed to another value that its model accepts."""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import Specification
from compiler.model.text import DIGEST, UNRELEASED
from compiler.resolve.bind import bind
from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, ScalarNode, SequenceNode, lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.model.base import Model
    from compiler.resolve.resolved import Resolved

ENVIRONMENT = "environment"
"""The first key of every path into an environment's own file; other paths start with a section."""


def variants(resolved: Resolved, path: Path, node: ScalarNode) -> Iterator[Resolved]:
    """Yield the environment with one statement changed or removed from its list, if that changes the bound value."""
    yield from (changed for _, changed in variants_of(resolved, path, node))


def variants_of(resolved: Resolved, path: Path, node: ScalarNode | SequenceNode) -> Iterator[tuple[str, Resolved]]:
    """Yield the variants of a statement, each with the text in its place; a list without an entry is ``without …``.

    A list has the variants of all its entries.
    """
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            if isinstance(item, ScalarNode):
                yield from variants_of(resolved, (*path, index), item)
        return
    for text in dict.fromkeys(_alternatives(path, node.text)):
        for changed in _bound(resolved, path, _replaced(resolved.tree, path, ScalarNode(text, node.span))):
            yield text, changed
    around = lookup(resolved.tree, path[:-1])
    if isinstance(around, SequenceNode):
        kept = tuple(item for item in around.items if item is not node)
        for changed in _bound(resolved, path, _replaced(resolved.tree, path[:-1], SequenceNode(kept, around.span))):
            yield f"without {node.text}", changed


def choices(path: Path) -> tuple[str, ...]:
    """Return the choices of the model at a path; none for numbers and free text."""
    annotation: Any = annotation_at(EnvironmentFile if path[0] == ENVIRONMENT else Specification, path)
    if get_origin(annotation) is Literal:
        return tuple(map(str, get_args(annotation)))
    return tuple(annotation) if isinstance(annotation, type) and issubclass(annotation, StrEnum) else ()


def _alternatives(path: Path, text: str) -> Iterable[str]:
    """Return other texts for a value: other choices or, for a quantity, slightly and much larger and smaller ones.

    In the place of an image's digest, or of the word that there is none yet, another digest may stand.
    """
    if known := choices(path):
        return known
    if text in ("true", "false"):
        return ("true", "false")
    if text == UNRELEASED or re.fullmatch(DIGEST, text):
        return (f"sha256:{digit * 64}" for digit in "01")
    if number := re.search(r"[0-9]+", text):
        value = int(number[0])
        others = (value + 1, value - 1, value * 3, value * 100, value // 2, 1, 99)
        return (f"{text[: number.start()]}{other}{text[number.end() :]}" for other in others)
    return (f"{text}x",)


def _bound(resolved: Resolved, path: Path, tree: MappingNode) -> Iterator[Resolved]:
    """Yield the environment bound from a tree that differs at a path, if the model accepts it and the values differ."""
    if path[0] == ENVIRONMENT:
        file, _ = bind(EnvironmentFile, MappingNode({ENVIRONMENT: tree.entries[ENVIRONMENT]}, tree.span))
        if file and file.environment != resolved.environment:
            yield replace(resolved, environment=file.environment, tree=tree)
    else:
        # No section's model looks at another section, so that one section is bound anew and the others are kept.
        name = str(path[0])
        kind: type[Model] = annotation_at(Specification, (name,))
        section, _ = bind(kind, tree.entries[name].value)
        if section and section != getattr(resolved.spec, name):
            yield replace(resolved, spec=resolved.spec.model_copy(update={name: section}), tree=tree)


def _replaced(node: MappingNode, path: Path, value: Node) -> MappingNode:
    key, rest = str(path[0]), path[1:]
    entry = node.entries[key]
    below = value if not rest else _inside(entry.value, rest, value)
    return MappingNode({**node.entries, key: KeyValue(entry.key, below)}, node.span)


def _inside(node: Node, path: Path, value: Node) -> Node:
    if isinstance(node, SequenceNode):
        items = (
            (value if len(path) == 1 else _inside(item, path[1:], value)) if index == path[0] else item
            for index, item in enumerate(node.items)
        )
        return SequenceNode(tuple(items), node.span)
    if isinstance(node, MappingNode):
        return _replaced(node, path, value)
    raise TypeError("a path leads below a single value")
