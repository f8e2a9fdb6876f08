"""A reader of a document: it joins blocks of YAML into the sections of the specification, and lets the models judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from compiler.diagnostics import Code, Finding, Source, bounded_findings, did_you_mean, in_source_order
from compiler.importer.departures import depart
from compiler.importer.markdown import Outline, outline
from compiler.importer.mending import parse_block
from compiler.model.specification import SECTIONS, Specification
from compiler.resolve.bind import bind
from compiler.resolve.overlay import is_placeholder
from compiler.sources.credentials import masked
from compiler.sources.nodes import KeyValue, MappingNode, Node, ScalarNode

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_BLOCKS = 100
_REFERENCES = "references"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the specification as the document states it, with the headings that it stands below."""

    name: str
    value: Node
    headings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """The sections of a document, in the order of the models, and the findings about them."""

    document: str
    """The path of the document."""
    sections: tuple[Section, ...]
    findings: tuple[Finding, ...]


def read(document: Source, *, lenient: bool = False, project: Node | None = None) -> Imported:
    """Read a document strictly, or mend what can be mended and make the recorded departures if ``lenient``.

    ``project`` is the tree of a project's sections, from which a departure takes the keys that the document lacks.
    """
    clean, credentials = masked(document)
    reader = _Reader(clean, lenient)
    reader.report(*credentials)
    tree, headings = reader.joined(outline(clean))
    if lenient:
        tree, departures = depart(tree, project)
        reader.report(*departures)
    reader.judge(tree)
    sections = (
        Section(name, tree.entries[name].value, headings.get(name, ())) for name in SECTIONS if name in tree.entries
    )
    return Imported(clean.path, tuple(sections), in_source_order(bounded_findings(reader.findings)))


@dataclass
class _Reader:
    """A reader that collects findings, so that a fault in one block does not stop the reading of the others."""

    document: Source
    lenient: bool

    def __post_init__(self) -> None:
        self.findings: list[Finding] = []
        self.unread = False
        """Whether a section may be missing because of another finding."""

    def report(self, *findings: Finding) -> None:
        """Add findings; those about a block, whose source is padded, are shown in the document."""
        for finding in findings:
            span = finding.span
            if span and span.source.path == self.document.path:
                span = replace(span, source=self.document)
            self.findings.append(replace(finding, span=span))

    def joined(self, found: Outline) -> tuple[MappingNode, Mapping[str, tuple[str, ...]]]:
        """Return the tree of all sections, and the headings above each."""
        self.report(*found.findings)
        entries: dict[str, KeyValue] = {}
        headings: dict[str, tuple[str, ...]] = {}
        self.unread = bool(found.findings)
        if len(found.blocks) > _MOST_BLOCKS:
            message = f"the document has more than {_MOST_BLOCKS} blocks of YAML"
            help_ = f"keep the {len(SECTIONS)} sections of the specification, and mark other blocks as another language"
            self.report(Finding(Code.YAML009, message, help_, path=self.document.path))
        for block in found.blocks[:_MOST_BLOCKS]:
            root, findings = parse_block(block.source, lenient=self.lenient)
            if [finding.code for finding in findings] == [Code.YAML003]:
                continue  # an empty block states nothing
            self.report(*findings)
            for name, entry in self._entries(root).items():
                headings.setdefault(name, block.headings)
                self._add(entries, name, entry)
        if references := self._references(found):
            at = next(iter(references.values())).key
            headings.setdefault(_REFERENCES, found.references[0].headings)
            self._add(entries, _REFERENCES, KeyValue(at, MappingNode(references, at)))
        if not (entries or self.findings):
            message, help_ = "the document holds no block of YAML", "put each section into a block of its own: ```yaml"
            self.report(Finding(Code.DOC001, message, help_, path=self.document.path))
        return MappingNode(entries, self.document.place(0)), headings

    def judge(self, tree: MappingNode) -> None:
        """Report each missing section, and each value that a model refuses; placeholders are left to environments."""
        for name in SECTIONS if tree.entries and not self.unread else ():
            if name not in tree.entries:
                help_ = f"write it in a block of YAML that starts with '{name}:'"
                self.report(Finding(Code.SPEC001, f"there is no section '{name}'", help_, path=self.document.path))
        _, findings = bind(
            Specification,
            tree,
            skip=lambda path: is_placeholder(tree, path) or (len(path) == 1 and path[0] not in tree.entries),
        )
        self.report(*findings)

    def _entries(self, root: Node | None) -> Mapping[str, KeyValue]:
        """Return the sections of a block; what is no section is a finding."""
        self.unread |= not isinstance(root, MappingNode)
        if root is None:
            return {}
        if not isinstance(root, MappingNode):
            help_ = "start the block with the name of a section and a colon, or mark it as another language"
            self.report(Finding(Code.SPEC004, "a block of YAML holds a section", help_, root.span))
            return {}
        for name in (name for name in root.entries if name not in SECTIONS):
            self.unread = True
            help_ = did_you_mean(name, SECTIONS, otherwise="mark a block that is an example as another language")
            self.report(Finding(Code.SPEC002, f"there is no section '{name}'", help_, root.entries[name].key))
        return {name: entry for name, entry in root.entries.items() if name in SECTIONS}

    def _references(self, found: Outline) -> dict[str, KeyValue]:
        """Return the references that are lines of text, as the keys of their section."""
        references: dict[str, KeyValue] = {}
        for item in found.references:
            self._add(references, item.key, KeyValue(item.key_span, ScalarNode(item.name, item.name_span, quoted=True)))
        return references

    def _add(self, entries: dict[str, KeyValue], name: str, entry: KeyValue) -> None:
        first = entries.setdefault(name, entry)
        if first is not entry:
            message = f"'{name}' is already written in line {first.key.line}"
            self.report(Finding(Code.YAML005, message, "keep one of the two", entry.key))
