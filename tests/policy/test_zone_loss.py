"""STO014 agrees with a model that places PostgreSQL's instances in every way, and takes every zone away.

The model follows the scheduler (``maxSkew: 1``, ``DoNotSchedule``) and CloudNativePG: the candidates for synchronous
replication are the first ready standbys by name, a standby is promoted if R + W > N, and after the loss of a candidate
the next ready standby takes its place.
"""

from __future__ import annotations

import json
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.policy.mutation import gate

if TYPE_CHECKING:
    from collections.abc import Iterator

Placement = tuple[int, ...]
"""The zone of each instance, in the order of their names, which is the order in which they were made."""


def placements(instances: int, zones: int) -> Iterator[Placement]:
    """Yield every placement that the scheduler may choose for instances that are made one after the other."""
    if not instances:
        yield ()
        return
    for before in placements(instances - 1, zones):
        counts = [before.count(zone) for zone in range(zones)]
        yield from ((*before, zone) for zone in range(zones) if counts[zone] == min(counts))


def survives(placed: Placement, primary: int, zone: int, waited: int, most: int) -> bool:
    """Return whether there is somebody who may write after the loss of a zone, at once or by a failover."""
    standbys = [instance for instance in range(len(placed)) if instance != primary]
    candidates = standbys[:most]
    if placed[primary] == zone:
        readable = sum(placed[instance] != zone for instance in candidates)
        return readable + waited > len(candidates)
    return sum(placed[instance] != zone for instance in standbys) >= waited


def lost(instances: int, zones: int, waited: int, most: int, primaries: int) -> set[tuple[Placement, int, int]]:
    """Return each placement, primary and zone at which nobody may write; the primary is one of the first instances."""
    every = product(placements(instances, zones), range(min(primaries, instances)), range(zones))
    return {found for found in every if not survives(*found, waited, most)}


def denied(instances: int, zones: int, waited: int, most: int) -> bool:
    synchronous = {"number": waited, "maxStandbyNamesFromCluster": most}
    cluster = {
        "kind": "Cluster",
        "metadata": {"name": "db", "namespace": "data"},
        "spec": {"instances": instances, "postgresql": {"synchronous": synchronous}},
    }
    document = {
        "environment": {"stage": "production"},
        "cluster": {"name": "here", "zones": [str(zone) for zone in range(zones)]},
        "documents": [{"file": "cluster.yaml", "object": cluster}],
    }
    return bool(gate().engine.evaluate("gate.STO014", json.dumps(document))["denials"])


@pytest.mark.parametrize("zones", [1, 2, 3, 4])
@pytest.mark.parametrize("instances", [2, 3, 4, 5, 6])
def test_the_rule_denies_what_some_placement_does_not_survive_and_nothing_else(instances: int, zones: int) -> None:
    for waited, most in product((1, 2), range(1, instances)):
        if waited <= most:
            found = lost(instances, zones, waited, most, primaries=most + 1)
            assert denied(instances, zones, waited, most) is bool(found), (waited, most, sorted(found)[:3])


@pytest.mark.parametrize("instances", range(3, 10))
def test_two_candidates_in_three_zones_survive_every_placement_at_every_number(instances: int) -> None:
    assert lost(instances, 3, waited=1, most=2, primaries=3) == set()


def test_without_the_cap_the_first_surplus_replica_can_make_a_failover_impossible() -> None:
    assert lost(3, 3, waited=1, most=2, primaries=3) == set()
    for instances in (4, 5):
        assert lost(instances, 3, waited=1, most=instances - 1, primaries=3)


def test_a_replica_beyond_the_first_three_that_became_the_primary_shares_its_zone_with_a_candidate() -> None:
    """No cap helps then, and bootstrap.md says what a person does: CloudNativePG 1.30 knows no zones of candidates."""
    for placed, primary, zone in lost(5, 3, waited=1, most=2, primaries=5):
        assert primary >= 3
        assert placed[primary] == zone
        assert zone in {placed[0], placed[1]}


def test_no_number_that_a_commit_waits_for_suits_three_and_more_instances_without_the_cap() -> None:
    """Waiting for two loses nothing with the primary's zone, but of three instances none may be away any more."""
    assert all(lost(instances, 3, waited=2, most=instances - 1, primaries=3) for instances in (3, 4))
