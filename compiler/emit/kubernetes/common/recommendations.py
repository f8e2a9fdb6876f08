"""Recommended sizes: a VerticalPodAutoscaler that recommends within a tier's ranges, and changes nothing.

Its recommender looks at any target with a scale, and at ordinary containers alone: a native sidecar, as the proxy, has
none. The other containers of a pod have no ranges, and get no recommendation.

Sources: ``compute.*.resources``, the cluster's ``recommender``.
Upstream: https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/quickstart.md,
https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/sidecar-containers.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.resources import Amounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.compute import TierResources
    from compiler.model.network import Zone


def recommended(
    site: Site, target: kinds.Kind, name: str, container: str, tier: TierResources, zone: Zone
) -> Iterator[Document]:
    """Yield the VerticalPodAutoscaler of a target's container, where the cluster runs the recommender."""
    if not site.cluster.recommender:
        return
    bounded = {
        "containerName": container,
        "controlledResources": ["cpu", "memory"],
        "minAllowed": Amounts(tier.cpu.min, tier.memory.min).quantities,
        "maxAllowed": Amounts(tier.cpu.max, tier.memory.max).quantities,
    }
    spec = {
        "targetRef": {"apiVersion": target.api_version, "kind": target.name, "name": name},
        # The horizontal autoscaler owns the number of pods by the same measurements, and Git their size.
        "updatePolicy": {"updateMode": "Off"},
        "resourcePolicy": {"containerPolicies": [bounded, {"containerName": "*", "mode": "Off"}]},
    }
    yield kubernetes_object(kinds.VERTICAL_POD_AUTOSCALER, name, Wave.TRAFFIC, zone=zone, spec=spec)
