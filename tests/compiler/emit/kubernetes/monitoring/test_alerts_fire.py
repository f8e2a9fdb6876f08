"""Each alert fires on the series of its outage, and on none that is one step short of it, as Prometheus evaluates them.

promtool is on PATH where Debian's package prometheus is installed, or unpacked, as .ci/run does.
"""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.compiler.emit.kubernetes.monitoring.compiled import variants
from tests.compiler.emit.kubernetes.monitoring.scenarios import CLIENTS, SCENARIOS, Scenario, growing, of_pods
from tests.compiler.emit.kubernetes.monitoring.test_dashboard import unchanged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compiler.emit.kubernetes.monitoring.scenarios import Series


def test_every_alert_has_its_scenario() -> None:
    assert SCENARIOS.keys() == variants().keys()


@pytest.mark.parametrize("alert", SCENARIOS)
def test_an_alert_fires_on_its_outage_and_not_one_step_short_of_it(alert: str, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("not checked: the program promtool is not on PATH (docs/alerts.md)")
    scenario, rules = SCENARIOS[alert], variants()[alert]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": rules}]}))
    expected = [
        {"exp_labels": scenario.labels | rule["labels"], "exp_annotations": rule["annotations"]} for rule in rules
    ]
    tests = [
        _test(alert, scenario, scenario.fires, expected),
        _test(alert, scenario, scenario.quiet, []),
    ]
    document = {"rule_files": ["rules.yaml"], "evaluation_interval": f"{scenario.step}m", "tests": tests}
    _evaluate(promtool, tmp_path, document)


def test_an_objective_is_lost_no_more_once_the_pods_that_failed_are_gone(tmp_path: Path) -> None:
    """Their series end within the longer window, and the shorter one has none of them any more."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("not checked: the program promtool is not on PATH (docs/alerts.md)")
    alert = "AvailabilityLostWithinHour"
    failing = "0+500x30 " + "stale" + " _x59"
    series = {
        of_pods("http_requests_total", route="/v1/namespaces", status="500"): failing,
        of_pods("http_requests_total", route="/v1/namespaces", status="200"): growing(10_000),
    }
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": variants()[alert]}]}))
    (rule,) = variants()[alert]
    fires = [{"exp_labels": rule["labels"], "exp_annotations": rule["annotations"]}]
    tests = [
        _test(alert, Scenario(series, series, minutes=minutes), series, expected)
        for minutes, expected in ((29, fires), (60, []))
    ]
    _evaluate(promtool, tmp_path, {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": tests})


def test_every_panel_has_an_answer_to_each_of_its_questions(tmp_path: Path) -> None:
    """On the series of outages, and of requests and pods."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("not checked: the program promtool is not on PATH (docs/alerts.md)")
    tests = []
    for title, panel in unchanged().items():
        scenario = SCENARIOS.get(title, Scenario(CLIENTS, CLIENTS))
        questions = [
            {
                "expr": f"count({target['expr']}) > bool 0",
                "eval_time": f"{scenario.minutes - scenario.step}m",
                "exp_samples": [{"labels": "{}", "value": 1}],
            }
            for target in panel["targets"]
        ]
        tests.append(
            {
                "interval": f"{scenario.step}m",
                "input_series": [{"series": name, "values": values} for name, values in scenario.fires.items()],
                "promql_expr_test": questions,
            }
        )
    _evaluate(promtool, tmp_path, {"evaluation_interval": "1m", "tests": tests})


def _evaluate(promtool: str, folder: Path, document: dict[str, Any]) -> None:
    """Have promtool run tests of rules that are in a folder."""
    (folder / "tests.yaml").write_text(yaml.safe_dump(document))
    ran = subprocess.run(
        [promtool, "test", "rules", "tests.yaml"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _test(alert: str, scenario: Scenario, series: Series, expected: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "interval": f"{scenario.step}m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"alertname": alert, "eval_time": f"{scenario.minutes}m", "exp_alerts": expected}],
    }
