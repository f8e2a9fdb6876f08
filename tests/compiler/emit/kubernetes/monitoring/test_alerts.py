"""What alerts ask is what the API tells, of its own pods."""

from __future__ import annotations

import re
from typing import Any

import pytest

from runtime.telemetry import Telemetry
from tests.compiler.project import changed, documents, emitted, listing, site

FILE = "cbp-application/prometheusrule-configuration-api.yaml"


def rules() -> list[dict[str, Any]]:
    (group,) = emitted(FILE)["spec"]["groups"]
    return list(group["rules"])


def test_alerts_ask_for_nothing_but_what_the_api_and_kube_state_metrics_tell() -> None:
    telemetry = Telemetry()
    telemetry.audit_refusals.count("412")
    telemetry.audit_dropped.count("database-away")
    telemetry.requests.count("GET", "/v1/settings", "200")
    telemetry.write()
    told = set(re.findall(r"^([a-z_]+)\{?", telemetry.exposition().decode(), re.MULTILINE))
    asked = {name for rule in rules() for name in re.findall(r"([a-z_]+)\{", rule["expr"])}
    of_jobs = {name for name in asked if name.startswith("kube_")}
    # https://github.com/kubernetes/kube-state-metrics/blob/v2.17.0/docs/metrics/workload/{job,cronjob}-metrics.md
    assert of_jobs == {
        "kube_cronjob_created",
        "kube_cronjob_status_last_successful_time",
        "kube_job_failed",
        "kube_job_status_start_time",
    }
    asked -= of_jobs
    assert asked == {
        "audit_length",
        "audit_notes_dropped_total",
        "audit_refusals_total",
        "audit_unanchored_age_seconds",
        "audit_unsealed_age_seconds",
        "http_requests_total",
    }
    assert asked <= told


def test_every_series_is_of_the_pods_of_the_api_or_of_the_jobs_beside_the_database() -> None:
    for rule in rules():
        zone = "data" if rule["alert"].startswith("History") else "application"
        for labels in re.findall(r"\{([^}]*)\}", rule["expr"]):
            assert labels.startswith(f'namespace="cbp-{zone}"'), rule["alert"]


def expression(alert: str, **changes: str) -> str:
    found = emitted(FILE, **changes)["spec"]["groups"][0]["rules"]
    return next(str(rule["expr"]) for rule in found if rule["alert"] == alert)


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
    (group,) = documents(without)[FILE]["spec"]["groups"]
    assert "AuditTrailNotAnchored" not in {rule["alert"] for rule in group["rules"]}


def test_an_alert_says_what_has_happened_and_how_urgent_it_is() -> None:
    assert {rule["alert"]: rule["labels"]["severity"] for rule in rules()} == {
        "AuditTrailNotSealed": "critical",
        "AuditTrailShorter": "critical",
        "AuditNotesLost": "warning",
        "RequestsRefused": "warning",
        "AuditTrailNotAnchored": "critical",
        "HistoryVerificationFailed": "critical",
        "HistoryNotVerified": "warning",
    }
    assert all(rule["annotations"]["summary"].endswith(".") for rule in rules())


def test_without_monitoring_there_are_no_alerts() -> None:
    assert FILE not in documents(site(listing("network.segmentation.traffic.egress", "Dependencies")))
