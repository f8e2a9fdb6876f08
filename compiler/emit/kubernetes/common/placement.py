"""Placement of equal pods: on separate nodes, and evenly over the availability zones.

Upstream: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
"""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]

NODE = "kubernetes.io/hostname"
ZONE = "topology.kubernetes.io/zone"
# The label with a pod's revision of its Deployment: the pods that an update replaces must not block it.
_REVISION = "pod-template-hash"


def zone_spread(selector: Fields, *, each_revision: bool = False) -> Fields:
    """Return the topology spread constraints by which no zone has two pods more than another.

    ``selector`` selects the pods; with ``each_revision`` those of each revision of a Deployment are counted alone.
    A zone without a node that takes the pods is left out: by the default, ``Ignore``, a lost zone counts as one with no
    pods, and the others then take no more than one each.
    """
    constraint = {
        "maxSkew": 1,
        "topologyKey": ZONE,
        "whenUnsatisfiable": "DoNotSchedule",
        "nodeTaintsPolicy": "Honor",
        "labelSelector": selector,
        **_revision(each_revision),
    }
    return {"topologySpreadConstraints": [constraint]}


def node_anti_affinity(selector: Fields, *, each_revision: bool = False) -> Fields:
    """Return the anti-affinity by which no node runs two of the pods; parameters as in :func:`zone_spread`."""
    term = {"topologyKey": NODE, "labelSelector": selector, **_revision(each_revision)}
    return {"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}}


def _revision(each: bool) -> Fields:
    return {"matchLabelKeys": [_REVISION]} if each else {}
