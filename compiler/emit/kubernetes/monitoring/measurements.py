"""The metrics of exporters that emitted objects ask for, and those that the specification's words of monitoring name.

Sources: ``connections.*.monitoring``, ``components.data_layer.scaling.metrics``.
Upstream: https://kubernetes.io/docs/reference/instrumentation/ (cAdvisor, in each kubelet) and
https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics
"""

from __future__ import annotations

from typing import Final

EXPORTED: Final[dict[str, tuple[str, str]]] = {
    "container_memory_working_set_bytes": ("cAdvisor", "Memory of a container that cannot be reclaimed at once."),
    "container_spec_memory_limit_bytes": ("cAdvisor", "The limit of a container's memory."),
    "kube_cronjob_created": ("kube-state-metrics", "When a CronJob was made."),
    "kube_cronjob_status_last_successful_time": ("kube-state-metrics", "When a job of a CronJob last succeeded."),
    "kube_job_failed": ("kube-state-metrics", "Whether a Job has failed."),
    "kube_job_status_start_time": ("kube-state-metrics", "When a Job began."),
}
"""The exporter and the meaning of each metric that is not the API's own."""

WORDS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("connections.database.monitoring", "Connection count"): (
        "database_pool_size",
        "database_pool_in_use",
        "database_pool_waiting",
    ),
    ("connections.database.monitoring", "Query performance"): (
        "http_request_duration_seconds",
        "circuit_breaker_state",
    ),
    ("connections.database.monitoring", "Pool utilization"): ("database_pool_in_use", "resource_utilization_ratio"),
    ("connections.external_services.monitoring", "Response time"): ("external_call_duration_seconds",),
    ("connections.external_services.monitoring", "Error rate"): ("external_calls_total",),
    ("connections.external_services.monitoring", "Circuit state"): ("circuit_breaker_state",),
    ("components.data_layer.scaling.metrics", "Connection count"): ("database_pool_in_use", "database_pool_size"),
    ("components.data_layer.scaling.metrics", "Query performance"): ("http_request_duration_seconds",),
}
"""The API's metrics that answer a word of a statement."""
