"""A model of the scheduler for equal pods: taints, room for one pod on each node, and the required spread over zones.

A zone counts as one to spread over if it has a node, and with ``nodeTaintsPolicy: Honor`` only if it has one without a
taint. Pods fit where their zone then has no more than ``maxSkew`` pods above the emptiest zone that counts.
Upstream: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/,
``pkg/scheduler/framework/plugins/podtopologyspread/filtering.go`` of Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

Counts = Mapping[str, int]
"""Pods by zone."""


def fitting(pods: Counts, lost: Collection[str], spread: Mapping[str, Any]) -> list[str]:
    """Return the zones that take another pod, where ``pods`` names every zone and the nodes of ``lost`` are tainted."""
    honoured = spread.get("nodeTaintsPolicy", "Ignore") == "Honor"
    counting = [zone for zone in pods if zone not in lost or not honoured]
    least = min((pods[zone] for zone in counting), default=0)
    return [zone for zone in pods if zone not in lost and pods[zone] + 1 - least <= spread["maxSkew"]]


def scheduled(pods: Counts, wanted: int, lost: Collection[str], spread: Mapping[str, Any]) -> int:
    """Return how many of the ``wanted`` pods run in the end, where ``pods`` run already, those of lost zones aside."""
    running = {zone: 0 if zone in lost else count for zone, count in pods.items()}
    while sum(running.values()) < wanted and (zones := fitting(running, lost, spread)):
        running[min(zones, key=lambda zone: running[zone])] += 1
    return sum(running.values())


def even(pods: int, zones: int) -> tuple[int, ...]:
    """Return the pods of each zone where they are spread evenly."""
    return tuple(pods // zones + (1 if zone < pods % zones else 0) for zone in range(zones))


def update_stops(replicas: int, surge: int, zones: int, nodes: int) -> bool:
    """Return whether an update can stop for good, with so many nodes in each zone and old pods that end in any order.

    It walks through every state that the update can reach: old and new pods of each zone.
    """
    seen, waiting = set(), [(even(replicas, zones), (0,) * zones)]
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        following = list(_following(*state, replicas, surge, nodes))
        if not following and state[1] != even(replicas, zones) and sum(state[1]) < replicas:
            return True
        waiting += following
    return False


Pods = tuple[int, ...]


def _following(old: Pods, new: Pods, replicas: int, surge: int, nodes: int) -> Iterator[tuple[Pods, Pods]]:
    for zone, count in enumerate(old):
        wanted = sum(old) + sum(new) < replicas + surge and sum(new) < replicas
        if wanted and new[zone] == min(new) and count + new[zone] < nodes:
            yield old, _changed(new, zone, 1)
        if count and sum(old) + sum(new) > replicas:
            yield _changed(old, zone, -1), new


def _changed(pods: Pods, zone: int, by: int) -> Pods:
    return (*pods[:zone], pods[zone] + by, *pods[zone + 1 :])
