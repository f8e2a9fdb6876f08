"""A real API server takes whatever an edit of the specification compiles to, if the policies accept the edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
import pytest

from compiler.lineage.analysed import known
from compiler.lineage.judge import Judge
from compiler.lineage.variants import variants_of
from compiler.reach.analysis import REFERENCES, Analysis
from compiler.sources.nodes import leaves
from tests.compiler.project import POLICIES, ROOT, resolved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from compiler.emit.artifact import Document
    from compiler.policy.rendering import Rendering
    from tests.cluster.server import Server

_TOGETHER = 200


@pytest.mark.parametrize("environment", resolved())
def test_no_object_of_an_edit_that_the_policies_accept_is_refused_or_warned_of(
    server: Server, environment: str
) -> None:
    analysis = Analysis(resolved()[environment], Judge(known(POLICIES, ROOT, proven=False)))
    namespaces = [item for item in _objects(analysis.renderings) if item["kind"] == "Namespace"]
    edits = _edited(analysis)
    assert edits
    try:
        server.apply(namespaces)
        for start in range(0, len(edits), _TOGETHER):
            assert server.apply(edits[start : start + _TOGETHER], "--dry-run=server") == ""
    finally:
        server.delete(namespaces)


def _edited(analysis: Analysis) -> list[Document]:
    """Return every object of an accepted variant, whose name or content no other one has."""
    found: dict[bytes, Document] = {}
    for path, node in leaves(analysis.resolved.tree):
        for _, changed in variants_of(analysis.resolved, path, node) if path[0] != REFERENCES else ():
            renderings = analysis.emitted(changed)
            if not any(analysis.refusing(renderings, ())):
                found.update((orjson.dumps(item), item) for item in _objects(renderings))
    return list(found.values())


def _objects(renderings: Sequence[Rendering]) -> Iterator[Document]:
    for rendering in renderings:
        for artifact in rendering.artifacts:
            if artifact.document is not None and {"apiVersion", "kind"} <= artifact.document.keys():
                yield artifact.document
