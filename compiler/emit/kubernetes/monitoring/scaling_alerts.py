"""Alerts on autoscalers at their bounds or without measurements, and on volumes that do not grow.

Sources: ``auto_scaling``, ``compute.application_tier.instances.max``, ``compute.database_tier.instances.replicas.max``.
Upstream: https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/horizontalpodautoscaler-metrics.md,
https://kubernetes.io/docs/reference/instrumentation/metrics/,
https://keda.sh/docs/latest/concepts/scaling-deployments/ (the autoscaler that KEDA makes of a ScaledObject)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import API, DATABASE, namespace
from compiler.emit.text import hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site


@dataclass(frozen=True, slots=True)
class _Scaler:
    """The selector and names of an autoscaler in alerts, and the statements that decide its bounds."""

    prefix: str
    selector: str
    of: str
    units: str
    most: str
    triggers: str


_PODS = _Scaler(
    "",
    f'namespace="{namespace("application")}",horizontalpodautoscaler="{API}"',
    "API",
    "pods",
    "compute.application_tier.instances.max",
    "auto_scaling.application.triggers",
)
_REPLICAS = _Scaler(
    "Database",
    f'namespace="{namespace("data")}",horizontalpodautoscaler="keda-hpa-{DATABASE}"',
    "database",
    "instances",
    "compute.database_tier.instances.replicas.max",
    "auto_scaling.database.read_replicas.triggers",
)


def scaling_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the autoscalers that there are, and on the volumes of the stores."""
    pods, replicas = site.spec.compute.application_tier.instances, site.spec.compute.database_tier.instances.replicas
    if site.scales_pods:
        yield from _of_an_autoscaler(_PODS, bounded=pods.min < pods.max)
    if site.scales_replicas:
        yield from _of_an_autoscaler(_REPLICAS, bounded=replicas.min < replicas.max)
    volumes, usage = f'namespace="{namespace("data")}"', site.spec.auto_scaling.database.storage.triggers.usage
    used = f"kubelet_volume_stats_used_bytes{{{volumes}}} / kubelet_volume_stats_capacity_bytes{{{volumes}}}"
    yield Alert(
        "VolumeNotGrown",
        f"max by (persistentvolumeclaim) (100 * {used})",
        ">=",
        usage.target.number(),
        hours(usage.window),
        "critical",
        f"A volume has been {usage.target} full for {hours(usage.window)}, and has not grown.",
        "auto_scaling.database.storage.triggers.usage.target",
        unit=Unit.PERCENT,
    )


def _of_an_autoscaler(scaler: _Scaler, *, bounded: bool) -> Iterator[Alert]:
    """Yield the alerts on an autoscaler at its bound, and without measurements.

    One that is not ``bounded`` by two numbers keeps one number, which is all that was ever wanted.
    """
    if bounded:
        yield Alert(
            f"{scaler.prefix}InstancesAtMost",
            f"max(kube_horizontalpodautoscaler_status_current_replicas{{{scaler.selector}}})",
            ">=",
            f"max(kube_horizontalpodautoscaler_spec_max_replicas{{{scaler.selector}}})",
            "15m",
            "warning",
            f"The {scaler.of} has had as many {scaler.units} as it may have for a quarter of an hour: more load finds"
            " no more room.",
            scaler.most,
        )
    condition = f'{scaler.selector},condition="ScalingActive",status="true"'
    yield Alert(
        f"{scaler.prefix}AutoscalerBlind",
        f"max(kube_horizontalpodautoscaler_status_condition{{{condition}}})",
        "==",
        0,
        "15m",
        "warning",
        f"The autoscaler of the {scaler.of} has had none of the measurements that it scales by for a quarter of an"
        " hour.",
        scaler.triggers,
    )
