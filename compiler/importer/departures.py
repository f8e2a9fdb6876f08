"""Recorded departures: values that the specification states otherwise than the document, each by a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Severity
from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, ScalarNode, SequenceNode, lookup, nearest

if TYPE_CHECKING:
    from compiler.diagnostics import Span


@dataclass(frozen=True, slots=True)
class Departure:
    """A value at a path, or an entry of the list there, with the value that takes its place and the decision for it.

    A departure without ``written`` adds a key that the document lacks, with the value from the project's ``spec/``.
    """

    path: Path
    written: str | None
    becomes: str | None
    decision: str
    """The file in ``docs/decisions/``, without its suffix."""

    @property
    def page(self) -> str:
        """The page of the decision, relative to the project's root."""
        return f"docs/decisions/{self.decision}.md"


DEPARTURES = (
    Departure(
        ("components", "api_layer", "features"),
        "Express/NestJS framework",
        "Starlette framework",
        "0002-starlette-in-place-of-express",
    ),
    Departure(
        ("components", "api_layer", "features"),
        "TypeScript implementation",
        "Python implementation",
        "0002-starlette-in-place-of-express",
    ),
    Departure(
        ("containers", "application", "base_image"), "node:18-alpine", "python:3.13-slim", "0003-python-base-image"
    ),
    Departure(("redundancy", "application", "objectives"), None, None, "0008-numbers-that-the-document-leaves-out"),
    Departure(("containers", "images"), None, None, "0043-every-image-by-its-digest"),
)


def depart(tree: MappingNode, project: Node | None) -> tuple[MappingNode, tuple[Finding, ...]]:
    """Return the tree of a document's sections with every recorded departure made, and a warning for each.

    ``project`` is the tree of the project's own sections; None where there is none, so that no key is added.
    """
    findings: list[Finding] = []
    for departure in DEPARTURES:
        value, around = lookup(tree, departure.path), lookup(tree, departure.path[:-1])
        if value and departure.written is not None:
            tree = _with(tree, departure.path, _replaced(value, departure, findings))
        added = lookup(project, departure.path) if project and departure.written is None else None
        if added and not value and isinstance(around, MappingNode):
            tree = _with(tree, departure.path, added)
            message = f"the document has no '{'.'.join(map(str, departure.path))}': it was taken from {added.span}"
            findings.append(_finding(departure, message, nearest(tree, departure.path[:-1])))
    return tree, tuple(findings)


def _replaced(node: Node, departure: Departure, findings: list[Finding]) -> Node:
    """Return a value, or a list of values, with the departure's text in the place of the document's."""
    if isinstance(node, SequenceNode):
        return SequenceNode(tuple(_replaced(item, departure, findings) for item in node.items), node.span)
    if not isinstance(node, ScalarNode) or node.text != departure.written or departure.becomes is None:
        return node
    findings.append(_finding(departure, f"'{node.text}' became '{departure.becomes}'", node.span))
    return ScalarNode(departure.becomes, node.span, node.quoted)


def _finding(departure: Departure, message: str, at: Span) -> Finding:
    return Finding(Code.DOC004, message, f"{departure.page} says why", at, severity=Severity.WARNING)


def _with(node: Node, path: Path, value: Node) -> MappingNode:
    """Return a mapping with a value at a path, whose other keys lead to mappings."""
    if not isinstance(node, MappingNode):
        raise TypeError("a path leads below a single value")
    key, rest = str(path[0]), path[1:]
    entry = node.entries.get(key) or KeyValue(value.span, value)
    return MappingNode(
        {**node.entries, key: KeyValue(entry.key, _with(entry.value, rest, value) if rest else value)}, node.span
    )
