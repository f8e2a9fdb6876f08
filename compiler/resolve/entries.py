"""The waivers and acknowledgements of an environment, each with its source lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from compiler.model.acknowledgement import Acknowledgement, AcknowledgementFile
from compiler.model.waiver import Waiver, WaiverFile
from compiler.resolve.bind import bind
from compiler.sources.nodes import Node, lookup, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from compiler.diagnostics import Finding, Span
    from compiler.model.base import Model

E = TypeVar("E", Waiver, Acknowledgement)
F = TypeVar("F", bound="Model")


@dataclass(frozen=True, slots=True)
class Placed(Generic[E]):
    """One entry of a file's list, with the node that it was read from."""

    entry: E
    node: Node

    def span(self, key: str) -> Span:
        """Return the span of the value of one key, or of the entry itself if it lacks the key."""
        return nearest(self.node, (key,))


def placed_waivers(documents: Iterable[Node | None]) -> tuple[tuple[Placed[Waiver], ...], tuple[Finding, ...]]:
    """Bind the documents of waivers, and return their findings; None stands for a document that was not read."""
    return _placed(documents, WaiverFile, "waivers", lambda file: file.waivers)


def placed_acknowledgements(
    documents: Iterable[Node | None],
) -> tuple[tuple[Placed[Acknowledgement], ...], tuple[Finding, ...]]:
    """Bind the documents of acknowledgements, and return their findings, as :func:`placed_waivers` does."""
    return _placed(documents, AcknowledgementFile, "acknowledgements", lambda file: file.acknowledgements)


def _placed(
    documents: Iterable[Node | None], model: type[F], key: str, entries: Callable[[F], tuple[E, ...]]
) -> tuple[tuple[Placed[E], ...], tuple[Finding, ...]]:
    placed: list[Placed[E]] = []
    findings: list[Finding] = []
    for document in documents:
        if document is None:
            continue
        file, found = bind(model, document)
        findings.extend(found)
        for index, entry in enumerate(entries(file) if file else ()):
            placed.append(Placed(entry, lookup(document, (key, index)) or document))
    return tuple(placed), tuple(findings)
