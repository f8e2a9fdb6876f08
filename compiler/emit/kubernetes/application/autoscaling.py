"""Scaling of the API's pods: the HorizontalPodAutoscaler, and the PodDisruptionBudget that bounds drains.

Sources: ``auto_scaling.application``, ``compute.application_tier``, ``components.api_layer.scaling``.
Upstream: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.autoscalers import takes_tolerance
from compiler.emit.kubernetes.common.metadata import LABELS, SELECTOR, Wave, kubernetes_object
from compiler.emit.names import API
from compiler.emit.text import number, thousandths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.components import Thresholds
    from compiler.model.units import Duration

REQUESTS_METRIC = "http_requests_per_minute"


def autoscaling(site: Site) -> Iterator[Document]:
    """Yield the HorizontalPodAutoscaler of the Deployment, where one sets the number of its pods."""
    if not site.scales_pods:
        return
    tier = site.spec.compute.application_tier
    target = {"apiVersion": kinds.DEPLOYMENT.api_version, "kind": kinds.DEPLOYMENT.name, "name": API}
    spec = {
        "scaleTargetRef": target,
        "minReplicas": tier.instances.min,
        "maxReplicas": tier.instances.max,
        "metrics": _metrics(site),
        "behavior": _behavior(site),
    }
    yield kubernetes_object(
        kinds.HORIZONTAL_POD_AUTOSCALER, API, Wave.TRAFFIC, zone="application", labels=LABELS, spec=spec
    )


def disruption_budget(_: Site) -> Iterator[Document]:
    """Yield the PodDisruptionBudget of the API's pods."""
    budget = {
        "maxUnavailable": 1,
        # A pod that is not ready serves no requests, and must not block the drain of its node.
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
        "selector": {"matchLabels": SELECTOR},
    }
    yield kubernetes_object(
        kinds.POD_DISRUPTION_BUDGET, API, Wave.APPLICATION, zone="application", labels=LABELS, spec=budget
    )


def _metrics(site: Site) -> list[dict[str, Any]]:
    """Return the metrics: CPU and memory of the application's container alone, and the requests per pod."""
    triggers = site.spec.auto_scaling.application.triggers
    requests = {
        "type": "Pods",
        "pods": {
            "metric": {"name": REQUESTS_METRIC},
            "target": {"type": "AverageValue", "averageValue": number(triggers.requests.target.per_minute)},
        },
    }
    return [
        _container("cpu", triggers.cpu.target.percent),
        _container("memory", triggers.memory.target.percent),
        requests,
    ]


def _container(resource: str, percent: int) -> dict[str, Any]:
    target = {"type": "Utilization", "averageUtilization": percent}
    source = {"name": resource, "container": API, "target": target}
    return {"type": "ContainerResource", "containerResource": source}


def _behavior(site: Site) -> dict[str, Any]:
    """Return windows, cooldowns and tolerances: pods are removed once a metric is below its target by the tolerance."""
    application = site.spec.auto_scaling.application
    triggers, cooldown = application.triggers, application.cooldown
    window = max(triggers.cpu.window, triggers.memory.window, triggers.requests.window).seconds
    up = _direction(window, {"type": "Percent", "value": 100}, cooldown.scale_up)
    down = _direction(window, {"type": "Pods", "value": 1}, cooldown.scale_down)
    if takes_tolerance(site):
        up["tolerance"] = "0"
        down["tolerance"] = tolerance(site.spec.compute.application_tier.scaling.thresholds)
    return {"scaleUp": up, "scaleDown": down}


def _direction(window: int, policy: dict[str, Any], cooldown: Duration) -> dict[str, Any]:
    policies = [{**policy, "periodSeconds": cooldown.seconds}]
    return {"stabilizationWindowSeconds": window, "selectPolicy": "Max", "policies": policies}


def tolerance(thresholds: Thresholds) -> str:
    """Return 1 - scale_down / scale_up in thousandths, as ``285m``, rounded down; ``0m`` unless up is above down."""
    up, down = thresholds.scale_up.percent, thresholds.scale_down.percent
    return thousandths(max(0, up - down) * 1000 // up)
