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
from tests.compiler.emit.kubernetes.monitoring.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.compiler.emit.kubernetes.monitoring.scenarios import Scenario, Series


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
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(document))
    ran = subprocess.run(
        [promtool, "test", "rules", "tests.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def _test(alert: str, scenario: Scenario, series: Series, expected: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "interval": f"{scenario.step}m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [{"alertname": alert, "eval_time": f"{scenario.minutes}m", "exp_alerts": expected}],
    }
