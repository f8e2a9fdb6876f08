"""Substitution: an environment in which other texts stand at some paths, for trying a value without writing it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compiler.model.environment import EnvironmentFile
from compiler.model.specification import SECTIONS, Specification
from compiler.resolve.bind import bind
from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, ScalarNode, SequenceNode, lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.resolve.resolved import Resolved

_ENVIRONMENT = "environment"


def substituted(resolved: Resolved, texts: Mapping[Path, str]) -> Resolved | None:
    """Return an environment with single values replaced, or None if a model refuses one; the spans stay.

    Each path leads to a single value.
    """
    tree = resolved.tree
    for path, text in texts.items():
        there = lookup(tree, path)
        if not isinstance(there, ScalarNode):
            raise TypeError("a text replaces a single value")
        tree = _replaced(tree, path, ScalarNode(text, there.span, there.quoted))
    if any(path[0] != _ENVIRONMENT for path in texts):
        sections = {name: entry for name, entry in tree.entries.items() if name in SECTIONS}
        spec, _ = bind(Specification, MappingNode(sections, tree.span))
        if spec is None:
            return None
        resolved = replace(resolved, spec=spec)
    if any(path[0] == _ENVIRONMENT for path in texts):
        file, _ = bind(EnvironmentFile, MappingNode({_ENVIRONMENT: tree.entries[_ENVIRONMENT]}, tree.span))
        if file is None:
            return None
        resolved = replace(resolved, environment=file.environment)
    return replace(resolved, tree=tree)


def _replaced(node: MappingNode, path: Path, value: Node) -> MappingNode:
    entry = node.entries[str(path[0])]
    below = _below(entry.value, path[1:], value)
    return MappingNode({**node.entries, str(path[0]): KeyValue(entry.key, below)}, node.span)


def _below(node: Node, path: Path, value: Node) -> Node:
    if not path:
        return value
    if isinstance(node, MappingNode):
        return _replaced(node, path, value)
    if isinstance(node, SequenceNode):
        items = (_below(item, path[1:], value) if index == path[0] else item for index, item in enumerate(node.items))
        return SequenceNode(tuple(items), node.span)
    raise TypeError("a path leads below a single value")
