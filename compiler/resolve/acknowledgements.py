"""The acknowledgements of an environment, each with its source lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.model.acknowledgement import Acknowledgement, AcknowledgementFile
from compiler.resolve.bind import bind
from compiler.sources.nodes import Node, lookup, nearest

if TYPE_CHECKING:
    from compiler.diagnostics import Finding, Span


@dataclass(frozen=True, slots=True)
class PlacedAcknowledgement:
    """One acknowledgement, with the node that it was read from."""

    acknowledgement: Acknowledgement
    node: Node

    def span(self, key: str) -> Span:
        """Return the span of the value of one key, or of the acknowledgement itself if it lacks the key."""
        return nearest(self.node, (key,))


def placed_acknowledgements(
    document: Node | None,
) -> tuple[tuple[PlacedAcknowledgement, ...], tuple[Finding, ...]]:
    """Bind a document of acknowledgements, and return its findings; None stands for no document."""
    if document is None:
        return (), ()
    file, findings = bind(AcknowledgementFile, document)
    items = enumerate(file.acknowledgements if file else ())
    nodes = ((item, lookup(document, ("acknowledgements", index)) or document) for index, item in items)
    return tuple(PlacedAcknowledgement(item, node) for item, node in nodes), findings
