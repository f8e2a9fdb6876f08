"""Each statement is changed to other values that its model accepts, and to nothing else."""

from __future__ import annotations

from compiler.lineage.variants import choices, variants
from compiler.sources.nodes import Path, ScalarNode, lookup
from tests.compiler.project import keys, resolved


def _written(path: Path) -> list[str | None]:
    """What stands at a path in each variant of a statement."""
    given = resolved()["production"]
    node = lookup(given.tree, path)
    assert isinstance(node, ScalarNode)
    found = list(variants(given, path, node))
    assert all((item.spec, item.environment) != (given.spec, given.environment) for item in found)
    return [item.written(path) for item in found]


def test_a_word_is_changed_to_each_other_word_of_its_model() -> None:
    path = keys("connections.database.retry")
    now = resolved()["production"].written(path)
    assert set(_written(path)) == set(choices(path)) - {now}


def test_a_value_is_never_compared_with_itself() -> None:
    path = keys("compute.application_tier.instances.max")
    found = _written(path)
    assert len(found) == len(set(found)) >= 3
    assert resolved()["production"].written(path) not in found


def test_a_statement_for_which_the_model_knows_one_word_has_no_variant() -> None:
    path = keys("orchestration.platform")
    assert len(choices(path)) == 1
    assert _written(path) == []


def test_an_entry_of_a_list_is_also_taken_out_of_it() -> None:
    given = resolved()["production"]
    path = keys("network.segmentation.traffic.ingress.0")
    node = lookup(given.tree, path)
    assert isinstance(node, ScalarNode)
    before = given.spec.network.segmentation.traffic.ingress
    assert before[1:] in [item.spec.network.segmentation.traffic.ingress for item in variants(given, path, node)]


def test_a_value_of_an_environment_is_changed_too() -> None:
    name = next(iter(resolved()["production"].environment.clusters))
    assert all(_written(("environment", "clusters", name, "zones", 0)))


def test_in_the_place_of_a_digest_or_of_none_yet_stand_other_digests() -> None:
    digests = [f"sha256:{digit * 64}" for digit in "01"]
    assert _written(keys("containers.images.envoy.release")) == digests
    assert _written(keys("containers.images.postgresql.release")) == digests
