"""Documents that state a specification, and what is imported from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.diagnostics import Source
from compiler.importer.document import Imported, read
from compiler.model.specification import SECTIONS
from compiler.sources.nodes import KeyValue, MappingNode, Node
from tests.compiler.project import FROZEN, SOMEWHERE, loaded

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = {name: (FROZEN / f"spec/{name}.yaml").read_text(encoding="utf-8") for name in SECTIONS}
"""The text of each section of the frozen project."""


def document(**changed: str) -> str:
    """Return a document with a block for each section of the frozen project, or another text in its place."""
    return "\n".join(f"## {name}\n\n```yaml\n{text}```\n" for name, text in (TEXTS | changed).items() if text)


def imported(text: str, *, lenient: bool = False) -> Imported:
    """Read a document; departures take what it lacks from the frozen project."""
    return read(Source("design.md", text), lenient=lenient, project=project() if lenient else None)


def project() -> MappingNode:
    """The tree of the frozen project's sections."""
    entries: dict[str, KeyValue] = {}
    for _, node in loaded().sections:
        assert isinstance(node, MappingNode)
        entries |= node.entries
    return MappingNode(entries, SOMEWHERE)


def values(found: Imported) -> Mapping[str, Node]:
    """Return the value of each section."""
    return {section.name: section.value for section in found.sections}


def places(found: Imported) -> list[str]:
    """Return the code and the place of each finding, such as ``DOC003 design.md:4:1``."""
    return [f"{finding.code} {finding.place}" for finding in found.findings]
