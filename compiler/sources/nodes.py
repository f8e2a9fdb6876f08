"""Nodes of the located tree: scalars as written, mappings and sequences, each with its span."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.diagnostics import Span

Key = str | int
Path = tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A scalar with its exact text; the model decides its type."""

    text: str
    span: Span
    quoted: bool = False
    """Whether the scalar is quoted or a block, so that ``5`` is text and not a number."""


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A key of a mapping with its own span, and its value."""

    key: Span
    value: Node


@dataclass(frozen=True, slots=True)
class MappingNode:
    """A mapping from names to entries, in the order of the file."""

    entries: Mapping[str, KeyValue]
    span: Span


Node = ScalarNode | SequenceNode | MappingNode
Plain = str | Sequence["Plain"] | Mapping[str, "Plain"]


def plain(node: Node) -> Plain:
    """Return the node as strings, lists and dictionaries, for a model to parse."""
    if isinstance(node, ScalarNode):
        return node.text
    if isinstance(node, SequenceNode):
        return [plain(item) for item in node.items]
    return {name: plain(entry.value) for name, entry in node.entries.items()}


def leaves(node: Node, path: Path = ()) -> Iterator[tuple[Path, ScalarNode]]:
    """Yield every scalar below the node with its path, in the order of the file."""
    if isinstance(node, ScalarNode):
        yield path, node
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.items):
            yield from leaves(item, (*path, index))
    else:
        for name, entry in node.entries.items():
            yield from leaves(entry.value, (*path, name))


def child(node: Node, key: Key) -> Node | None:
    """Return the child at a key or an index, or None."""
    if isinstance(node, MappingNode) and isinstance(key, str):
        entry = node.entries.get(key)
        return entry.value if entry else None
    if isinstance(node, SequenceNode) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    return None


def lookup(node: Node, path: Path) -> Node | None:
    """Return the node at a path, or None if the path does not exist."""
    found: Node | None = node
    for key in path:
        found = child(found, key) if found is not None else None
    return found


def nearest(node: Node, path: Path) -> Span:
    """Return the span of the node at a path or of the closest node above: its value, or its key for a mapping."""
    span = node.span
    for key in path:
        below = child(node, key)
        if below is None:
            return span
        if isinstance(node, MappingNode) and not isinstance(below, ScalarNode):
            span = node.entries[str(key)].key
        else:
            span = below.span
        node = below
    return span
