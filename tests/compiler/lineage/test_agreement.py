"""Explain and impact agree: a statement decides a leaf exactly if another value of it moves the leaf."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

from compiler.lineage.emission import emission
from compiler.lineage.experiment import ABSENT, artifacts
from compiler.lineage.impact import impact
from compiler.lineage.incremental import prepared
from compiler.lineage.leaves import structure
from compiler.lineage.origins import origins
from compiler.lineage.statements import Place, statement
from compiler.model.specification import SECTIONS
from compiler.sources.files import load
from compiler.sources.nodes import leaves
from tests.compiler.project import FROZEN, resolved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.sources.nodes import Path

_STATEMENTS = [path for path, _ in leaves(resolved()["production"].tree) if path[0] != "references"]
_CLUSTER = "production/eu-central-1"
_FILES = (
    f"{_CLUSTER}/kubernetes/cbp-application/deployment-configuration-api.yaml",
    f"{_CLUSTER}/kubernetes/cbp-application/networkpolicy-api-egress.yaml",
    f"{_CLUSTER}/kubernetes/cbp-application/resourcequota-configuration-api.yaml",
    f"{_CLUSTER}/kubernetes/cbp-data/cluster-configuration-db.yaml",
    f"{_CLUSTER}/runtime/settings.json",
    f"{_CLUSTER}/vault/plan.yaml",
)


@cache
def _explained(file: str) -> Mapping[str, set[Path]]:
    """The statements that decide each leaf of a file, by its pointer."""
    found = emission(resolved()["production"], file)
    assert found
    return {pointer: {cause.path for cause in of} for pointer, of in origins(resolved()["production"], found).items()}


def _moved(path: Path) -> set[tuple[str, str]]:
    """The leaves of production that another value of a statement moves, by file and pointer."""
    node = dict(leaves(resolved()["production"].tree))[path]
    loaded = load(FROZEN, SECTIONS, ["production"])
    place = Place(node.span.source.path, node.span.line, node.span.column)
    (found,) = impact(FROZEN, loaded, statement(loaded, place)).environments
    return {(move.leaf.file, move.leaf.pointer) for move in found.moves if move.before is not ABSENT}


@pytest.mark.parametrize("path", _STATEMENTS[::12], ids=lambda path: ".".join(map(str, path)))
def test_a_leaf_that_a_statement_moves_is_explained_by_it_and_no_other_leaf_is(path: Path) -> None:
    moved = _moved(path)
    for file in _FILES:
        explained = {pointer for pointer, paths in _explained(file).items() if path in paths}
        assert explained == {pointer for of, pointer in moved if of == file}, file


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_file_that_is_emitted_alone_is_the_same_as_among_the_others(environment: str) -> None:
    given = resolved()[environment]
    for artifact in artifacts(given):
        alone = emission(given, artifact.path)
        assert alone, artifact.path
        assert alone.content(prepared(given)) == structure(artifact), artifact.path
        assert alone.source.startswith("compiler/emit/")
