"""The metrics of one worker, in one table, and the exposition of all workers' metrics.

With several workers prometheus-client stores the numbers in files of ``PROMETHEUS_MULTIPROC_DIR``, one set per process,
and the worker that is scraped adds them up; counts of the other workers from the last second may be missing. Label
values are route templates, names of issuers, subscribers and connectors, and fixed words, never a client's text.
``docs/metrics.md`` is made from the table.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest, multiprocess

from runtime.metrics import Durations, Metric, Tally, counter, durations, gauge

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.domain.deliveries import Subscriber

_MEMORY = "limits.memory.monitoring"
_CONNECTIONS = "limits.connections.monitoring"
_POOL_SIZE = "connections.database.pool_size"
_EXTERNAL_POOL = "connections.external_services.pool_size"
_STALE = "recovery.rpo.target"
_LIMITS = "load_management.throttling.limits"


class Telemetry:
    """The metrics of the service; call :meth:`write` regularly, and before a scrape."""

    requests = counter("http_requests", "Answered requests.", "method", "route", "status", unit="requests")
    external_durations = durations(
        "external_call_duration_seconds",
        "Time of a call of an external service, from its connection to the end of the answer.",
        "target",
        statement="connections.external_services.timeout",
    )
    durations = durations(
        "http_request_duration_seconds",
        "Time from the request's head to the last byte of the answer.",
        "method",
        "route",
        statement="connections.database.timeout",
    )
    requests_in_flight = gauge("http_requests_in_flight", "Requests being served.", unit="requests", of_workers="sum")
    ready = gauge("ready", "1 while every worker is ready.", of_workers="least")
    refusals = counter(
        "intake_refusals", "Requests refused by a bound of what is in progress.", "bound", unit="requests"
    )
    unknown_clients = counter(
        "clients_unknown", "Requests whose client is not known, by reason.", "reason", unit="requests"
    )
    dropped_lines = counter("log_lines_dropped", "Log lines that standard output did not take.", "reason", unit="lines")

    proofs = counter("authentications", "Proofs of identity that were examined, by outcome.", "outcome", unit="proofs")
    forbidden = counter(
        "authorization_refusals",
        "Requests without a right, by what is missing.",
        "missing",
        unit="requests",
        statement="access_control.infrastructure.authorization.rbac",
    )
    emergencies = gauge("emergency_rights", "Rights of an emergency that are in force.", unit="rights")
    audit_refusals = counter("audit_refusals", "Requests refused, by status.", "status", unit="requests")
    audit_dropped = counter("audit_notes_dropped", "Notes that the audit trail has not got.", "reason", unit="notes")
    audit_length = gauge("audit_length", "Records in the chain of the audit trail.", unit="records")
    audit_unsealed = gauge(
        "audit_unsealed_age_seconds", "Age of the oldest change or note that is not sealed.", unit="seconds"
    )
    audit_unanchored = gauge(
        "audit_unanchored_age_seconds",
        "Age of the oldest record that no anchor covers.",
        unit="seconds",
        statement="recovery.rpo.target",
    )

    decisions = counter(
        "throttle_decisions", "Requests judged, by outcome.", "outcome", unit="requests", statement=_LIMITS
    )
    denials = counter(
        "throttle_denials", "Denials, by the bucket that was empty.", "bucket", unit="requests", statement=_LIMITS
    )
    alone = counter(
        "throttle_alone",
        "Requests judged by a worker's own share, without the shared buckets.",
        "outcome",
        unit="requests",
        statement=_LIMITS,
    )
    faults = counter("throttle_faults", "Failed calls to the shared buckets, by reason.", "fault", unit="calls")
    losses = counter("throttle_losses", "Losses of the shared buckets, by the last reason.", "fault", unit="losses")
    redis_calls = counter("throttle_redis_calls", "Calls to the shared buckets.", "operation", unit="calls")
    degraded = gauge("throttle_degraded", "1 while a worker throttles alone, without the shared buckets.")

    pool_size = gauge(
        "database_pool_size",
        "Connections that the pools may open.",
        unit="connections",
        of_workers="sum",
        statement=_POOL_SIZE,
    )
    pool_in_use = gauge(
        "database_pool_in_use",
        "Connections lent to requests.",
        unit="connections",
        of_workers="sum",
        statement=_CONNECTIONS,
    )
    pool_waiting = gauge(
        "database_pool_waiting",
        "Calls that wait for a connection.",
        unit="calls",
        of_workers="sum",
        statement="load_balancing.database.connection_timeout",
    )
    pool_refused = counter(
        "database_pool_refused",
        "Calls refused since too many others waited for a connection.",
        "pool",
        unit="calls",
        statement=_POOL_SIZE,
    )
    circuits = gauge(
        "circuit_breaker_state",
        "State of the circuit to a target: 0 closed, 1 half-open, 2 open.",
        "target",
        statement="fault_tolerance.circuit_breakers.configuration",
    )
    external_calls = counter(
        "external_calls",
        "Calls of external services, by what became of them.",
        "target",
        "outcome",
        unit="calls",
        statement="connections.external_services",
    )
    external_pool_size = gauge(
        "external_pool_size",
        "Connections to external services that may be open.",
        "pool",
        unit="connections",
        of_workers="sum",
        statement=_EXTERNAL_POOL,
    )
    external_pool_in_use = gauge(
        "external_pool_in_use",
        "Connections to external services of calls in progress.",
        "pool",
        unit="connections",
        of_workers="sum",
        statement=_EXTERNAL_POOL,
    )
    external_pool_waiting = gauge(
        "external_pool_waiting",
        "Calls that wait for a connection to an external service.",
        "pool",
        unit="calls",
        of_workers="sum",
        statement=_EXTERNAL_POOL,
    )
    migrations_missing = gauge(
        "database_migrations_missing", "Migrations of this release that the database has not.", unit="migrations"
    )

    secret_age = gauge(
        "secret_age_seconds",
        "Age of a secret since its last rotation; infinite where nothing tells it.",
        "secret",
        unit="seconds",
        statement="access_control.secrets.rotation.schedule",
    )

    memory_age = gauge(
        "memory_age_seconds",
        "Age of what the worker furthest behind has in memory.",
        unit="seconds",
        statement=_STALE,
    )
    memory_bound = gauge(
        "memory_bound_seconds", "Age after which memory answers no reads.", unit="seconds", statement=_STALE
    )
    cache_reads = counter("cache_reads", "Reads of one entry, by whether memory held it.", "outcome", unit="reads")
    cache_bytes = gauge(
        "cache_bytes",
        "Memory that the kept entries take.",
        unit="bytes",
        of_workers="sum",
        statement="limits.memory.cache",
    )
    cache_live = gauge(
        "cache_live", "1 while every worker hears of changes, and so reads from memory.", of_workers="least"
    )
    cache_revision = gauge(
        "cache_revision", "The last change that the worker furthest behind has heard of.", of_workers="least"
    )

    utilization = gauge(
        "resource_utilization_ratio",
        "The use of a resource, as a part of what there is of it.",
        "resource",
        unit="ratio",
        statement="limits",
    )
    thresholds = gauge(
        "resource_threshold_ratio",
        "The use from which on a resource is at a level.",
        "resource",
        "level",
        unit="ratio",
        statement="limits.*.monitoring",
    )
    levels = gauge(
        "resource_level",
        "The level of a resource: 0 normal, 1 warning, 2 critical.",
        "resource",
        statement="limits.*.monitoring",
    )
    memory_used = gauge(
        "container_memory_used_bytes",
        "Memory of the container that cannot be reclaimed at once; without a limit there, that of a worker.",
        unit="bytes",
        statement=_MEMORY,
    )
    memory_limit = gauge(
        "container_memory_limit_bytes",
        "The limit of the container's memory; without one there, a worker's share of the stated one.",
        unit="bytes",
        statement="containers.application.resource_limits.memory",
    )
    heap_bytes = gauge(
        "worker_heap_bytes",
        "Memory that the workers hold and share with no other process.",
        unit="bytes",
        of_workers="sum",
        statement="limits.memory.heap",
    )
    event_loop_lag = gauge("event_loop_lag_seconds", "Mean delay of the event loop in the last second.", unit="seconds")
    shed_step = gauge(
        "memory_shed_step",
        "What is given up for memory: 0 nothing, 1 the cache, 2 lists and changes, 3 the store, 4 everything.",
        statement=_MEMORY,
    )
    shed = counter(
        "memory_shed_requests",
        "Requests refused since memory is critical, by what is given up.",
        "step",
        unit="requests",
        statement=_MEMORY,
    )

    deliveries = counter(
        "queue_deliveries", "Deliveries that were tried, by what became of them.", "outcome", unit="deliveries"
    )
    queue_lag = gauge("queue_lag", "Changes that a subscriber has not received.", "subscriber", unit="changes")
    queue_waiting = gauge(
        "queue_waiting", "Deliveries to a subscriber that wait, or are being made.", "subscriber", unit="deliveries"
    )
    queue_oldest = gauge(
        "queue_oldest_age_seconds",
        "Age of the oldest change that a subscriber has not received.",
        "subscriber",
        unit="seconds",
    )
    queue_dead_letters = gauge(
        "queue_dead_letters", "Deliveries to a subscriber that were given up.", "subscriber", unit="deliveries"
    )
    queue_missed = gauge(
        "queue_missed",
        "Changes that retention dropped before a subscriber received them.",
        "subscriber",
        unit="changes",
    )

    queue_paused = gauge(
        "queue_paused", "1 for a subscriber whose receiver is gone, until it is resumed.", "subscriber"
    )
    notifications = counter(
        "notifications",
        "Notifications to a connector, by what became of them.",
        "connector",
        "outcome",
        unit="notifications",
        statement="components.integration_layer",
    )

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._registry = CollectorRegistry()
        made = {attribute: metric.make(self._registry) for attribute, metric in declared().items()}
        vars(self).update(made)  # before those of the class, at the cost of any other attribute
        self._buffered = [each for each in made.values() if isinstance(each, Tally | Durations)]
        self.in_flight = 0

    def subscriber(self, state: Subscriber) -> None:
        """Set the metrics of a subscriber of the event bus."""
        for metric, value in (
            (self.queue_lag, state.lag),
            (self.queue_waiting, state.waiting),
            (self.queue_oldest, state.oldest_seconds),
            (self.queue_dead_letters, state.dead_letters),
            (self.queue_missed, state.missed),
            (self.queue_paused, int(state.paused_at is not None)),
        ):
            metric.labels(state.name).set(value)

    def write(self) -> None:
        """Write the buffered counts and durations, and the number of requests in flight for scrapes."""
        for each in self._buffered:
            each.write()
        self.requests_in_flight.set(self.in_flight)

    def exposition(self) -> bytes:
        """Return every worker's metrics in the text format, without the gauges of ended workers."""
        if self._directory is None:
            return generate_latest(self._registry)
        for pid in _dead(self._directory):
            multiprocess.mark_process_dead(pid, str(self._directory))  # type: ignore[no-untyped-call]  # not annotated upstream
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, str(self._directory))  # type: ignore[no-untyped-call]  # not annotated upstream
        return generate_latest(registry)


def declared() -> dict[str, Metric[Any]]:
    """Return the declarations of all metrics by their attributes, in order."""
    return {name: each for name, each in vars(Telemetry).items() if isinstance(each, Metric)}


def _dead(directory: Path) -> set[int]:
    # Files are named <type>_<pid>.db. Files of counters stay: a total must not fall when a worker is replaced.
    pids = {int(path.stem.rpartition("_")[2]) for path in directory.glob("gauge_live*_*.db")}
    return {pid for pid in pids if not _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
