"""Alerts on an autoscaler at its bound or without measurements, and on volumes that do not grow.

Sources: ``auto_scaling``, ``compute.application_tier.instances.max``.
Upstream: https://github.com/kubernetes/kube-state-metrics/blob/main/docs/metrics/workload/horizontalpodautoscaler-metrics.md,
https://kubernetes.io/docs/reference/instrumentation/metrics/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import API, namespace
from compiler.emit.text import hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site


def scaling_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the autoscaler of the API, where there is one, and on the volumes of the database."""
    if site.scales_pods:
        yield from _of_the_autoscaler(site)
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


def _of_the_autoscaler(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the autoscaler at its bound, and without measurements."""
    scaler = f'namespace="{namespace("application")}",horizontalpodautoscaler="{API}"'
    instances = site.spec.compute.application_tier.instances
    if instances.min < instances.max:  # else that many are all that was ever wanted
        yield Alert(
            "InstancesAtMost",
            f"max(kube_horizontalpodautoscaler_status_current_replicas{{{scaler}}})",
            ">=",
            f"max(kube_horizontalpodautoscaler_spec_max_replicas{{{scaler}}})",
            "15m",
            "warning",
            "The API has had as many pods as it may have for a quarter of an hour: more load finds no more room.",
            "compute.application_tier.instances.max",
        )
    condition = f'{scaler},condition="ScalingActive",status="true"'
    yield Alert(
        "AutoscalerBlind",
        f"max(kube_horizontalpodautoscaler_status_condition{{{condition}}})",
        "==",
        0,
        "15m",
        "warning",
        "The autoscaler of the API has had none of the measurements that it scales by for a quarter of an hour.",
        "auto_scaling.application.triggers",
    )
