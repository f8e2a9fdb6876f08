"""Overlays: values of an environment that replace those of the specification."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, bounded, bounded_findings, did_you_mean
from compiler.model.shape import annotation_at, is_model
from compiler.model.specification import Specification
from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, ScalarNode, leaves, lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from compiler.diagnostics import Span

PLACEHOLDER = "Configurable"


@dataclass(frozen=True, slots=True)
class _UnknownKey:
    """A key of a patch that the base lacks, with its location and the base's keys there."""

    path: Path
    key: Span
    known: Collection[str]


def overlay(
    base: MappingNode, patches: Iterable[Node], unread: Collection[str] = ()
) -> tuple[MappingNode, tuple[Finding, ...]]:
    """Return the base with every patch laid over it; a patched value keeps the span of the patch.

    Mappings are merged, single values and lists replaced. A patch changes only existing keys: a key that the base
    lacks, two patches of one value, and a new placeholder are findings. Patches of a section that could not be read
    (``unread``) are left out.
    """
    findings: list[Finding] = []
    unknown_keys: list[_UnknownKey] = []
    merged = base
    owners: dict[Path, Node] = {}
    for patch in patches:
        if not isinstance(patch, MappingNode):
            help_ = "write sections and keys, as in spec/"
            findings.append(Finding(Code.SPEC004, "an overlay is a mapping of sections", help_, patch.span))
            continue
        findings.extend(_duplicate_patches(patch, owners))
        findings.extend(_new_placeholders(patch))
        known = {name: entry for name, entry in patch.entries.items() if name not in unread}
        merged = _merge(merged, MappingNode(known, patch.span), (), unknown_keys)
    listed, more = bounded(unknown_keys, lambda unknown: unknown.key.source.path)
    return merged, (*bounded_findings(findings), *map(_finding, listed), *more)


def unfilled_placeholders(tree: Node, base: Node, environment: str) -> tuple[Finding, ...]:
    """Return a finding for every placeholder of the base that no overlay of the environment replaces."""
    help_ = f"give it a value in environments/{environment}/overlays/, or in this line for every environment"
    return tuple(
        Finding(
            Code.ENV001, f"{environment} does not fill the placeholder '{'.'.join(map(str, path))}'", help_, node.span
        )
        for path, node in leaves(tree)
        if is_placeholder(tree, path) and node is lookup(base, path)
    )


def is_placeholder(tree: Node, path: Path) -> bool:
    """Return whether the value at a path is a placeholder that an overlay may replace as a whole.

    A placeholder stands for a single value or a list, but neither for a mapping nor for an entry of a list.
    """
    annotation = annotation_at(Specification, path)
    replaced = annotation is not None and not is_model(annotation) and isinstance(path[-1], str)
    return replaced and says_placeholder(tree, path)


def says_placeholder(tree: Node, path: Path) -> bool:
    """Return whether a placeholder's word is written at a path, even where a placeholder is not allowed."""
    node = lookup(tree, path)
    return isinstance(node, ScalarNode) and node.text == PLACEHOLDER


def _merge(base: MappingNode, patch: MappingNode, path: Path, unknown_keys: list[_UnknownKey]) -> MappingNode:
    entries = dict(base.entries)
    for name, entry in patch.entries.items():
        known = entries.get(name)
        if known is None:
            unknown_keys.append(_UnknownKey((*path, name), entry.key, base.entries.keys()))
        elif isinstance(known.value, MappingNode) and isinstance(entry.value, MappingNode):
            entries[name] = KeyValue(known.key, _merge(known.value, entry.value, (*path, name), unknown_keys))
        else:
            entries[name] = entry
    return MappingNode(entries, base.span)


def _finding(unknown: _UnknownKey) -> Finding:
    *above, name = map(str, unknown.path)
    message = f"there is no '{name}' in {'.'.join(above) or 'the specification'} to patch"
    known = unknown.known
    help_ = did_you_mean(name, known) if known else "write the key in spec/ first, or remove it here"
    return Finding(Code.ENV002, message, help_, unknown.key)


def _duplicate_patches(patch: MappingNode, owners: dict[Path, Node]) -> list[Finding]:
    """Record the first patch of each path, and report a second patch of one value."""
    findings = []
    for path, node in _values(patch):
        first = owners.setdefault(path, node)
        if first is not node:
            message = f"'{'.'.join(map(str, path))}' is already patched at {first.span}"
            findings.append(Finding(Code.ENV003, message, "keep one of the two", node.span))
    return findings


def _new_placeholders(patch: MappingNode) -> list[Finding]:
    help_ = f"write the value of this environment: only spec/ says '{PLACEHOLDER}'"
    return [
        Finding(Code.ENV004, "an overlay fills placeholders and adds none", help_, node.span)
        for _, node in leaves(patch)
        if node.text == PLACEHOLDER
    ]


def _values(patch: MappingNode, path: Path = ()) -> Iterable[tuple[Path, Node]]:
    """Yield the values that a patch replaces as a whole: single values and lists, with their paths."""
    for name, entry in patch.entries.items():
        if isinstance(entry.value, MappingNode):
            yield from _values(entry.value, (*path, name))
        else:
            yield (*path, name), entry.value
