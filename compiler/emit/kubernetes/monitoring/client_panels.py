"""Panels of the dashboard on requests of clients and on the pods of the API, with the autoscaler's targets as lines.

Sources: ``auto_scaling.application.triggers``, ``compute.application_tier.instances``,
``connections.database.timeout``, ``redundancy.application.objectives.latency``,
``load_management.throttling.limits``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.monitoring.adapter_rules import RATE_WINDOW, ROUTES, SERIES
from compiler.emit.kubernetes.monitoring.alert import Unit
from compiler.emit.kubernetes.monitoring.panel import BY_LABELS, Line, Panel
from compiler.emit.names import API, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_PODS = f'namespace="{namespace("application")}"'
_CONTAINER = f'{_PODS},container="{API}"'
_ASKED = f'{_PODS},route=~"{ROUTES}"'
_INSTANCES = "compute.application_tier.instances"
_TRIGGERS = "auto_scaling.application.triggers"
_QUANTILES = {"half": "0.5", "95 %": "0.95", "99 %": "0.99"}


def client_panels(site: Site) -> Iterator[Panel]:
    """Yield the panels on requests: how many are answered with which status, how fast, and how many are throttled."""
    about, lines = "Requests of clients in each second, by the status of the answer.", []
    if site.scales_pods:
        of_a_pod = site.spec.auto_scaling.application.triggers.requests.target.per_minute
        most = of_a_pod * site.spec.compute.application_tier.instances.max // 60
        asked = "are each asked for more than the autoscaler means one to answer."
        about += f" Above the line, as many pods as there may be {asked}"
        lines.append(Line(most, f"{_INSTANCES}.max"))
    yield Panel(
        "Requests",
        about,
        Unit.REQUESTS,
        {BY_LABELS: f"sum by (status) (rate({SERIES}{{{_ASKED}}}[5m]))"},
        tuple(lines),
        (f"{_TRIGGERS}.requests.target",),
    )
    buckets = f"sum by (le) (rate(http_request_duration_seconds_bucket{{{_ASKED}}}[5m]))"
    yield Panel(
        "Time to answer",
        "The time within which a half, 95 % and 99 % of the requests of clients are answered. The lines are the time "
        "of the objective, if there is one, and the longest that a statement of the database may take.",
        Unit.SECONDS,
        {legend: f"histogram_quantile({quantile}, {buckets})" for legend, quantile in _QUANTILES.items()},
        tuple(_times(site)),
    )
    yield Panel(
        "Throttled",
        "Requests in each second that were refused for an empty bucket, by the bucket.",
        Unit.REQUESTS,
        {BY_LABELS: f"sum by (bucket) (rate(throttle_denials_total{{{_PODS}}}[5m]))"},
        (),
        ("load_management.throttling.limits",),
    )


def _times(site: Site) -> Iterator[Line]:
    """Yield the times by which answers are judged."""
    if objectives := site.spec.redundancy.application.objectives:
        yield Line(objectives.latency.seconds, "redundancy.application.objectives.latency.within")
    yield Line(site.spec.connections.database.timeout.seconds, "connections.database.timeout", far=True)


def pod_panels(site: Site) -> Iterator[Panel]:
    """Yield the panels on pods of the API: how many an autoscaler runs, and the requests, CPU and memory of each."""
    if site.scales_pods:
        scaler = f'{_PODS},horizontalpodautoscaler="{API}"'
        instances = site.spec.compute.application_tier.instances
        yield Panel(
            "Pods",
            "The pods of the API, between the fewest and the most that the autoscaler may set.",
            Unit.NUMBER,
            {"pods": f"max(kube_horizontalpodautoscaler_status_current_replicas{{{scaler}}})"},
            (Line(instances.min, f"{_INSTANCES}.min"), Line(instances.max, f"{_INSTANCES}.max")),
        )
    above = (
        (" Above the line, the autoscaler adds pods.", " Above the line, pods are added.")
        if site.scales_pods
        else ("", "")
    )
    triggers = site.spec.auto_scaling.application.triggers
    yield Panel(
        "Requests of a pod",
        f"Requests of clients in each minute, by pod.{above[0]}",
        Unit.NUMBER,
        {BY_LABELS: f"60 * sum by (pod) (rate({SERIES}{{{_ASKED}}}[{RATE_WINDOW}]))"},
        (Line(triggers.requests.target.per_minute, f"{_TRIGGERS}.requests.target"),),
    )
    cpu = f"sum by (pod) (rate(container_cpu_usage_seconds_total{{{_CONTAINER}}}[{RATE_WINDOW}]))"
    memory = f"sum by (pod) (container_memory_working_set_bytes{{{_CONTAINER}}})"
    for resource, used, target in (("cpu", cpu, triggers.cpu.target), ("memory", memory, triggers.memory.target)):
        requested = f'kube_pod_container_resource_requests{{{_CONTAINER},resource="{resource}"}}'
        yield Panel(
            f"{'CPU' if resource == 'cpu' else 'Memory'} of a pod",
            f"The {resource} that the API's container uses of its request, by pod.{above[1]}",
            Unit.PERCENT,
            {BY_LABELS: f"100 * {used} / sum by (pod) ({requested})"},
            (Line(target.percent, f"{_TRIGGERS}.{resource}.target"),),
        )
