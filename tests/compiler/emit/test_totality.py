"""Emitters are total: of every well-typed specification they make documents that the schemas of Kubernetes accept."""

from __future__ import annotations

from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.emit.cluster import environment_artifacts
from compiler.model.environment import EnvironmentFile
from compiler.model.shape import annotation_at
from compiler.model.specification import Specification
from compiler.model.units import Bytes, Cores, Duration, Percent, Rate, Schedule
from compiler.schemas import core
from compiler.sources.nodes import Node, ScalarNode, SequenceNode, leaves, lookup
from compiler.sources.nodes import Path as Keys
from runtime.settings import Settings
from tests.compiler.project import SOMEWHERE, artifacts, rebound, resolved, site, takes, with_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.resolve.resolved import Resolved

TREE = resolved()["production"].tree
SAMPLES: dict[object, tuple[str, ...]] = {
    Bytes: ("1B", "1KB", "100m", "8191TB"),
    Cores: ("1m", "0.001 cores", "1 core", "999999.999 cores"),
    Duration: ("1 second", "59s", "90 minutes", "999999999 days"),
    Percent: ("1%", "99% utilization", "100% maximum"),
    Rate: ("1/min", "60 req/h", "100000000/min"),
    Schedule: tuple(Schedule),
    int: ("0", "1", "65535", "999999999"),
    bool: ("true", "false"),
}


@cache
def candidates() -> dict[Keys, tuple[Node, ...]]:
    """Other well-typed values for every leaf, and shorter lists for every list."""
    found: dict[Keys, tuple[Node, ...]] = {}
    for path, _ in leaves(TREE):
        annotation = annotation_at(EnvironmentFile if path[0] == "environment" else Specification, path)
        choices = get_args(annotation) if get_origin(annotation) is Literal else SAMPLES.get(annotation, ())
        found[path] = tuple(ScalarNode(str(text), SOMEWHERE) for text in choices)
    lists = {path[:-1] for path, _ in leaves(TREE) if isinstance(path[-1], int)}
    for path in lists | {("environment", "throttling", "routes")}:
        node = lookup(TREE, path)
        assert isinstance(node, SequenceNode)
        found[path] = tuple(SequenceNode(items, node.span) for items in ((), node.items[:1], node.items[-1:]))
    return {path: kept for path, nodes in found.items() if (kept := well_typed(path, nodes))}


def well_typed(path: Keys, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    return tuple(node for node in nodes if takes(with_value(TREE, path, node), path))


def emit(changes: Mapping[Keys, Node]) -> Resolved:
    """Emit everything for the changed specification, and judge it by the schemas."""
    tree: Node = TREE
    for path, node in sorted(changes.items(), key=lambda item: -len(item[0])):
        tree = with_value(tree, path, node) if lookup(tree, path) else tree
    result, findings = rebound(tree)
    if result is None:
        assert {finding.code for finding in findings} == {"SPEC006"}  # two changes gave a list one entry twice
        return resolved()["production"]
    for cluster in result.environment.clusters:
        at = site(result, cluster)
        files = artifacts(at)
        assert core.check(files.values(), at.cluster.kubernetes, SOMEWHERE) == ()
        assert Settings.model_validate_json(files["runtime/settings.json"].content) == at.settings
    assert list(environment_artifacts(result))
    return result


def test_most_values_can_be_replaced_by_others() -> None:
    assert len(candidates()) > 180


def test_every_single_value_may_be_any_other_of_its_type() -> None:
    """Values change twenty at a time, whose emission shows it for each; lists and what lies in them change alone."""
    lists = {path for path, nodes in candidates().items() if isinstance(nodes[0], SequenceNode)}
    alone = [path for path in candidates() if path in lists or any(isinstance(key, int) for key in path)]
    together = iter([path for path in candidates() if path not in alone])
    groups = [(path,) for path in alone] + list(iter(lambda: tuple(islice(together, 20)), ()))
    for paths in groups:
        for number in range(max(len(candidates()[path]) for path in paths)):
            changed = {path: nodes[number % len(nodes)] for path in paths if (nodes := candidates()[path])}
            assert emit(changed) is not resolved()["production"], "refused"


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_any_values_may_change_together(data: st.DataObject) -> None:
    paths = data.draw(st.lists(st.sampled_from(sorted(candidates(), key=str)), unique=True, max_size=40))
    emit({path: data.draw(st.sampled_from(candidates()[path])) for path in paths})
