"""The waivers of an environment, each with its source lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.model.waiver import Waiver, WaiverFile
from compiler.resolve.bind import bind
from compiler.sources.nodes import Node, lookup, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.diagnostics import Finding, Span


@dataclass(frozen=True, slots=True)
class PlacedWaiver:
    """One waiver, with the node that it was read from."""

    waiver: Waiver
    node: Node

    def span(self, key: str) -> Span:
        """Return the span of the value of one key, or of the waiver itself if it lacks the key."""
        return nearest(self.node, (key,))


def placed_waivers(documents: Iterable[Node | None]) -> tuple[tuple[PlacedWaiver, ...], tuple[Finding, ...]]:
    """Bind the documents of waivers, and return their findings; None stands for a document that was not read."""
    placed: list[PlacedWaiver] = []
    findings: list[Finding] = []
    for document in documents:
        if document is None:
            continue
        file, found = bind(WaiverFile, document)
        findings.extend(found)
        for index, waiver in enumerate(file.waivers if file else ()):
            placed.append(PlacedWaiver(waiver, lookup(document, ("waivers", index)) or document))
    return tuple(placed), tuple(findings)
