"""What alerts ask is what the API tells, of its own pods."""

from __future__ import annotations

import re
from typing import Any

from runtime.telemetry import Telemetry
from tests.compiler.project import documents, emitted, listing, site

FILE = "cbp-application/prometheusrule-configuration-api.yaml"


def rules() -> list[dict[str, Any]]:
    (group,) = emitted(FILE)["spec"]["groups"]
    return list(group["rules"])


def test_alerts_ask_for_nothing_but_what_the_api_tells() -> None:
    telemetry = Telemetry()
    telemetry.audit_refusals.count("412")
    telemetry.audit_dropped.count("database-away")
    telemetry.requests.count("GET", "/v1/settings", "200")
    telemetry.write()
    told = set(re.findall(r"^([a-z_]+)\{?", telemetry.exposition().decode(), re.MULTILINE))
    asked = {name for rule in rules() for name in re.findall(r"([a-z_]+)\{", rule["expr"])}
    assert asked == {
        "audit_length",
        "audit_notes_dropped_total",
        "audit_refusals_total",
        "audit_unsealed_age_seconds",
        "http_requests_total",
    }
    assert asked <= told


def test_every_series_is_of_the_pods_of_the_api() -> None:
    for rule in rules():
        for labels in re.findall(r"\{([^}]*)\}", rule["expr"]):
            assert labels.startswith('namespace="cbp-application"'), rule["alert"]


def test_an_alert_says_what_has_happened_and_how_urgent_it_is() -> None:
    assert {rule["alert"]: rule["labels"]["severity"] for rule in rules()} == {
        "AuditTrailNotSealed": "critical",
        "AuditTrailShorter": "critical",
        "AuditNotesLost": "warning",
        "RequestsRefused": "warning",
    }
    assert all(rule["annotations"]["summary"].endswith(".") for rule in rules())


def test_without_monitoring_there_are_no_alerts() -> None:
    assert FILE not in documents(site(listing("network.segmentation.traffic.egress", "Dependencies")))
