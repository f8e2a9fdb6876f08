"""Alerts on outages of the API and its servers, and on the use of memory, threads and connections.

Sources: ``limits.memory.monitoring``, ``limits.threads``, ``limits.connections.monitoring``,
``connections.database.monitoring``, ``compute.application_tier.instances.min``.
Upstream: https://kubernetes.io/docs/reference/instrumentation/cri-pod-container-metrics/,
https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from compiler.emit.kubernetes.application.rollout import STANDBY_PODS
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.names import API, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_PODS = f'namespace="{namespace("application")}"'


SERVICE_ALERTS: Final = (
    Alert(
        "DatabaseAway",
        f'max(circuit_breaker_state{{{_PODS},target=~"database-reads|database-changes"}})',
        ">",
        0,
        "1m",
        "critical",
        "The database does not answer reads, or makes no changes.",
        "fault_tolerance.circuit_breakers.configuration.failure_threshold",
    ),
    Alert(
        "MemoryOutdated",
        f"100 * max(memory_age_seconds{{{_PODS}}} / memory_bound_seconds{{{_PODS}}})",
        ">",
        50,
        "0m",
        "critical",
        "Memory has been answering without the database for half of the time that it may: 503 will follow.",
        "recovery.rpo.target",
        unit=Unit.PERCENT,
    ),
    Alert(
        "PodNotReady",
        f"min(ready{{{_PODS}}})",
        "==",
        0,
        "5m",
        "critical",
        "A pod of the API has not been ready for five minutes: its /health/detail says why.",
        "load_balancing.application.health_check.path",
    ),
    Alert(
        "EmergencyRights",
        f"max(emergency_rights{{{_PODS}}})",
        ">",
        0,
        "0m",
        "critical",
        "Rights of an emergency are in force: the audit trail says whose, and why.",
        "access_control.infrastructure.authorization.rbac",
    ),
    Alert(
        "ThrottledAlone",
        f"max(throttle_degraded{{{_PODS}}})",
        "==",
        1,
        "5m",
        "warning",
        "Redis is away: each worker admits its share of the limits.",
        "load_management.throttling.strategy",
    ),
    Alert(
        "StandbysAway",
        f'max(circuit_breaker_state{{{_PODS},target="database-standby"}})',
        ">",
        0,
        "5m",
        "warning",
        "Standbys of the database answer no reads: the primary answers them.",
        "components.data_layer.scaling.strategy.read_replicas",
    ),
    Alert(
        "MigrationsMissing",
        f"max(database_migrations_missing{{{_PODS}}})",
        ">",
        0,
        "5m",
        "warning",
        "The database lacks migrations of this release.",
        "orchestration.configuration.rolling_update",
    ),
)
"""The alerts on outages, by metrics of the API's workers (runtime/telemetry.py)."""


def service_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on outages of the API and of the servers that the cluster runs."""
    absent = set()
    if not site.serves:
        absent.add("EmergencyRights")  # they are replicated: the cluster that serves tells of them
    if not (site.serves and site.reads_replicas):
        absent.add("StandbysAway")
    yield _pods(site)
    yield from (alert for alert in SERVICE_ALERTS if alert.name not in absent)


def _pods(site: Site) -> Alert:
    """Return the alert on pods that are missing, those of which nothing is heard among them."""
    fewest = site.spec.compute.application_tier.instances.min if site.serves else STANDBY_PODS
    return Alert(
        "PodsMissing",
        f"(sum(ready{{{_PODS}}}) or vector(0))",
        "<",
        fewest,
        "5m",
        "critical",
        f"Fewer than {fewest} pods of the API have been ready for five minutes, or none has been heard of.",
        "compute.application_tier.instances.min",
    )


def limit_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the use of a pod's memory, threads and connections, a warning and a critical one of each.

    Those on connections are of the measurements that are stated.
    """
    limits, measured = site.spec.limits, site.spec.connections.database.monitoring
    if "Connection count" in measured:
        yield Alert(
            "DatabaseConnectionsAwaited",
            f"max(database_pool_waiting{{{_PODS}}})",
            ">",
            0,
            "1m",
            "critical",
            "Requests wait for a connection to the database all the time.",
            "connections.database.monitoring",
        )
    container = f'{_PODS},container="{API}"'
    used = f"database_pool_in_use{{{_PODS}}} / database_pool_size{{{_PODS}}}"
    resident = f"container_memory_working_set_bytes{{{container}}} / container_spec_memory_limit_bytes{{{container}}}"
    found = [
        ("MemoryUsed", resident, "memory", limits.memory.monitoring, "its memory"),
        ("ThreadsUsed", _use("threads"), "threads", limits.threads.monitoring, "the threads of a worker"),
    ]
    if limits.threads.background == "Limited":
        tasks = "the background tasks of a worker"
        found.append(("BackgroundTasksUsed", _use("background_tasks"), "threads", limits.threads.monitoring, tasks))
    if "Pool utilization" in measured:
        connections = "its connections to the database"
        found.append(("DatabaseConnectionsUsed", used, "connections", limits.connections.monitoring, connections))
    calls = f"external_pool_in_use{{{_PODS}}} / external_pool_size{{{_PODS}}}"
    services = "its connections to external services"
    found.append(("ExternalConnectionsUsed", calls, "connections", limits.connections.monitoring, services))
    for name, share, resource, levels, of in found:
        for severity, level in (("warning", levels.warning), ("critical", levels.critical)):
            yield Alert(
                name,
                f"max by (pod) (100 * {share})",
                ">=",
                level.number(),
                "5m",
                severity,
                f"A pod of the API has been using {level} of {of} or more for five minutes.",
                f"limits.{resource}.monitoring.{severity}",
                unit=Unit.PERCENT,
            )


def _use(resource: str) -> str:
    """Return the use of a resource, as the monitors of the workers tell it."""
    return f'resource_utilization_ratio{{{_PODS},resource="{resource}"}}'
