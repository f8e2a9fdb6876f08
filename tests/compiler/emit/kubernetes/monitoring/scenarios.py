"""The scenario of each alert: series of its outage, and others that are one step short of it.

Upstream: https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.compiler.emit.kubernetes.monitoring.compiled import variants

if TYPE_CHECKING:
    from collections.abc import Mapping

MINUTES = 90
"""The time after which an alert is looked at: longer than any has to last."""
DAY = 24 * 60

Series = dict[str, str]
"""The values of each series, in promtool's notation: ``0+2x90`` begins with 0, and adds 2 each of 90 times."""


@dataclass(frozen=True)
class Scenario:
    """Series on which an alert fires in every severity, with its other labels, and series on which it does not."""

    fires: Series
    quiet: Series
    labels: Mapping[str, str] = field(default_factory=dict)
    minutes: int = MINUTES
    step: int = 1
    """The minutes between two values, and two evaluations: more where days pass."""


def of_pods(metric: str, **labels: str) -> str:
    """Return a series of a pod of the API."""
    return named(metric, namespace="cbp-application", pod="a", **labels)


def of_data(metric: str, **labels: str) -> str:
    """Return a series of the zone of the data: of its jobs, or of the database."""
    return named(metric, namespace="cbp-data", **labels)


def of_probes(metric: str) -> str:
    """Return a series of a pod that probes the API by its name."""
    return named(metric, namespace="cbp-management", pod="a")


def named(metric: str, **labels: str) -> str:
    selected = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return f"{metric}{{{selected}}}"


def constant(value: float) -> str:
    return f"{value}+0x{MINUTES}"


def growing(step: float, start: float = 0) -> str:
    return f"{start}+{step}x{MINUTES}"


def above(series: str, bound: float, labels: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario of a series that is above a bound, and not above it."""
    return Scenario({series: constant(bound + 1)}, {series: constant(bound)}, labels or {})


def levels(name: str) -> list[float]:
    """Return the levels of an alert, the lowest first."""
    return sorted(float(rule["expr"].rpartition(" ")[2]) for rule in variants()[name])


def share(name: str, used: str, of: str | None) -> Scenario:
    """Return the scenario of a pod that uses the highest level of something, and a thousandth less than the lowest."""
    lowest, highest = levels(name)[0], levels(name)[-1]
    whole = {of: constant(1000)} if of else {}
    unit = 10 if of else 0.01
    fires, quiet = highest * unit, lowest * unit * 0.999
    return Scenario({used: constant(fires), **whole}, {used: constant(quiet), **whole}, {"pod": "a"})


def divisor(name: str) -> float:
    """Return the number by which an alert divides what it compares with its level."""
    (rule,) = variants()[name]
    return float(rule["expr"].rpartition(" / ")[2].split()[0])


def of_calls(quick: float, slow: float) -> dict[str, str]:
    """Return the histogram of calls of a service: so many quick ones each minute, and so many that take almost all."""
    timeout = divisor("ExternalServiceSlow")
    series = "external_call_duration_seconds_bucket"
    counts = {0.1: quick, timeout / 2: quick, timeout: quick + slow, "+Inf": quick + slow}
    return {of_pods(series, target="issuer-people", le=str(le)): growing(count) for le, count in counts.items()}


def circuit(target: str, other: str, labels: Mapping[str, str] | None = None) -> Scenario:
    """Return the scenario of a circuit to a target, which that of another target has nothing to do with."""
    series = {each: of_pods("circuit_breaker_state", target=each) for each in (target, other)}
    return Scenario(
        {series[target]: constant(2)}, {series[target]: constant(0), series[other]: constant(2)}, labels or {}
    )


def ran(cron_job: str, started: float, succeeded: float) -> dict[str, str]:
    """Return the series of a CronJob with a job that began at some time and failed, and one that succeeded."""
    job = f"{cron_job}-29"
    return {
        of_data("kube_job_failed", job_name=job, condition="true"): constant(1),
        of_data("kube_job_status_start_time", job_name=job): constant(started),
        of_data("kube_cronjob_status_last_successful_time", cronjob=cron_job): constant(succeeded),
    }


def archiving(pod: str, *, standby: bool, failed: float) -> dict[str, str]:
    """Return the series of a server that has archived nothing for long, and has failed to at some time."""
    return {
        of_data("cnpg_pg_stat_archiver_last_archived_time", pod=pod): constant(5),
        of_data("cnpg_pg_stat_archiver_last_failed_time", pod=pod): constant(failed),
        of_data("cnpg_pg_replication_in_recovery", pod=pod): constant(int(standby)),
    }


def of_scaler(metric: str, **labels: str) -> str:
    """Return a series of the autoscaler of the API."""
    name = f"kube_horizontalpodautoscaler_{metric}"
    return named(name, namespace="cbp-application", horizontalpodautoscaler="configuration-api", **labels)


def of_replicas(metric: str, **labels: str) -> str:
    """Return a series of the autoscaler of the database's replicas."""
    name = f"kube_horizontalpodautoscaler_{metric}"
    return named(name, namespace="cbp-data", horizontalpodautoscaler="keda-hpa-configuration-db", **labels)


def volume(percent: float) -> dict[str, str]:
    """Return the series of a volume that is so full."""
    used, whole = "kubelet_volume_stats_used_bytes", "kubelet_volume_stats_capacity_bytes"
    return {
        of_data(used, persistentvolumeclaim="a"): constant(percent * 10),
        of_data(whole, persistentvolumeclaim="a"): constant(1000),
    }


def made(metric: str, bound: float, *, told: str = "", **labels: str) -> Scenario:
    """Return the scenario of a time that is further back than a bound after some days, and as far as that.

    ``told`` is the label that the alert keeps.
    """
    step = 30
    minutes = int(bound // 60) // step * step + 2 * DAY
    times = (minutes * 60 - bound - 2 * 3600, minutes * 60 - bound + 3600)
    fires, quiet = ({of_data(metric, **labels): f"{at}+0x{minutes // step}"} for at in times)
    return Scenario(fires, quiet, {told: labels[told]} if told else {}, minutes=minutes, step=step)


def counted(metric: str, bad: dict[str, str], good: dict[str, str], **labels: str) -> Scenario:
    """Return the scenario of a counter that grows with bad labels, and with good ones."""
    return Scenario({of_pods(metric, **bad): growing(1)}, {of_pods(metric, **good): growing(1)}, labels)


RESTORE_TEST = "configuration-restore-test"

_ASKED = {of_pods("http_requests_total", route="/v1/namespaces"): growing(10)}
_FAILING = {of_pods("external_calls_total", target="issuer-people", outcome="answered"): growing(17)}
_FAILED = of_pods("external_calls_total", target="issuer-people", outcome="failed")
_AGE = {each: of_pods("secret_age_seconds", secret=each) for each in ("cache", "database")}
_DUE = levels("SecretDue")[0] / 100 * divisor("SecretDue")
_BOUND = {of_pods("memory_bound_seconds"): constant(300)}
_SUBSCRIBER = {"subscriber": "ledger"}

_OF_AUDIT = {
    "AuditNotesLost": Scenario(
        {of_pods("audit_notes_dropped_total", reason="database-away"): growing(1)},
        {of_pods("audit_notes_dropped_total", reason="database-away"): constant(7)},
    ),
    "AuditTrailNotAnchored": above(of_pods("audit_unanchored_age_seconds"), levels("AuditTrailNotAnchored")[0]),
    "AuditTrailNotSealed": above(of_pods("audit_unsealed_age_seconds"), 60),
    "AuditTrailShorter": Scenario(
        {of_pods("audit_length"): f"50+0x{MINUTES - 10} 40+0x10"}, {of_pods("audit_length"): growing(1)}
    ),
    "HistoryNotVerified": made(
        "kube_cronjob_status_last_successful_time",
        levels("HistoryNotVerified")[0],
        cronjob="configuration-history",
    ),
    "HistoryVerificationFailed": Scenario(
        ran("configuration-history", 200, 100), ran("configuration-history", 100, 200)
    ),
    "RequestsRefused": Scenario(
        {of_pods("audit_refusals_total", status="401"): growing(2), **_ASKED},
        {of_pods("audit_refusals_total", status="429"): growing(9), **_ASKED},
    ),
}

_OF_SERVICE = {
    "DatabaseAway": circuit("database-changes", "database-standby"),
    "DatabaseConnectionsAwaited": above(of_pods("database_pool_waiting"), 0),
    "EmergencyRights": above(of_pods("emergency_rights"), 0),
    "MemoryOutdated": Scenario(
        {of_pods("memory_age_seconds"): constant(151), **_BOUND},
        {of_pods("memory_age_seconds"): constant(150), **_BOUND},
    ),
    "MigrationsMissing": above(of_pods("database_migrations_missing"), 0),
    "HostCertificateEnds": Scenario(
        {of_probes("probe_ssl_earliest_cert_expiry"): constant(MINUTES * 60 + 7 * 86400 - 1)},
        {of_probes("probe_ssl_earliest_cert_expiry"): constant(MINUTES * 60 + 7 * 86400)},
    ),
    "HostUnreachable": Scenario(
        {of_probes("probe_success"): constant(0), named("probe_success", namespace="elsewhere"): constant(1)},
        {
            of_probes("probe_success"): constant(0),
            named("probe_success", namespace="cbp-management", pod="b"): constant(1),
        },
    ),
    "PodsMissing": Scenario(
        {named("ready", namespace="elsewhere", pod="a"): constant(1)},
        {of_pods("ready"): constant(1), named("ready", namespace="cbp-application", pod="b"): constant(1)},
    ),
    "PodNotReady": Scenario(
        {of_pods("ready"): constant(0), named("ready", namespace="cbp-application", pod="b"): constant(1)},
        {of_pods("ready"): constant(1), named("ready", namespace="elsewhere", pod="b"): constant(0)},
    ),
    "StandbysAway": circuit("database-standby", "database-reads"),
    "ThrottledAlone": above(of_pods("throttle_degraded"), 0),
}

_OF_LIMITS = {
    "BackgroundTasksUsed": share(
        "BackgroundTasksUsed", of_pods("resource_utilization_ratio", resource="background_tasks"), None
    ),
    "DatabaseConnectionsUsed": share(
        "DatabaseConnectionsUsed", of_pods("database_pool_in_use"), of_pods("database_pool_size")
    ),
    "ExternalConnectionsUsed": share(
        "ExternalConnectionsUsed",
        of_pods("external_pool_in_use", pool="issuers"),
        of_pods("external_pool_size", pool="issuers"),
    ),
    "MemoryUsed": share(
        "MemoryUsed",
        of_pods("container_memory_working_set_bytes", container="configuration-api"),
        of_pods("container_spec_memory_limit_bytes", container="configuration-api"),
    ),
    "ThreadsUsed": share("ThreadsUsed", of_pods("resource_utilization_ratio", resource="threads"), None),
}

_OF_SECRETS = {
    "SecretDue": Scenario(
        {_AGE["cache"]: constant(_DUE + 1)},
        {_AGE["cache"]: constant(_DUE), _AGE["database"]: constant(_DUE + 1)},
        {"secret": "cache"},
    ),
    "SecretOverdue": above(_AGE["database"], levels("SecretOverdue")[0], {"secret": "database"}),
}

ROUTE = {"route": "/v1/namespaces"}
EVERY, STEP = 10_000, 5
"""The requests of a step, and its minutes, where some of them are bad."""


def requested(kind: str, bad: float) -> dict[str, str]:
    """Return the series of requests of which so many of a step are bad: answered by a fault, or slow."""
    steps = 4 * DAY // STEP
    if kind == "Latency":
        series = "http_request_duration_seconds_bucket"
        counts = {of_pods(series, **ROUTE, le="0.5"): EVERY - bad, of_pods(series, **ROUTE, le="+Inf"): EVERY}
    else:
        statuses = {"500": bad, "404": EVERY - bad}  # a client's mistake is an answer
        counts = {of_pods("http_requests_total", **ROUTE, status=status): each for status, each in statuses.items()}
    return {series: f"0+{count}x{steps}" for series, count in counts.items()}


def lost(name: str) -> Scenario:
    """Return the scenario of an objective that is lost a little faster, or slower, than an alert's level."""
    (rule,) = variants()[name]
    hours, of_month, allowed = (
        float(part) for part in re.findall(r" ([0-9.]+)", rule["expr"].partition(" min(")[0])[:3]
    )
    level = levels(name)[0] / 100 * of_month / hours * allowed * EVERY
    bad, good = (requested(name.partition("Lost")[0], level * times) for times in (1.02, 0.98))
    return Scenario(bad, good, minutes=4 * DAY, step=STEP)


_OF_OBJECTIVES = {
    name: lost(name)
    for name in (
        f"{kind}LostWithin{over}" for kind in ("Availability", "Latency") for over in ("Hour", "SixHours", "ThreeDays")
    )
}

_CERTIFICATE = {"namespace": "cbp-data", "name": "configuration-db-server"}


def certificate(what: str, fires: float, quiet: float) -> Scenario:
    """Return the scenario of a certificate that is renewed, or ends, at one time or at another."""
    series = named(f"certmanager_certificate_{what}_timestamp_seconds", **_CERTIFICATE)
    step, minutes = 30, 10 * DAY
    bad, good = ({series: f"{minutes * 60 + at}+0x{minutes // step}"} for at in (fires, quiet))
    return Scenario(bad, good, {"name": _CERTIFICATE["name"]}, minutes=minutes, step=step)


_OF_CERTIFICATES = {
    "CertificateEnds": certificate(
        "expiration", levels("CertificateEnds")[0] - 3600, levels("CertificateEnds")[0] + 3600
    ),
    "CertificateNotRenewed": certificate(
        "renewal", -levels("CertificateNotRenewed")[0] - 3600, -levels("CertificateNotRenewed")[0] + 3600
    ),
}

_OF_RECOVERY = {
    "VolumeSnapshotOverdue": made("cnpg_collector_last_available_backup_timestamp", levels("VolumeSnapshotOverdue")[0]),
    "BackupOverdue": made("barman_cloud_cloudnative_pg_io_last_available_backup_timestamp", levels("BackupOverdue")[0]),
    "CacheCopyOverdue": made(
        "kube_cronjob_status_last_successful_time",
        levels("CacheCopyOverdue")[0],
        cronjob="configuration-cache-copies",
    ),
    "ConfigurationSnapshotOverdue": made(
        "kube_cronjob_status_last_successful_time",
        levels("ConfigurationSnapshotOverdue")[0],
        cronjob="configuration-snapshots",
    ),
    "LogNotArchived": Scenario(
        archiving("a", standby=False, failed=9),
        archiving("a", standby=True, failed=9) | archiving("b", standby=False, failed=3),
    ),
    "StandbyBehind": made("cnpg_standby_replayed_time", levels("StandbyBehind")[0], told="pod", pod="a"),
}

_OF_RESTORES = {
    "RecoveryPointMissed": above(of_data("cnpg_restore_test_lost_seconds"), levels("RecoveryPointMissed")[0]),
    "RecoveryPointUnproven": made("cnpg_restore_test_finished_time", levels("RecoveryPointUnproven")[0]),
    "RecoveryTimeMissed": above(of_data("cnpg_restore_test_seconds"), levels("RecoveryTimeMissed")[0]),
    "RecoveryTimeUnproven": made("kube_cronjob_created", levels("RecoveryTimeUnproven")[0], cronjob=RESTORE_TEST),
    "RestoreTestFailed": Scenario(ran(RESTORE_TEST, 200, 100), ran(RESTORE_TEST, 100, 200)),
}

_OF_SCALING = {
    "AutoscalerBlind": Scenario(
        {of_scaler("status_condition", condition="ScalingActive", status="true"): constant(0)},
        {
            of_scaler("status_condition", condition="ScalingActive", status="true"): constant(1),
            of_scaler("status_condition", condition="ScalingLimited", status="true"): constant(0),
        },
    ),
    "DatabaseAutoscalerBlind": Scenario(
        {of_replicas("status_condition", condition="ScalingActive", status="true"): constant(0)},
        {
            of_replicas("status_condition", condition="ScalingActive", status="true"): constant(1),
            of_scaler("status_condition", condition="ScalingActive", status="true"): constant(0),
        },
    ),
    "DatabaseInstancesAtMost": Scenario(
        {of_replicas("status_current_replicas"): constant(5), of_replicas("spec_max_replicas"): constant(5)},
        {of_replicas("status_current_replicas"): constant(4), of_replicas("spec_max_replicas"): constant(5)},
    ),
    "InstancesAtMost": Scenario(
        {of_scaler("status_current_replicas"): constant(8), of_scaler("spec_max_replicas"): constant(8)},
        {of_scaler("status_current_replicas"): constant(7), of_scaler("spec_max_replicas"): constant(8)},
    ),
    "VolumeNotGrown": Scenario(
        volume(levels("VolumeNotGrown")[0]),
        volume(levels("VolumeNotGrown")[0] - 0.1),
        {"persistentvolumeclaim": "a"},
    ),
}

_OF_OTHERS = {
    "DeadLetters": above(of_pods("queue_dead_letters", **_SUBSCRIBER), 0, _SUBSCRIBER),
    "DeliveriesDropped": counted("queue_deliveries_total", {"outcome": "dropped"}, {"outcome": "buried"}),
    "DeliveriesLate": above(of_pods("queue_oldest_age_seconds", **_SUBSCRIBER), 300, _SUBSCRIBER),
    "ExternalServiceAway": circuit("issuer-people", "database-reads", {"target": "issuer-people"}),
    "ExternalServiceFails": Scenario(
        {_FAILED: growing(3), **_FAILING}, {_FAILED: growing(1.5), **_FAILING}, {"target": "issuer-people"}
    ),
    "ExternalServiceSlow": Scenario(of_calls(90, 10), of_calls(96, 4), {"target": "issuer-people"}),
    "NotificationsRefused": counted(
        "notifications_total",
        {"connector": "fis", "outcome": "refused"},
        {"connector": "unknown", "outcome": "refused"},
        connector="fis",
        outcome="refused",
    ),
    "SubscriberMissedChanges": Scenario(
        {of_pods("queue_missed", **_SUBSCRIBER): growing(1)},
        {of_pods("queue_missed", **_SUBSCRIBER): constant(3)},
        _SUBSCRIBER,
    ),
    "SubscriberPaused": above(of_pods("queue_paused", **_SUBSCRIBER), 0, _SUBSCRIBER),
}

_OF_CONTAINER = {"container": "configuration-api"}

CLIENTS = {
    of_pods("http_requests_total", **ROUTE, status="200"): growing(100),
    of_pods("http_request_duration_seconds_bucket", **ROUTE, le="0.5"): growing(90),
    of_pods("http_request_duration_seconds_bucket", **ROUTE, le="+Inf"): growing(100),
    of_pods("throttle_denials_total", bucket="client"): growing(1),
    of_scaler("status_current_replicas"): constant(3),
    of_pods("container_cpu_usage_seconds_total", **_OF_CONTAINER): growing(60),
    of_pods("container_memory_working_set_bytes", **_OF_CONTAINER): constant(1000),
    of_pods("kube_pod_container_resource_requests", **_OF_CONTAINER, resource="cpu"): constant(2),
    of_pods("kube_pod_container_resource_requests", **_OF_CONTAINER, resource="memory"): constant(4000),
}
"""The series of requests and of pods, which panels draw without an alert."""

SCENARIOS = {
    **_OF_AUDIT,
    **_OF_SERVICE,
    **_OF_LIMITS,
    **_OF_SECRETS,
    **_OF_OBJECTIVES,
    **_OF_CERTIFICATES,
    **_OF_RECOVERY,
    **_OF_RESTORES,
    **_OF_SCALING,
    **_OF_OTHERS,
}
"""The scenario of each alert."""
