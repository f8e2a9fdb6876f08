"""An update at full scale fits into the quota, the connections and the nodes that are stated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.emit.kubernetes.application.rollout import most_pods, nodes_of_each_zone, pause
from tests.compiler.project import artifacts, changed, emitted, site
from tests.compiler.scheduler import update_stops

if TYPE_CHECKING:
    from collections.abc import Sequence

DEPLOYMENT = "cbp-application/deployment-configuration-api.yaml"
QUOTA = "cbp-application/resourcequota-configuration-api.yaml"


def most_at_once(replicas: int, surge: int, unavailable: int, times: tuple[int, int], starts: Sequence[int]) -> int:
    """Return the most pods, terminating ones included, while the Deployment's controller replaces every pod.

    ``times`` are the seconds for which a new pod has to be ready, and those that a deleted one takes to end;
    ``starts``, the seconds from each new pod's creation until it is ready.
    """
    ready, grace = times
    old, new, ending, most, now = replicas, list[int](), list[int](), replicas, 0
    while old:
        ending = [end for end in ending if end > now]
        available = sum(created + start + ready <= now for created, start in zip(new, starts, strict=False))
        deleted = min(old, max(0, old + available - (replicas - unavailable)))
        old, ending = old - deleted, ending + [now + grace] * deleted
        new += [now] * (min(replicas, replicas + surge - old) - len(new))
        most = max(most, old + len(new) + len(ending))
        now += 1
    return most


@given(st.integers(1, 7200))
def test_an_update_is_not_called_failed_while_a_pod_may_still_start_or_has_to_be_ready(seconds: int) -> None:
    spec = emitted(DEPLOYMENT, connections__database__timeout=f"{seconds} seconds")["spec"]
    probe = spec["template"]["spec"]["containers"][0]["startupProbe"]
    starting = probe["failureThreshold"] * probe["periodSeconds"]
    assert spec.get("progressDeadlineSeconds", 600) >= starting + spec["minReadySeconds"]


CASES = [
    {},
    {"rolling_update.max_surge": "3"},
    {"rolling_update.max_surge": "2", "rolling_update.max_unavailable": "1"},
]


@pytest.mark.parametrize("changes", CASES)
@given(st.lists(st.integers(1, 40), min_size=8, max_size=8))
def test_terminating_pods_fit_into_the_quota_whenever_new_pods_are_ready(
    changes: dict[str, str], starts: list[int]
) -> None:
    at = site(changed({f"orchestration.configuration.{path}": value for path, value in changes.items()}))
    update = at.spec.orchestration.configuration.rolling_update
    times = pause(at).seconds, 50
    assert most_at_once(8, update.max_surge, update.max_unavailable, times, starts) <= most_pods(at)


def test_without_a_pause_an_update_asks_for_more_pods_than_replicas_and_twice_the_surge() -> None:
    """New pods that are ready after 5 seconds, and old ones that take 46 to end: all eight end at once."""
    assert most_at_once(8, 1, 0, (0, 46), [5] * 8) == 16


def test_the_pause_and_the_quota_are_emitted() -> None:
    deployment, hard = emitted(DEPLOYMENT)["spec"], emitted(QUOTA)["spec"]["hard"]
    assert deployment["template"]["spec"]["terminationGracePeriodSeconds"] == 50
    assert deployment["minReadySeconds"] == 25
    assert hard["pods"] == "11"


@pytest.mark.parametrize("zones", [1, 2, 3, 4])
@pytest.mark.parametrize("replicas", range(1, 12))
def test_an_update_never_stops_with_the_stated_nodes_and_can_with_one_less_in_each_zone(
    replicas: int, zones: int
) -> None:
    """Every order in which old pods can end is walked through, for a surge of one and of three."""
    nodes = nodes_of_each_zone(replicas, zones)
    for surge in (1, 3):
        assert not update_stops(replicas, surge, zones, nodes)
        assert nodes == -(-replicas // zones) or update_stops(replicas, surge, zones, nodes - 1)


def test_nine_nodes_do_not_take_an_update_of_eight_pods_and_the_page_says_how_many_do() -> None:
    assert update_stops(8, 1, zones=3, nodes=3)
    page = artifacts(site())["bootstrap.md"].content.decode()
    assert "5 nodes in each zone" in page
    assert "6 in each of the others" in page
