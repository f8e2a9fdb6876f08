"""What is measured is fetched, and reaches the autoscaler under the name by which it asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

import pytest
import yaml

from compiler.emit.kubernetes.monitoring.probes import probed
from compiler.emit.site import sites
from runtime.settings import Route
from runtime.telemetry import Telemetry
from tests.compiler.project import documents, emitted, listing, resolved, site

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
RULES = "cbp-management/configmap-prometheus-adapter-rules.yaml"


def monitors(at: Site) -> dict[str, Document]:
    return {name: item for name, item in documents(at).items() if item["kind"] == "PodMonitor"}


def rule() -> dict[str, Any]:
    (found,) = yaml.safe_load(emitted(RULES)["data"]["config.yaml"])["rules"]
    assert isinstance(found, dict)
    return found


@every_site
def test_what_prometheus_may_fetch_is_what_it_is_told_to_fetch(at: Site) -> None:
    told = {
        (item["metadata"]["namespace"], endpoint["portNumber"], str(item["spec"]["selector"]))
        for item in monitors(at).values()
        for endpoint in item["spec"]["podMetricsEndpoints"]
    }
    prometheus = {"app.kubernetes.io/name": "prometheus"}
    allowed = {
        (item["metadata"]["namespace"], port["port"], str(item["spec"]["podSelector"]))
        for item in documents(at).values()
        if item["kind"] == "NetworkPolicy"
        for rule in item["spec"].get("ingress", ())
        if prometheus in [peer.get("podSelector", {}).get("matchLabels") for peer in rule["from"]]
        for port in rule["ports"]
    }
    assert told == allowed
    assert len(told) == (6 if at.serves else 4) + (not at.cluster.node_metrics) + probed(at)


def test_without_monitoring_nothing_is_fetched() -> None:
    at = site(listing("network.segmentation.traffic.egress", "Dependencies"))
    assert not monitors(at)
    assert RULES not in documents(at)


def test_the_autoscaler_s_metric_is_made_of_what_the_api_counts() -> None:
    metrics = emitted("cbp-application/horizontalpodautoscaler-configuration-api.yaml")["spec"]["metrics"]
    assert [item["pods"]["metric"]["name"] for item in metrics if item["type"] == "Pods"] == [rule()["name"]["as"]]
    telemetry = Telemetry()
    telemetry.requests.count("GET", "/v1/settings", "200")
    telemetry.write()
    series = rule()["seriesQuery"].partition("{")[0]
    assert f"\n{series}{{".encode() in telemetry.exposition()
    assert "<<.LabelMatchers>>" in rule()["metricsQuery"]


def test_requests_of_clients_are_counted_and_probes_are_not() -> None:
    (pattern,) = re.findall(r'route=~"([^"]+)"', rule()["metricsQuery"])
    served = {route.partition(" ")[2] for route in get_args(Route)}
    assert served
    assert all(re.fullmatch(pattern, route) for route in served)
    assert not any(re.fullmatch(pattern, route) for route in ("/health", "/health/ready", "/metrics", "unmatched"))


def test_a_pod_without_a_request_counts_as_zero() -> None:
    """Its probes have given it series of other routes by then, which the query falls back on."""
    telemetry = Telemetry()
    telemetry.requests.count("GET", "/health", "200")
    telemetry.write()
    assert b'http_requests_total{method="GET",route="/health",status="200"} 1.0' in telemetry.exposition()
    counted, _, otherwise = rule()["metricsQuery"].partition(" or ")
    assert "route=~" in counted
    assert otherwise == "0 * count by (<<.GroupBy>>) (<<.Series>>{<<.LabelMatchers>>})"
