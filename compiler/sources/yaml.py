"""A parser of YAML into located nodes, without YAML's implicit types.

``no``, ``012`` and ``1:30`` stay text (YAML 1.1 reads false, 10 and 90); the model decides their types. The parser's
events are folded with an explicit stack, so that our own limit bounds the depth, and not Python's recursion limit.
Reference: YAML 1.1 and 1.2; the merge key is https://yaml.org/type/merge.html.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from compiler.diagnostics import Code, Finding, Source, Span, bounded_findings
from compiler.sources import syntax
from compiler.sources.nodes import KeyValue, MappingNode, Node, ScalarNode, SequenceNode

if TYPE_CHECKING:
    from collections.abc import Iterator

MAXIMUM_DEPTH = 32
MAXIMUM_NODES = 20_000
_MERGE = "<<"
_STARTS = (MappingStartEvent, SequenceStartEvent)
_ENDS = (MappingEndEvent, SequenceEndEvent)


def parse(source: Source) -> tuple[Node | None, tuple[Finding, ...]]:
    """Return the document's root and every finding; the root is None if the file cannot be read as one document."""
    builder = _Builder(source)
    try:
        for event in yaml.parse(source.text, Loader=yaml.CSafeLoader):
            if not builder.feed(event):
                break
    except yaml.YAMLError as error:
        conflicts = tuple(syntax.conflicts(source))
        return None, bounded_findings((*builder.findings, *(conflicts or [syntax.finding(source, error)])))
    if builder.root is None and not builder.findings:
        help_ = "write the section's key and its values, or restore the file from version control"
        builder.findings.append(Finding(Code.YAML003, "the file holds no value", help_, path=source.path))
    return (None if builder.refused else builder.root), bounded_findings(builder.findings)


@dataclass(frozen=True, slots=True)
class _Built:
    """A finished node, with its number of nodes and its depth after expanding every alias."""

    node: Node
    weight: int
    height: int


@dataclass
class _Frame:
    """An open collection: its end has not been read yet."""

    span: Span
    anchor: str | None
    mapping: bool
    before: int
    """The number of nodes that were read before it."""
    height: int = 1
    items: list[Node] = field(default_factory=list)
    entries: dict[str, KeyValue] = field(default_factory=dict)
    merges: list[Node] = field(default_factory=list)
    key: ScalarNode | None = None


class _Builder:
    """A builder of nodes from events that counts nodes and depth; an alias counts as its expansion."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.root: Node | None = None
        self.findings: list[Finding] = []
        self.refused = False
        self._stack: list[_Frame] = []
        self._anchors: dict[str, _Built] = {}
        self._weight = 0
        self._documents = 0

    def feed(self, event: Event) -> bool:
        """Process one event, and return whether to continue."""
        if isinstance(event, ScalarEvent):  # the most frequent kinds come first
            self._tagged(event)
            node = ScalarNode(event.value, self._span(event), quoted=bool(event.style))
            return self._weighs(1, node.span) and self._put(_Built(node, 1, 0), event.anchor)
        if isinstance(event, _STARTS):
            self._tagged(event)
            return self._open(event)
        if isinstance(event, _ENDS):
            frame = self._stack.pop()
            return self._put(_Built(self._closed(frame), self._weight - frame.before, frame.height), frame.anchor)
        if isinstance(event, DocumentStartEvent):
            return self._document(event)
        if isinstance(event, AliasEvent):
            return self._alias(event)
        return True

    def _document(self, event: Event) -> bool:
        self._documents += 1
        if self._documents == 1:
            return True
        return self._refuse(
            Code.YAML004,
            "a second document starts here",
            self._span(event),
            "keep one document a file: remove the '---'",
        )

    def _open(self, event: MappingStartEvent | SequenceStartEvent) -> bool:
        span, mapping = self._span(event), isinstance(event, MappingStartEvent)
        opened = self._fits(1, span) and self._weighs(1, span)
        self._stack.append(_Frame(span, event.anchor, mapping, self._weight - 1))
        return opened

    def _alias(self, event: AliasEvent) -> bool:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            span, help_ = self._span(event), "write the value out, or put its anchor (&name) before the alias"
            return self._refuse(Code.YAML011, f"the alias *{event.anchor} refers to no finished value", span, help_)
        at = self._span(event)
        return self._fits(known.height, at) and self._weighs(known.weight, at) and self._put(known, None, at)

    def _fits(self, height: int, at: Span) -> bool:
        """Refuse the file if a node of this height makes it too deep; return whether it fits."""
        if len(self._stack) + height <= MAXIMUM_DEPTH:
            return True
        help_ = "the specification is never that deep: check the brackets, the indentation and the aliases"
        return self._refuse(Code.YAML009, f"this is nested deeper than {MAXIMUM_DEPTH} levels", at, help_)

    def _weighs(self, weight: int, at: Span) -> bool:
        """Add to the number of nodes, and refuse the file if there are too many; return whether it fits."""
        self._weight += weight
        if self._weight <= MAXIMUM_NODES:
            return True
        message = f"the file expands to more than {MAXIMUM_NODES} values"
        return self._refuse(Code.YAML009, message, at, "write fewer values, and fewer aliases of aliases")

    def _put(self, built: _Built, anchor: str | None, at: Span | None = None) -> bool:
        """Add a finished node to its parent; ``at`` is the span of an alias of it."""
        if anchor:
            self._anchors[anchor] = built
        if self._stack:
            frame = self._stack[-1]
            frame.height = max(frame.height, 1 + built.height)
            self._into(frame, built.node, at or built.node.span)
        else:
            self.root = built.node
        return True

    def _into(self, frame: _Frame, node: Node, at: Span) -> None:
        if not frame.mapping:
            frame.items.append(node)
        elif frame.key is None:
            frame.key = node if isinstance(node, ScalarNode) else ScalarNode("", at)
            if not frame.key.text:
                help_ = "write a name in front of the colon; put text with brackets or braces in quotes"
                self._report(Code.YAML006, "this key is not a name", at, help_)
        else:
            key, frame.key = frame.key, None
            self._entry(frame, key, node)

    def _entry(self, frame: _Frame, key: ScalarNode, node: Node) -> None:
        if key.text == _MERGE:
            frame.merges.append(node)
        elif key.text in frame.entries:
            first = frame.entries[key.text].key
            message = f"the key '{key.text}' is already written in line {first.line}"
            self._report(Code.YAML005, message, key.span, "keep one of the two")
        elif key.text:
            frame.entries[key.text] = KeyValue(key.span, node)

    def _closed(self, frame: _Frame) -> Node:
        if not frame.mapping:
            return SequenceNode(tuple(frame.items), frame.span)
        for merged in self._merged(frame):
            for name, entry in merged.entries.items():
                frame.entries.setdefault(name, entry)
        return MappingNode(frame.entries, frame.span)

    def _merged(self, frame: _Frame) -> Iterator[MappingNode]:
        """Yield the mappings of merge keys; a mapping's own keys win, then those of the first mapping."""
        for node in frame.merges:
            for item in node.items if isinstance(node, SequenceNode) else (node,):
                if isinstance(item, MappingNode):
                    yield item
                else:
                    help_ = "merge a mapping (<<: *name) or a list of mappings"
                    self._report(Code.YAML010, "only a mapping can be merged", item.span, help_)

    def _tagged(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent) -> None:
        if tag := event.tag:
            help_ = "remove the tag: the specification's models decide every type"
            written = tag.replace("tag:yaml.org,2002:", "!!")
            self._report(Code.YAML007, f"the tag {written} is not allowed", self._span(event), help_)

    def _span(self, event: Event) -> Span:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            raise AssertionError("the parser gives every event its marks")
        width = end.column - start.column if end.line == start.line else 1
        return Span(self.source, start.line + 1, start.column + 1, max(1, width))

    def _report(self, code: Code, message: str, span: Span, help_: str) -> None:
        self.findings.append(Finding(code, message, help_, span))

    def _refuse(self, code: Code, message: str, span: Span, help_: str) -> bool:
        self._report(code, message, span, help_)
        self.refused = True
        return False
