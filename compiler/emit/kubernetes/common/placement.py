"""Placement of pods that are copies of each other: on nodes of their own, and evenly over the zones.

Upstream: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
"""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]

NODE = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
# The revision of a Deployment that a pod belongs to: an update must not be blocked by the pods that it replaces.
_REVISION = "pod-template-hash"


def zone_spread(selector: Fields, *, each_revision: bool = False) -> Fields:
    """Return the constraints by which no zone has two pods more than another.

    ``selector`` selects the pods; with ``each_revision`` those of each revision of a Deployment are counted alone.
    """
    constraint = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": selector,
        **_revision(each_revision),
    }
    return {"topologySpreadConstraints": [constraint]}


def node_anti_affinity(selector: Fields, *, each_revision: bool = False) -> Fields:
    """Return the affinity by which no node runs two of the pods; the parameters are those of :func:`zone_spread`."""
    term = {"topologyKey": NODE, "labelSelector": selector, **_revision(each_revision)}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _revision(each: bool) -> Fields:
    return {"matchLabelKeys": [_REVISION]} if each else {}
