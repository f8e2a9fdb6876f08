"""A parser of blocks of YAML that mends a list without a key: it stands beside keys, or in their place.

YAML has no such collection. Where the model has a key ``features``, the list is read as its value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml
from yaml.error import MarkedYAMLError

from compiler.diagnostics import Code, Finding, Severity, Source
from compiler.model.shape import annotation_at, is_model
from compiler.model.specification import Specification
from compiler.sources.nodes import KeyValue, MappingNode, Node, Path, SequenceNode
from compiler.sources.yaml import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "features"
"""The key that the list of a layer is given."""
_MOST_LISTS = 32
"""The number of lists that are looked for in one block."""
# libyaml's message where a key follows the entries of a list in their own column.
_CLASH = "did not find expected '-' indicator"
_Place = tuple[int, int]
"""A line and a column, counted from 1."""


def parse_block(source: Source, *, lenient: bool) -> tuple[Node | None, tuple[Finding, ...]]:
    """Return the root of a block and its findings; each list without a key is a warning if ``lenient``, else an error.

    The root is None if the block is not YAML for any other reason.
    """
    rest, texts = _lifted(source)
    root, findings = parse(rest)
    if root is None:
        return None, findings
    lists: dict[_Place, SequenceNode] = {}
    for place, text in texts.items():
        node, found = parse(text)
        findings += found
        if isinstance(node, SequenceNode):
            lists[place] = node
    mender = _Mender(lists, lenient)
    mended = mender.mend(root, ())
    if len(mender.put) < len(texts):
        return parse(source)
    return mended, (*findings, *mender.findings)


def _lifted(source: Source) -> tuple[Source, Mapping[_Place, Source]]:
    """Return a source without the lists that keys follow in the same column, and each list by the place of that key.

    The lines that are taken out are left empty, so that lines and columns hold in all of them.
    """
    lines = source.text.split("\n")
    lists: dict[_Place, Source] = {}
    while len(lists) < _MOST_LISTS and (clash := _clash("\n".join(lines))):
        start, (line, column) = clash
        taken = range(start[0] - 1, line - 1)
        lists[line, column] = Source(source.path, "\n" * taken.start + "\n".join(lines[taken.start : taken.stop]))
        for number in taken:
            lines[number] = ""
    return Source(source.path, "\n".join(lines)), lists


def _clash(text: str) -> tuple[_Place, _Place] | None:
    """Return the places of a list and of the key that follows it in its column; None where no list clashes first."""
    try:
        for _ in yaml.parse(text, Loader=yaml.CSafeLoader):
            pass
    except MarkedYAMLError as error:
        start, key = error.context_mark, error.problem_mark
        if error.problem == _CLASH and start and key and start.column == key.column:
            return (start.line + 1, start.column + 1), (key.line + 1, key.column + 1)
    except yaml.YAMLError:
        pass
    return None


@dataclass
class _Mender:
    """A walk that puts each list below its key, and collects a finding for each."""

    lists: Mapping[_Place, SequenceNode]
    lenient: bool

    def __post_init__(self) -> None:
        self.put: set[_Place] = set()
        """The places of the lists that were put beside the keys that followed them."""
        self.findings: list[Finding] = []

    def mend(self, node: Node, path: Path) -> Node:
        """Return the node with every list below its key, where the model has that key at the path."""
        if isinstance(node, SequenceNode) and _has_features(path):
            self._report(f"a list stands in the place of the keys of '{'.'.join(map(str, path))}'", node, node)
            return _beside(node, MappingNode({}, node.span))
        if not isinstance(node, MappingNode):
            return node
        mended = {
            name: KeyValue(entry.key, self.mend(entry.value, (*path, name))) for name, entry in node.entries.items()
        }
        place = node.span.line, node.span.column
        found = self.lists.get(place)
        if found is None or KEY in mended or not _has_features(path):
            return MappingNode(mended, node.span)
        self.put.add(place)
        message = f"the key '{next(iter(mended))}' stands in the column of the list above it, which is not YAML"
        self._report(message, node, found)
        return _beside(found, MappingNode(mended, node.span))

    def _report(self, message: str, at: Node, items: SequenceNode) -> None:
        help_ = (
            f"the list was put below '{KEY}:'" if self.lenient else f"put the list below '{KEY}:', as --lenient does"
        )
        severity = Severity.WARNING if self.lenient else Severity.ERROR
        notes = () if at is items else (f"the list starts at {items.span}",)
        self.findings.append(Finding(Code.DOC003, message, help_, at.span, severity=severity, notes=notes))


def _has_features(path: Path) -> bool:
    annotation = annotation_at(Specification, path)
    return is_model(annotation) and KEY in annotation.model_fields


def _beside(items: SequenceNode, keys: MappingNode) -> MappingNode:
    return MappingNode({KEY: KeyValue(items.span, items), **keys.entries}, keys.span)
