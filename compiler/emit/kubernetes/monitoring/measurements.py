"""The metrics of exporters that emitted objects ask for, and those that the specification's words of monitoring name.

Sources: ``connections.*.monitoring``, ``components.data_layer.scaling.metrics``.
Upstream: https://kubernetes.io/docs/reference/instrumentation/ (cAdvisor, in each kubelet),
https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics (its CHANGELOG.md has the versions),
https://cloudnative-pg.io/plugin-barman-cloud/docs/observability,
https://cloudnative-pg.io/documentation/current/monitoring/, https://cert-manager.io/docs/devops-tips/prometheus-metrics/,
https://github.com/prometheus/blackbox_exporter
"""

from __future__ import annotations

from typing import Final

from compiler.emit.providers import BARMAN_CLOUD, CERT_MANAGER, CLOUDNATIVE_PG, KUBERNETES

STATE_METRICS_LEAST: Final = "2.5.0"
"""The first version of kube-state-metrics with all of its metrics: the last success of a CronJob came with it."""

BLACKBOX_LEAST: Final = "0.19.0"
"""The first version of blackbox exporter that can be asked whether it lives; the specification names the image."""

EXPORTERS: Final = {
    "the Barman plugin": BARMAN_CLOUD.least,
    "blackbox exporter": BLACKBOX_LEAST,
    "cAdvisor": KUBERNETES.least,
    "cert-manager": CERT_MANAGER.least,
    "CloudNativePG": CLOUDNATIVE_PG.least,
    "kube-state-metrics": STATE_METRICS_LEAST,
    "the kubelet": KUBERNETES.least,
}
"""The first version of each exporter that a cluster may run; cAdvisor and the kubelet have that of Kubernetes."""

EXPORTED: Final[dict[str, tuple[str, str]]] = {
    "barman_cloud_cloudnative_pg_io_last_available_backup_timestamp": (
        "the Barman plugin",
        "When the last backup that can be restored was made.",
    ),
    "certmanager_certificate_expiration_timestamp_seconds": ("cert-manager", "When a certificate ends."),
    "certmanager_certificate_renewal_timestamp_seconds": ("cert-manager", "When a certificate is to be renewed."),
    "cnpg_collector_last_available_backup_timestamp": (
        "CloudNativePG",
        "When the last snapshot of the database's volumes was complete; backups of the plugin are not counted.",
    ),
    "cnpg_pg_replication_in_recovery": ("CloudNativePG", "Whether a server of the database is a standby."),
    "cnpg_pg_stat_archiver_last_archived_time": ("CloudNativePG", "When a file of the log was last archived."),
    "cnpg_pg_stat_archiver_last_failed_time": ("CloudNativePG", "When archiving a file of the log last failed."),
    "cnpg_pgbouncer_pools_sv_active": (
        "CloudNativePG",
        "Connections of a pooler to the database that clients use at this moment.",
    ),
    "cnpg_restore_test_finished_time": (
        "CloudNativePG",
        "When the last restore test without a fault ended, by its `source`: `archive` or `snapshot`.",
    ),
    "cnpg_restore_test_lost_seconds": ("CloudNativePG", "The age of the oldest change that its copy lacked."),
    "cnpg_restore_test_seconds": ("CloudNativePG", "The time until its copy accepted connections."),
    "cnpg_standby_replayed_time": (
        "CloudNativePG",
        "When the last commit was made that a standby of the database has replayed.",
    ),
    "container_cpu_usage_seconds_total": ("cAdvisor", "Time that a container has had of processors."),
    "container_memory_working_set_bytes": ("cAdvisor", "Memory of a container that cannot be reclaimed at once."),
    "container_spec_memory_limit_bytes": ("cAdvisor", "The limit of a container's memory."),
    "kube_cronjob_created": ("kube-state-metrics", "When a CronJob was made."),
    "kube_cronjob_status_last_successful_time": ("kube-state-metrics", "When a job of a CronJob last succeeded."),
    "kube_horizontalpodautoscaler_spec_max_replicas": ("kube-state-metrics", "The most pods of an autoscaler."),
    "kube_horizontalpodautoscaler_status_condition": ("kube-state-metrics", "What an autoscaler says of itself."),
    "kube_horizontalpodautoscaler_status_current_replicas": ("kube-state-metrics", "The pods of an autoscaler now."),
    "kube_job_failed": ("kube-state-metrics", "Whether a Job has failed."),
    "kube_job_status_start_time": ("kube-state-metrics", "When a Job began."),
    "kube_pod_container_resource_requests": ("kube-state-metrics", "The request of a container, by its `resource`."),
    "kubelet_volume_stats_capacity_bytes": ("the kubelet", "The size of a volume."),
    "kubelet_volume_stats_used_bytes": ("the kubelet", "What of a volume is used."),
    "probe_ssl_earliest_cert_expiry": ("blackbox exporter", "When the certificate of the API's name ends."),
    "probe_success": ("blackbox exporter", "Whether the API was reached by its name, as clients reach it."),
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
