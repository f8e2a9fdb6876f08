"""The dashboard shows what alerts measure, with the levels that are stated as lines, as Grafana's types have it."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.compiler.emit.kubernetes.monitoring.compiled import rules
from tests.compiler.emit.kubernetes.monitoring.promql import asked
from tests.compiler.project import ROOT, documents, emitted, keys, listing, resolved, site

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "cbp-management/configmap-configuration-dashboard.yaml"
# Grafana's data source for Prometheus reads them of a query of marks; its published types leave them out.
OF_MARKS = {"/annotations/list/0/titleFormat", "/annotations/list/0/textFormat"}


def dashboard(**changes: str) -> dict[str, Any]:
    """Return the dashboard of production, with statements changed."""
    (text,) = emitted(FILE, **changes)["data"].values()
    found: dict[str, Any] = json.loads(text)
    return found


def panels(**changes: str) -> dict[str, dict[str, Any]]:
    """Return its panels by their titles, without the rows."""
    return {each["title"]: each for each in dashboard(**changes)["panels"] if each["type"] == "timeseries"}


@cache
def unchanged() -> dict[str, dict[str, Any]]:
    return panels()


def lines(panel: dict[str, Any]) -> list[tuple[float, str]]:
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[0] == {"color": "transparent", "value": None}
    return [(step["value"], step["color"]) for step in steps[1:]]


def test_grafana_knows_every_key_and_type_of_it() -> None:
    register_default_plugins()
    written = dashboard()
    read = json.loads(json.dumps(Dashboard.from_json(written), cls=JSONEncoder))
    assert set(_lost(written, read)) == OF_MARKS


def _lost(written: Any, read: Any, place: str = "") -> Iterator[str]:
    """Yield the places of a document that are not what they were when types have read and written it."""
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            yield from _lost(value, read[key], f"{place}/{key}") if key in read else (f"{place}/{key}",)
    elif isinstance(written, list) and isinstance(read, list) and len(written) == len(read):
        for index, pair in enumerate(zip(written, read, strict=True)):
            yield from _lost(*pair, f"{place}/{index}")
    elif written != read:
        yield place


def test_a_sidecar_of_grafana_finds_it() -> None:
    metadata = emitted(FILE)["metadata"]
    assert (metadata["namespace"], metadata["labels"]["grafana_dashboard"]) == ("cbp-management", "1")


def test_every_alert_is_drawn_with_its_level_as_a_line_or_as_a_series() -> None:
    for rule in rules():
        panel = unchanged()[rule["alert"]]
        questions = [re.sub(r"^1000 \* \((.*)\)$", r"\1", each["expr"]) for each in panel["targets"]]
        measured = questions[0]
        assert rule["expr"].startswith(f"{measured} "), rule["alert"]
        _, relation, level = rule["expr"].removeprefix(measured).split(" ", 2)
        assert relation in ("<", ">", "==", ">=")
        colour = {"critical": "red", "warning": "orange"}[rule["labels"]["severity"]]
        assert questions[1:] == [level] or (int(level), colour) in lines(panel), rule["alert"]
        assert rule["annotations"]["summary"] in panel["description"]
        assert f"`{rule['annotations']['statement']}`" in panel["description"]
        assert panel["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == (
            "line" if lines(panel) else "off"
        )


def test_a_line_is_seen_wherever_the_series_are() -> None:
    """Grafana fits the axis of a panel to its series, and leaves out the lines that are not near.

    That of the database's timeout may be left out: most answers take a thousandth of it.
    """
    timeout = resolved()["production"].spec.connections.database.timeout.seconds
    for title, panel in unchanged().items():
        custom = panel["fieldConfig"]["defaults"]["custom"]
        levels = [level for level, _ in lines(panel) if (title, level) != ("Time to answer", timeout)]
        assert all(custom["axisSoftMin"] <= level <= custom["axisSoftMax"] for level in levels), title
        assert levels or not {"axisSoftMin", "axisSoftMax"} & custom.keys(), title


def test_no_legend_is_a_question() -> None:
    """Which Grafana writes there for a series without labels, unless it is told another name."""
    for title, panel in unchanged().items():
        for target in panel["targets"]:
            labelled = re.search(r" by \(([a-z_, ]+)\)", target["expr"])
            assert (target["legendFormat"] == "__auto") == bool(labelled) or panel["title"] == "Time to answer", title


def test_every_panel_and_row_has_a_title_of_its_own() -> None:
    titles = [each["title"] for each in dashboard()["panels"]]
    assert len({*titles}) == len(titles)


def test_the_marks_are_those_of_its_alerts() -> None:
    (marks,) = dashboard()["annotations"]["list"]
    (series,) = asked(marks["expr"])
    assert set(series.labels["alertname"].split("|")) == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize(
    ("statement", "value", "title", "expected"),
    [
        ("compute.application_tier.instances.max", "12", "Pods", (12, "blue")),
        ("compute.application_tier.instances.min", "3", "Pods", (3, "blue")),
        ("compute.application_tier.instances.max", "12", "Requests", (12 * 1000 // 60, "blue")),
        ("auto_scaling.application.triggers.requests.target", "1500 req/min", "Requests of a pod", (1500, "blue")),
        ("auto_scaling.application.triggers.cpu.target", "61%", "CPU of a pod", (61, "blue")),
        ("auto_scaling.application.triggers.memory.target", "63%", "Memory of a pod", (63, "blue")),
        ("connections.database.timeout", "21 seconds", "Time to answer", (21, "blue")),
        ("redundancy.application.objectives.latency.within", "250 ms", "Time to answer", (0.25, "blue")),
        ("limits.memory.monitoring.warning", "64%", "MemoryUsed", (64, "orange")),
    ],
)
def test_a_line_is_where_the_specification_says(
    statement: str, value: str, title: str, expected: tuple[float, str]
) -> None:
    panel = panels(**{statement.replace(".", "__"): value})[title]
    assert expected in lines(panel)
    assert expected not in lines(unchanged()[title])
    assert f"`{statement}`" in panel["description"]


def test_every_panel_asks_prometheus_for_metrics_of_the_page_and_names_what_decides_it() -> None:
    page = (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
    for title, panel in unchanged().items():
        found = [series for target in panel["targets"] for series in asked(target["expr"])]
        names = {re.sub(r"_bucket$", "", str(series.metric)) for series in found}
        assert names, title
        assert {name for name in names if f"| `{name}` |" not in page} == set(), title
        deciding = re.findall(r"`([a-z_]+(?:\.[a-z_]+)+)`", panel["description"].rpartition("Decided by")[2])
        assert deciding, title
        assert all(resolved()["production"].has(keys(path)) for path in deciding), title


def test_panels_have_numbers_of_their_own_and_do_not_cover_each_other() -> None:
    found = dashboard()["panels"]
    assert len({each["id"] for each in found}) == len(found)
    cells = [
        (x, y)
        for each in found
        for x in range(each["gridPos"]["x"], each["gridPos"]["x"] + each["gridPos"]["w"])
        for y in range(each["gridPos"]["y"], each["gridPos"]["y"] + each["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_each_cluster_has_a_dashboard_of_its_own_by_name_and_identifier() -> None:
    one, other = dashboard(), json.loads(next(iter(documents(site(resolved()["staging"]))[FILE]["data"].values())))
    assert one["title"] == "Configuration API, production, eu-central-1"
    assert one["uid"] != other["uid"]
    assert all(re.fullmatch(r"[a-z0-9-]{1,40}", each["uid"]) for each in (one, other))  # the bound of Grafana


def test_a_cluster_that_stands_by_has_the_panels_of_its_alerts() -> None:
    (text,) = documents(site(cluster="eu-west-1"))[FILE]["data"].values()
    found = {each["title"]: each for each in json.loads(text)["panels"] if each["type"] == "timeseries"}
    assert {"StandbyBehind", "BackupOverdue", "Requests"} <= found.keys()
    assert {"Pods", "RestoreTestFailed", "InstancesAtMost"} & found.keys() == set()
    assert lines(found["Requests"]) == []  # no autoscaler


def test_without_monitoring_there_is_no_dashboard() -> None:
    assert FILE not in documents(site(listing("network.segmentation.traffic.egress", "Dependencies")))
