"""What alerts ask is what the API tells, of its own pods."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest

from compiler.emit.kinds import KINDS
from compiler.emit.kubernetes.database.postgres_cluster import QUERIES
from compiler.emit.kubernetes.monitoring.measurements import EXPORTED
from compiler.model.redundancy import LatencyObjective
from runtime.domain.deliveries import Subscriber
from runtime.metrics import SECONDS
from runtime.telemetry import Telemetry
from tests.compiler.emit.kubernetes.monitoring.compiled import FILE, rules, variants
from tests.compiler.emit.kubernetes.monitoring.promql import asked
from tests.compiler.project import (
    ROOT,
    changed,
    documents,
    emitted,
    keys,
    listing,
    node,
    rebound,
    resolved,
    site,
    with_value,
)

LEVELLED = {
    "DatabaseConnectionsUsed": "connections",
    "ExternalConnectionsUsed": "connections",
    "MemoryUsed": "memory",
    "ThreadsUsed": "threads",
    "BackgroundTasksUsed": "threads",
}
LEVELS = {"warning": 61, "critical": 93}
PLURALS = {kind.name.lower(): kind.plural for kind in KINDS}
KUBECTL = {
    "cluster",
    "cronjob",
    "deployment",
    "horizontalpodautoscaler",
    "job",
    "pooler",
    "redisreplication",
    "redissentinel",
}


def test_alerts_ask_for_nothing_but_what_the_api_and_the_cluster_tell() -> None:
    telemetry = Telemetry()
    telemetry.audit_refusals.count("412")
    telemetry.audit_dropped.count("database-away")
    telemetry.circuits.labels("database-reads").set(0)
    telemetry.requests.count("GET", "/v1/settings", "200")
    telemetry.durations.observe(1, "GET", "/v1/settings")
    telemetry.utilization.labels("threads").set(0)
    telemetry.secret_age.labels("cache").set(0)
    telemetry.external_pool_size.labels("issuers").set(1)
    telemetry.external_pool_in_use.labels("issuers").set(0)
    telemetry.external_calls.count("issuer-people", "answered")
    telemetry.external_durations.observe(1, "issuer-people")
    telemetry.subscriber(Subscriber("ledger", 1, 1, 0, 0, 0, 0))
    telemetry.write()
    told = set(re.findall(r"^([a-z_]+)\{?", telemetry.exposition().decode(), re.MULTILINE))
    metrics = {str(series.metric) for rule in rules() for series in asked(rule["expr"])}
    metrics -= EXPORTED.keys()  # each of which something asks for: tests/docs/test_metrics_page.py
    assert metrics == {
        "audit_length",
        "audit_notes_dropped_total",
        "audit_refusals_total",
        "audit_unanchored_age_seconds",
        "audit_unsealed_age_seconds",
        "circuit_breaker_state",
        "database_migrations_missing",
        "database_pool_in_use",
        "database_pool_size",
        "database_pool_waiting",
        "emergency_rights",
        "external_call_duration_seconds_bucket",
        "external_calls_total",
        "external_pool_in_use",
        "external_pool_size",
        "http_request_duration_seconds_bucket",
        "http_requests_total",
        "memory_age_seconds",
        "memory_bound_seconds",
        "queue_dead_letters",
        "queue_missed",
        "queue_oldest_age_seconds",
        "queue_paused",
        "ready",
        "resource_utilization_ratio",
        "secret_age_seconds",
        "throttle_degraded",
    }
    assert metrics <= told


def test_every_series_is_of_the_pods_of_the_api_of_its_probes_or_of_the_jobs_beside_the_database() -> None:
    for rule in rules():
        copies = ("Backup", "CacheCopy", "ConfigurationSnapshot", "LogNotArchived", "Restore", "Recovery")
        of_data = ("History", "Volume", "DatabaseAutoscaler", "DatabaseInstances", "StandbyBehind", *copies)
        zone = "data" if rule["alert"].startswith(of_data) else "application"
        if rule["alert"].startswith("Host"):
            zone = "management"
        namespaces = "cbp-application|cbp-data" if rule["alert"].startswith("Certificate") else f"cbp-{zone}"
        for series in asked(rule["expr"]):
            assert series.labels["namespace"] == namespaces, rule["alert"]


def test_every_question_to_prometheus_can_be_parsed() -> None:
    found = documents(site())
    scaled = [each for each in found.values() if each["kind"] == "ScaledObject"]
    triggers = [trigger["metadata"] for each in scaled for trigger in each["spec"]["triggers"]]
    of_triggers = [metadata["query"] for metadata in triggers if "query" in metadata]
    questions = [*of_triggers, *(rule["expr"] for rule in rules())]
    assert of_triggers
    assert all(asked(question) for question in questions)


def expression(alert: str, **changes: str) -> str:
    return next(str(rule["expr"]) for rule in rules(**changes) if rule["alert"] == alert)


@pytest.mark.parametrize(("target", "seconds"), [("15 minutes", 1800), ("20 minutes", 2400), ("2 hours", 14400)])
def test_an_anchor_may_be_late_by_one_interval(target: str, seconds: int) -> None:
    found = expression("AuditTrailNotAnchored", recovery__rpo__target=target)
    assert found == f'max(audit_unanchored_age_seconds{{namespace="cbp-application"}}) > {seconds}'


def test_the_alert_on_a_failed_verification_ends_with_a_later_one_that_succeeds() -> None:
    failed, succeeded = expression("HistoryVerificationFailed").split(" > ")
    job = 'namespace="cbp-data",job_name=~"configuration-history-.+"'
    running = f"kube_job_status_start_time{{{job}}}"
    assert failed == f'max({running} and on (job_name) kube_job_failed{{{job},condition="true"}} == 1)'
    last = 'kube_cronjob_status_last_successful_time{namespace="cbp-data",cronjob="configuration-history"}'
    assert succeeded == f"(max({last}) or vector(0))"
    assert "cbp-data/cronjob-configuration-history.yaml" in documents(site())


def test_without_an_audit_trail_nothing_is_anchored() -> None:
    without = site(changed({"access_control.infrastructure.authorization.audit": "false"}))
    groups = documents(without)[FILE]["spec"]["groups"]
    assert "AuditTrailNotAnchored" not in {rule["alert"] for group in groups for rule in group["rules"]}


def test_an_alert_says_what_has_happened_and_how_urgent_it_is() -> None:
    assert {rule["alert"]: rule["labels"]["severity"] for rule in rules() if rule["alert"] not in LEVELLED} == {
        "AuditTrailNotSealed": "critical",
        "AutoscalerBlind": "warning",
        "DatabaseAutoscalerBlind": "warning",
        "DatabaseInstancesAtMost": "warning",
        "InstancesAtMost": "warning",
        "VolumeNotGrown": "critical",
        "AvailabilityLostWithinHour": "critical",
        "AvailabilityLostWithinSixHours": "critical",
        "AvailabilityLostWithinThreeDays": "warning",
        "LatencyLostWithinHour": "critical",
        "LatencyLostWithinSixHours": "critical",
        "LatencyLostWithinThreeDays": "warning",
        "BackupOverdue": "critical",
        "CertificateEnds": "critical",
        "CertificateNotRenewed": "warning",
        "VolumeSnapshotOverdue": "warning",
        "CacheCopyOverdue": "warning",
        "ConfigurationSnapshotOverdue": "warning",
        "LogNotArchived": "critical",
        "StandbyBehind": "critical",
        "RestoreTestFailed": "critical",
        "RecoveryPointMissed": "critical",
        "RecoveryPointUnproven": "warning",
        "RecoveryTimeMissed": "critical",
        "RecoveryTimeUnproven": "warning",
        "DeadLetters": "warning",
        "DeliveriesLate": "warning",
        "SubscriberMissedChanges": "critical",
        "SubscriberPaused": "warning",
        "AuditTrailShorter": "critical",
        "AuditNotesLost": "warning",
        "RequestsRefused": "warning",
        "AuditTrailNotAnchored": "critical",
        "HistoryVerificationFailed": "critical",
        "HistoryNotVerified": "warning",
        "DatabaseAway": "critical",
        "DatabaseConnectionsAwaited": "critical",
        "MemoryOutdated": "critical",
        "PodNotReady": "critical",
        "PodsMissing": "critical",
        "HostUnreachable": "critical",
        "HostCertificateEnds": "critical",
        "SecretDue": "warning",
        "SecretOverdue": "critical",
        "EmergencyRights": "critical",
        "ExternalServiceAway": "warning",
        "ExternalServiceFails": "warning",
        "ExternalServiceSlow": "warning",
        "ThrottledAlone": "warning",
        "StandbysAway": "warning",
        "MigrationsMissing": "warning",
    }
    assert all(rule["annotations"]["summary"].endswith(".") for rule in rules())


@pytest.mark.parametrize(("alert", "resource"), LEVELLED.items())
def test_the_use_of_a_resource_is_a_warning_and_critical_from_the_stated_levels_on(alert: str, resource: str) -> None:
    changes = {f"limits__{resource}__monitoring__{level}": f"{percent}%" for level, percent in LEVELS.items()}
    found = {
        rule["labels"]["severity"]: rule["expr"].rpartition(" >= ")[2]
        for rule in rules(**changes)
        if rule["alert"] == alert
    }
    assert found == {level: str(percent) for level, percent in LEVELS.items()}


@pytest.mark.parametrize(
    ("without", "alert"),
    [
        ({"connections.database.monitoring": ["Connection count", "Query performance"]}, "DatabaseConnectionsUsed"),
        ({"connections.database.monitoring": ["Query performance", "Pool utilization"]}, "DatabaseConnectionsAwaited"),
        ({"connections.external_services.monitoring": ["Response time", "Error rate"]}, "ExternalServiceAway"),
        ({"connections.external_services.monitoring": ["Response time", "Circuit state"]}, "ExternalServiceFails"),
        ({"connections.external_services.monitoring": ["Error rate", "Circuit state"]}, "ExternalServiceSlow"),
        ({"limits.threads.background": "Disabled"}, "BackgroundTasksUsed"),
    ],
)
def test_what_is_not_measured_raises_no_alert(without: dict[str, Any], alert: str) -> None:
    ((path, value),) = without.items()
    item, findings = rebound(with_value(resolved()["production"].tree, keys(path), node(value)))
    assert item, findings
    groups = documents(site(item))[FILE]["spec"]["groups"]
    found = {rule["alert"] for group in groups for rule in group["rules"]}
    assert {rule["alert"] for rule in rules()} - found == {alert}


def test_what_a_restore_needs_is_late_as_its_schedule_and_the_recovery_point_say() -> None:
    assert expression("BackupOverdue", backup__database__schedule__full="Daily").endswith(" > 172800")
    assert expression("LogNotArchived", recovery__rpo__target="20 minutes").endswith(" > 600")
    hourly = expression("CacheCopyOverdue", storage__cache__persistence__backup_schedule="Hourly")
    assert hourly.endswith(" > 7200")
    snapshots = expression("ConfigurationSnapshotOverdue", backup__configuration__schedule="Hourly")
    assert snapshots.endswith(" > 7200")
    names = {rule["alert"] for rule in rules(storage__cache__persistence__enabled="false")}
    assert "CacheCopyOverdue" not in names


@pytest.mark.parametrize(("target", "seconds"), [("15 minutes", 1800), ("20 minutes", 2400), ("2 hours", 14400)])
def test_a_standby_is_behind_once_it_lacks_a_commit_that_is_older_than_the_objective(target: str, seconds: int) -> None:
    """The job that anchors commits as often as the objective says."""
    found = expression("StandbyBehind", recovery__rpo__target=target)
    assert found == f'max by (pod) (time() - cnpg_standby_replayed_time{{namespace="cbp-data"}}) > {seconds}'
    metrics = {f"cnpg_{name}_{next(iter(each))}" for name, query in QUERIES.items() for each in query["metrics"]}
    assert "cnpg_standby_replayed_time" in metrics
    without = {"access_control__infrastructure__authorization__audit": "false"}
    assert "StandbyBehind" not in {rule["alert"] for rule in rules(**without)}


def test_a_cluster_that_stands_by_is_watched_too() -> None:
    """By alerts on the name, its pods, certificates, copy of the data and volumes, with the same expressions."""
    groups = documents(site(cluster="eu-west-1"))[FILE]["spec"]["groups"]
    assert [group["name"] for group in groups] == ["host", "service", "limits", "certificates", "recovery", "scaling"]
    found = [rule for group in groups for rule in group["rules"]]
    assert all(rule in rules() for rule in found)
    assert {rule["alert"] for rule in found} == {
        "BackgroundTasksUsed",
        "BackupOverdue",
        "CertificateEnds",
        "CertificateNotRenewed",
        "DatabaseAway",
        "DatabaseConnectionsAwaited",
        "DatabaseConnectionsUsed",
        "ExternalConnectionsUsed",
        "HostCertificateEnds",
        "HostUnreachable",
        "MemoryOutdated",
        "MemoryUsed",
        "MigrationsMissing",
        "PodNotReady",
        "PodsMissing",
        "StandbyBehind",
        "ThreadsUsed",
        "ThrottledAlone",
        "VolumeNotGrown",
        "VolumeSnapshotOverdue",
    }


def test_an_autoscaler_that_is_not_there_is_not_watched() -> None:
    names = {rule["alert"] for rule in rules(components__data_layer__scaling__strategy__read_replicas="Disabled")}
    assert {"DatabaseInstancesAtMost", "DatabaseAutoscalerBlind", "StandbysAway"} & names == set()
    same = {f"compute__database_tier__instances__replicas__{name}": "2" for name in ("min", "max")}
    assert {"DatabaseInstancesAtMost", "DatabaseAutoscalerBlind"} & {rule["alert"] for rule in rules(**same)} == {
        "DatabaseAutoscalerBlind"
    }


def test_the_objectives_are_shown_by_restores_as_often_as_they_say() -> None:
    assert expression("RecoveryPointMissed", recovery__rpo__target="20 minutes").endswith(" > 1200")
    assert expression("RecoveryTimeMissed", recovery__rto__target="2 hours").endswith(" > 7200")
    day = 86400
    for name, path in (("RecoveryPoint", "rpo"), ("RecoveryTime", "rto")):
        expected = f" > {31 * day + day}"
        assert expression(f"{name}Unproven", **{f"recovery__{path}__validation": "Monthly"}).endswith(expected)


def test_pods_are_missing_below_the_fewest_that_are_stated_or_that_stand_by() -> None:
    assert expression("PodsMissing", compute__application_tier__instances__min="3").endswith(" or vector(0)) < 3")
    groups = documents(site(cluster="eu-west-1"))[FILE]["spec"]["groups"]
    (rule,) = (rule for group in groups for rule in group["rules"] if rule["alert"] == "PodsMissing")
    deployment = documents(site(cluster="eu-west-1"))["cbp-application/deployment-configuration-api.yaml"]
    assert rule["expr"].endswith(f" < {deployment['spec']['replicas']}")


def test_a_fixed_number_of_pods_is_at_no_bound() -> None:
    same = {f"compute__application_tier__instances__{name}": "3" for name in ("min", "optimal", "max")}
    assert "InstancesAtMost" not in {rule["alert"] for rule in rules(**same)}


def test_a_volume_that_does_not_grow_is_told_of_from_the_target_of_its_growth_on() -> None:
    assert expression("VolumeNotGrown", auto_scaling__database__storage__triggers__usage__target="71%").endswith(
        " >= 71"
    )


@pytest.mark.parametrize(("window", "lasts"), [("1h", "1h"), ("30m", "1800s"), ("2h", "2h")])
def test_a_volume_may_stay_as_full_for_the_stated_window(window: str, lasts: str) -> None:
    found = rules(auto_scaling__database__storage__triggers__usage__window=window)
    (rule,) = (rule for rule in found if rule["alert"] == "VolumeNotGrown")
    assert rule["for"] == lasts
    assert f"for {lasts}," in rule["annotations"]["summary"]


def test_a_call_is_slow_from_half_of_the_stated_timeout_on() -> None:
    assert expression("ExternalServiceSlow", connections__external_services__timeout="8 seconds").endswith(" / 8 > 50")


def test_a_secret_is_overdue_from_the_stated_age_on_and_due_shortly_before_where_people_rotate_it() -> None:
    stated = {"access_control__secrets__rotation__schedule": "10 days"}
    assert expression("SecretOverdue", **stated).endswith(" > 864000")
    assert expression("SecretDue", **stated).endswith(" / 864000 > 90")
    assert [(series.labels.get("secret")) for series in asked(expression("SecretOverdue"))] == [None]
    assert 'secret!="database"' in expression("SecretDue")
    names = {rule["alert"] for rule in rules(access_control__secrets__rotation__enabled="false")}
    assert names & {"SecretOverdue", "SecretDue"} == set()


def test_memory_is_that_of_the_container_of_the_api() -> None:
    (container,) = emitted("cbp-application/deployment-configuration-api.yaml")["spec"]["template"]["spec"][
        "containers"
    ]
    assert {series.labels["container"] for series in asked(expression("MemoryUsed"))} == {container["name"]}


def test_every_alert_has_its_section_and_each_section_its_alert() -> None:
    sections = re.findall(r"^### (\w+)$", (ROOT / "docs/alerts.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(sections) == sorted(variants())
    for name, each in variants().items():
        assert {rule["annotations"]["runbook"] for rule in each} == {f"docs/alerts.md#{name.lower()}"}


def test_every_alert_names_a_statement() -> None:
    for name, each in variants().items():
        assert all(resolved()["production"].has(keys(rule["annotations"]["statement"])) for rule in each), name


def test_every_object_of_the_runbook_is_one_that_is_emitted() -> None:
    page = " ".join((ROOT / "docs/alerts.md").read_text(encoding="utf-8").split())
    found = {(kind, name) for kind, name in re.findall(r"\b([a-z]+)/([a-z][a-z-]+)", page) if kind in KUBECTL}
    emitted_objects = {(each["kind"].lower(), each["metadata"]["name"]) for each in documents(site()).values()}
    assert {kind for kind, _ in found} == KUBECTL
    assert found <= emitted_objects


def test_every_command_of_the_runbook_is_within_the_rights_that_it_names() -> None:
    """Logs and jobs of the zone of the data are left to the platform's team, as the page says."""
    page = " ".join((ROOT / "docs/alerts.md").read_text(encoding="utf-8").split())
    commands = set(re.findall(r"`kubectl -n (\S+) (\w+) ([a-z]+)", page))
    assert {verb for _, verb, _ in commands} == {"get", "describe", "delete", "logs", "create"}
    for zone, verb, kind in commands:
        if verb in ("get", "describe"):
            rights = emitted(f"{zone}/role-readers.yaml")["rules"]
            assert any(
                PLURALS.get(kind, f"{kind}s") in rule["resources"] and "get" in rule["verbs"] for rule in rights
            ), (zone, kind)
        elif verb == "delete":
            rights = emitted(f"{zone}/role-operators.yaml")["rules"]
            assert any(f"{kind}s" in rule["resources"] and verb in rule["verbs"] for rule in rights), (zone, kind)
        else:
            assert zone == "cbp-data"


def test_every_alert_is_explained_to_whom_it_reaches() -> None:
    pages = "".join(
        (ROOT / "docs" / page).read_text(encoding="utf-8")
        for page in ("alerts.md", "audit.md", "edge.md", "history.md", "queue.md", "runtime.md")
    )
    assert {rule["alert"] for rule in rules()} <= set(re.findall(r"`([A-Za-z]+)`", pages))


def test_the_alerts_on_the_event_bus_follow_its_words() -> None:
    def of_queue(path: str, *words: str) -> set[str]:
        groups = documents(site(listing(path, *words)))[FILE]["spec"]["groups"]
        return {rule["alert"] for group in groups if group["name"] == "queue" for rule in group["rules"]}

    always = {"DeliveriesLate", "SubscriberMissedChanges", "SubscriberPaused"}
    assert of_queue("load_management.queuing.patterns", "Dead letter queue") == always | {"DeadLetters"}
    assert of_queue("load_management.queuing.patterns", "Priority queuing") == always | {"DeliveriesDropped"}
    assert of_queue("components.integration_layer.features", "Health monitors") == set()


def test_the_circuits_of_external_services_are_watched_where_the_layer_has_health_monitors() -> None:
    for features, watched in ((["Event bus", "Health monitors"], True), (["Event bus"], False)):
        groups = documents(site(listing("components.integration_layer.features", *features)))[FILE]["spec"]["groups"]
        (external,) = (group["rules"] for group in groups if group["name"] == "external")
        assert ("ExternalServiceAway" in {rule["alert"] for rule in external}) == watched


@pytest.mark.parametrize(
    ("key", "value", "part"),
    [
        ("availability", "99.5%", "100 * 6 / 720 / 0.005 * min("),
        ("latency__share", "95%", "100 * 6 / 720 / 0.05 * min("),
        ("latency__within", "1 second", 'le="1.0"'),
    ],
)
def test_an_objective_decides_how_many_requests_may_be_bad(key: str, value: str, part: str) -> None:
    name = "Latency" if key.startswith("latency") else "Availability"
    before = expression(f"{name}LostWithinSixHours")
    after = expression(f"{name}LostWithinSixHours", **{f"redundancy__application__objectives__{key}": value})
    assert part in after
    assert part not in before


def test_every_time_of_an_objective_is_a_bound_of_the_histogram() -> None:
    choices = get_args(LatencyObjective.model_fields["within"].annotation)
    assert {LatencyObjective(share="99%", within=each).seconds for each in choices} <= set(SECONDS)


def test_without_objectives_nobody_is_told_of_them() -> None:
    tree = with_value(
        resolved()["production"].tree,
        keys("redundancy.application"),
        node({"deployment": ["Multiple zones"], "failover": ["State preservation"]}),
    )
    (without, _) = rebound(tree)
    groups = documents(site(without))[FILE]["spec"]["groups"]
    assert "objectives" not in {group["name"] for group in groups}


def test_without_monitoring_there_are_no_alerts() -> None:
    assert FILE not in documents(site(listing("network.segmentation.traffic.egress", "Dependencies")))
