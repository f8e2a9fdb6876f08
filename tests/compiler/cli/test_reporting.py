"""The forms of a report, and its colours."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.compiler.cli.running import CBP, break_, compile_, document

if TYPE_CHECKING:
    from pathlib import Path


def test_the_json_report_holds_what_the_text_says(project: Path) -> None:
    found = document(compile_(project, "--format", "json"))
    assert found["environments"] == ["development", "production", "staging"]
    assert found["exit_code"] == 0
    changes, files = found["changes"], found["files"]
    assert isinstance(changes, list)
    assert isinstance(files, int)
    assert len(changes) == files + 1
    assert {"path": "generated/manifest.json", "reason": "missing", "pruned": False} in changes
    break_(project)
    result = compile_(project, "--format", "json")
    found = document(result)
    assert (result.exit_code, found["exit_code"], found["changes"], found["policy"]) == (1, 1, [], None)
    findings = found["findings"]
    assert isinstance(findings, list)
    assert findings[0] == {
        "code": "SPEC015",
        "severity": "error",
        "message": "'80 maximum' is not a percentage",
        "help": "write a whole number and a percent sign, as 70%",
        "notes": [],
        "path": "spec/limits.yaml",
        "line": 5,
        "column": 11,
        "resource": None,
        "found": None,
        "wanted": None,
        "rendered": [],
        "clusters": [],
        "page": None,
        "waived": None,
        "before": None,
        "after": None,
        "places": [],
    }


def test_a_report_names_the_engine_and_every_rule_that_judged(project: Path) -> None:
    policy = document(compile_(project, "--format", "json"))["policy"]
    assert isinstance(policy, dict)
    assert policy["engine"] == "regorus"
    assert "CON001" in policy["rules"]
    assert f"judged by {len(policy['rules'])} rules on regorus {policy['version']}" in compile_(project).stdout


def test_colour_is_for_terminals_that_want_it(project: Path) -> None:
    break_(project)
    assert "\x1b[1;31merror" in on_a_terminal(project)
    assert "\x1b" not in on_a_terminal(project, NO_COLOR="1")


def on_a_terminal(project: Path, **environment: str) -> str:
    """Run ``cbp compile`` with a terminal for its output."""
    leader, follower = os.openpty()
    with subprocess.Popen([CBP, "compile"], cwd=project, env={**os.environ, **environment}, stdout=follower) as child:
        os.close(follower)
        shown = b""
        try:
            while part := os.read(leader, 65536):
                shown += part
        except OSError:  # Linux says so at the end of a terminal's output
            pass
        child.wait()
    os.close(leader)
    return shown.decode()
