"""Leaves of emitted files, and their comparison."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from compiler.emit.artifact import Artifact
from compiler.lineage.experiment import ABSENT, Moved, artifacts, emitted, moved
from compiler.lineage.leaves import Leaf, Value, leaves, structure
from tests.compiler.project import changed, resolved

_SCALARS = st.none() | st.booleans() | st.integers(2, 9) | st.text("a/~", max_size=3)
_KEYS = st.text("ab/~", min_size=1, max_size=2)
_DOCUMENTS = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)


def _leaves(document: Any) -> dict[Leaf, Value]:
    return dict(leaves([Artifact("a.yaml", b"", {"top": document})]))


def _moved(before: Any, after: Any) -> dict[str, tuple[object, object]]:
    found: Moved = moved(_leaves(before), _leaves(after))
    return {leaf.pointer.removeprefix("/top"): values for leaf, values in found.items()}


def test_a_leaf_is_a_single_value_or_an_empty_collection_at_its_pointer() -> None:
    document = {"a/b": [{"c~d": 1}, []], "e": {}}
    found = leaves([Artifact("x.yaml", b"", document)])
    assert found == {Leaf("x.yaml", "/a~1b/0/c~0d"): 1, Leaf("x.yaml", "/a~1b/1"): [], Leaf("x.yaml", "/e"): {}}


def test_a_text_has_a_leaf_for_each_line_and_json_one_for_each_value() -> None:
    page, settings = Artifact("page.md", b"one\n\ntwo\n"), Artifact("settings.json", b'{"a": [null]}')
    assert leaves([page]) == {Leaf("page.md", "/0"): "one", Leaf("page.md", "/1"): "", Leaf("page.md", "/2"): "two"}
    assert leaves([settings]) == {Leaf("settings.json", "/a/0"): None}


def test_every_leaf_of_an_environment_is_in_a_file_that_is_emitted() -> None:
    production = resolved()["production"]
    files = {artifact.path: structure(artifact) for artifact in artifacts(production)}
    found = emitted(production)
    assert {leaf.file for leaf in found} == files.keys()
    deployment = "production/eu-central-1/kubernetes/cbp-application/deployment-configuration-api.yaml"
    assert found[Leaf(deployment, "/spec/replicas")] == files[deployment]["spec"]["replicas"]


def test_the_document_of_a_file_says_what_its_content_says() -> None:
    for artifact in artifacts(resolved()["production"]):
        if artifact.document is not None:
            assert yaml.safe_load(artifact.content) == structure(artifact)


@pytest.mark.parametrize("value", ["4", "5"])
def test_only_the_leaves_that_differ_are_moved(value: str) -> None:
    before = emitted(resolved()["production"])
    after = emitted(changed({"compute.application_tier.instances.optimal": value}))
    differing = {leaf for leaf in before.keys() | after.keys() if before.get(leaf, ABSENT) != after.get(leaf, ABSENT)}
    found = moved(before, after)
    assert set(found) <= differing
    assert all(found[leaf] == (before.get(leaf, ABSENT), after.get(leaf, ABSENT)) for leaf in found)
    assert bool(found) == (before != after)


def test_an_entry_that_is_inserted_or_removed_does_not_move_the_entries_behind_it() -> None:
    assert _moved(["a", "b", "c"], ["a", "c"]) == {"/1": ("b", ABSENT)}
    assert _moved(["a", "c"], ["a", "b", "c"]) == {"/1": (ABSENT, "b")}
    assert _moved([{"name": "x", "v": 1}], [{"name": "w", "v": 0}, {"name": "x", "v": 2}]) == {
        "/0/name": (ABSENT, "w"),
        "/0/v": (ABSENT, 0),
        "/1/v": (1, 2),
    }


def test_a_leaf_that_is_gone_has_its_old_place_where_the_entry_around_it_has_a_new_one() -> None:
    assert _moved([{"name": "x", "v": [1, 2]}], [{"name": "w"}, {"name": "x", "v": [1]}]) == {
        "/0/name": (ABSENT, "w"),
        "/0/v/1": (2, ABSENT),
    }


def test_a_value_that_takes_the_place_of_another_kind_of_value_is_moved_as_a_whole() -> None:
    assert _moved({"a": 1}, {"a": {"b": 2}}) == {"/a": (1, ABSENT), "/a/b": (ABSENT, 2)}
    assert _moved({"a": []}, {"a": [1]}) == {"/a": ([], ABSENT), "/a/0": (ABSENT, 1)}
    assert _moved({"a": None}, {}) == {"/a": (None, ABSENT), "": (ABSENT, {})}


@given(_DOCUMENTS, _DOCUMENTS)
@example(one=[[], None, []], two=[None, [None]])
@example(one=[None, None], two=[[], None, [None]])
def test_documents_differ_exactly_if_a_leaf_is_moved_and_each_moved_leaf_is_one_of_a_side(one: Any, two: Any) -> None:
    before, after = _leaves(one), _leaves(two)
    found = moved(before, after)
    assert bool(found) == (before != after)
    for leaf, (old, new) in found.items():
        assert old != new
        assert new is ABSENT or after[leaf] == new
        assert new is not ABSENT or before[leaf] == old
