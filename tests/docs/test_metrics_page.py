"""The page of metrics is what the service declares, and has everything that alerts ask for."""

from __future__ import annotations

import json
import re

from compiler.emit.kubernetes.monitoring.measurements import EXPORTED, EXPORTERS, WORDS
from compiler.emit.providers import CERT_MANAGER, CLOUDNATIVE_PG
from compiler.metrics_page import page
from runtime.telemetry import Telemetry, declared
from tests.compiler.emit.kubernetes.monitoring.promql import asked
from tests.compiler.project import ROOT, artifacts, emitted, site

RULES = "cbp-application/prometheusrule-configuration-api.yaml"
SCALED = "cbp-data/scaledobject-configuration-db.yaml"
DASHBOARD = "cbp-management/configmap-configuration-dashboard.yaml"


def test_the_page_of_metrics_is_what_is_declared() -> None:
    assert (ROOT / "docs/metrics.md").read_text(encoding="utf-8") == page(), "write it anew: make docs/metrics.md"


def test_everything_that_is_exposed_is_declared_with_its_type() -> None:
    found = re.findall(r"^# TYPE (\S+) (\S+)$", Telemetry().exposition().decode(), re.MULTILINE)
    assert {(name, kind) for name, kind in found if not name.endswith("_created")} == {
        (each.name, each.type) for each in declared().values()
    }


def test_the_name_of_a_metric_ends_with_its_unit() -> None:
    for each in declared().values():
        if each.unit in ("seconds", "bytes", "ratio"):
            assert each.name.removesuffix("_total").endswith(f"_{each.unit}"), each.name


def test_everything_that_alerts_panels_and_triggers_ask_for_is_on_the_page() -> None:
    own = {f"{each.name}_bucket" if each.type == "histogram" else each.name for each in declared().values()}
    groups = emitted(RULES)["spec"]["groups"]
    alerts = {str(series.metric) for group in groups for rule in group["rules"] for series in asked(rule["expr"])}
    panels = json.loads(next(iter(emitted(DASHBOARD)["data"].values())))["panels"]
    targets = [target for panel in panels for target in panel.get("targets", ())]
    drawn = {str(series.metric) for target in targets for series in asked(target["expr"])}
    triggers = [trigger["metadata"] for trigger in emitted(SCALED)["spec"]["triggers"]]
    scaled = {str(series.metric) for each in triggers if "query" in each for series in asked(each["query"])}
    assert alerts - own <= EXPORTED.keys()
    assert (alerts | drawn | scaled) - own - {"up"} == EXPORTED.keys()  # which is Prometheus' own


def test_each_exporter_has_the_version_that_a_cluster_is_asked_for() -> None:
    text = artifacts(site())["bootstrap.md"].content.decode()
    assert f"kube-state-metrics ({EXPORTERS['kube-state-metrics']} or later)" in text
    for name, provider in (("CloudNativePG", CLOUDNATIVE_PG), ("cert-manager", CERT_MANAGER)):
        assert f"[{name}]({provider.page}) | {EXPORTERS[name]} |" in text
    assert {exporter for exporter, _ in EXPORTED.values()} == EXPORTERS.keys()


def test_every_word_names_metrics_of_the_api() -> None:
    own = {each.name for each in declared().values()}
    assert all(set(metrics) <= own for metrics in WORDS.values())
