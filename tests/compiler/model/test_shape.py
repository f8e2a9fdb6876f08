"""The shape of the model: every word that is the only one says why."""

from __future__ import annotations

from compiler.lineage.variants import choices
from compiler.model.shape import only_because
from compiler.model.specification import Specification
from compiler.sources.nodes import leaves
from tests.compiler.project import keys, resolved


def test_every_word_that_is_the_only_one_says_why() -> None:
    stated = leaves(resolved()["production"].tree)
    alone = [path for path, _ in stated if path[0] != "environment" and len(choices(path)) == 1]
    assert len(alone) > 10
    for path in alone:
        assert only_because(Specification, path, choices(path)[0]), path


def test_an_entry_that_a_list_always_has_says_why_and_one_that_may_be_left_out_says_nothing() -> None:
    path = keys("components.data_layer.features.0")
    assert only_because(Specification, path, "Redis cache")
    assert only_because(Specification, path, "Audit logs") is None


def test_a_value_that_may_be_another_says_nothing() -> None:
    assert only_because(Specification, keys("limits.memory.heap"), "80%") is None
