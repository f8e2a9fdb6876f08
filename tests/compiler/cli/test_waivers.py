"""Waivers from the file to the report, and the day on which they are judged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from tests.compiler.cli.running import cbp, compile_, document, last_line

if TYPE_CHECKING:
    from pathlib import Path

WAIVERS = """\
# yaml-language-server: $schema=../../generated/schemas/waivers.json
waivers:
  - rule: DEP002
    resource: environment.image.release
    reason: the first image has not been built and signed yet
    owner: platform
    ticket: PLAT-1234
    granted: 2026-01-05
    expires: 2026-02-27
"""
HOLDS = ("--as-of", "2026-02-27")


@pytest.fixture
def waiving(project: Path) -> Path:
    """A project whose production lives without a release until the end of February."""
    (project / "environments/production/waivers.yaml").write_text(WAIVERS)
    return project


def test_a_waiver_holds_on_its_last_day_and_is_an_error_on_the_next(waiving: Path) -> None:
    result = compile_(waiving, *HOLDS)
    assert result.exit_code == 0
    assert "waived[DEP002]: environments/production/environment.yaml:9:14: " in result.stdout
    assert "  by environments/production/waivers.yaml:3:11, until 2026-02-27, platform, PLAT-1234: " in result.stdout
    assert last_line(result).endswith("0 errors, 0 warnings, 1 waived")
    result = compile_(waiving, "--as-of", "2026-02-28")
    assert result.exit_code == 1
    assert "error[WVR001]: the waiver expired on 2026-02-27\n" in result.stdout


def test_the_day_is_taken_from_the_variable_and_the_option_goes_before_it(
    waiving: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CBP_AS_OF", "2026-02-28")
    assert compile_(waiving, "--check").exit_code == 1
    compile_(waiving, *HOLDS)
    assert cbp("verify", "--root", str(waiving), *HOLDS).exit_code == 0


def test_the_json_report_holds_the_waiver_in_its_finding_and_the_day(waiving: Path) -> None:
    found = document(compile_(waiving, *HOLDS, "--format", "json"))
    policy, findings = found["policy"], found["findings"]
    assert isinstance(policy, dict)
    assert isinstance(findings, list)
    assert policy["as_of"] == "2026-02-27"
    (waived,) = (finding for finding in findings if finding["waived"])
    assert (waived["code"], waived["resource"], waived["found"]) == (
        "DEP002",
        "environment.image.release",
        "unreleased",
    )
    assert waived["waived"] == {
        "word": "waived",
        "path": "environments/production/waivers.yaml",
        "line": 3,
        "column": 11,
        "reason": "the first image has not been built and signed yet",
        "owner": "platform",
        "ticket": "PLAT-1234",
        "expires": "2026-02-27",
    }


def test_every_form_of_the_report_shows_the_waiver_that_is_used(waiving: Path) -> None:
    shown = {
        name: compile_(waiving, *HOLDS, "--format", name).stdout for name in ("markdown", "sarif", "junit", "github")
    }
    assert "until 2026-02-27, platform, PLAT-1234" in shown["markdown"]
    assert "::notice file=environments/production/environment.yaml" in shown["github"]
    results = json.loads(shown["sarif"])["runs"][0]["results"]
    assert sum(bool(result["suppressions"]) for result in results) == 1
    cases = ElementTree.fromstring(shown["junit"]).iter("testcase")  # noqa: S314 - our own report
    (case,) = (item for item in cases if item.attrib["name"].startswith("DEP002"))
    assert "until 2026-02-27" in "".join(case.itertext())


def test_a_file_of_waivers_that_cannot_be_read_leaves_its_environment_unjudged(project: Path) -> None:
    (project / "environments/production/waivers.yaml").write_text("waivers: [")
    found = document(compile_(project, "--format", "json"))
    assert found["environments"] == ["development", "staging"]
    assert found["exit_code"] == 1


@pytest.mark.parametrize(
    ("old", "new", "report"),
    [
        ("rule: DEP002", "rule: SPEC015", "error[SPEC017]: 'SPEC015' is not the id of a policy's rule"),
        ("owner: platform", "owners: platform", "error[SPEC002]: the key 'owners' is unknown"),
        ("ticket: PLAT-1234", "ticket: soon", "error[SPEC017]: 'soon' is not a ticket"),
        ("expires: 2026-02-27", "expires: tomorrow", "error[SPEC019]: 'tomorrow' is not a date"),
        ("expires: 2026-02-27", "expires: [2026-02-27]", "error[SPEC004]: a single value is expected here"),
        ("    ticket: PLAT-1234\n", "", "error[SPEC001]: the key 'ticket' is missing in waivers.0"),
    ],
)
def test_a_waiver_that_is_not_written_as_one_is_an_error(waiving: Path, old: str, new: str, report: str) -> None:
    (waiving / "environments/production/waivers.yaml").write_text(WAIVERS.replace(old, new))
    result = compile_(waiving, *HOLDS)
    assert result.exit_code == 1
    assert report in result.stdout
    assert "  --> environments/production/waivers.yaml:" in result.stdout


def test_a_misspelt_file_of_waivers_is_not_ignored(project: Path) -> None:
    (project / "environments/production/waiver.yaml").write_text(WAIVERS)
    result = compile_(project)
    assert result.exit_code == 1
    assert "  help: did you mean 'waivers.yaml'?" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--as-of", "27.02.2026"],
        ["--as-of", "2026-02-30"],
        ["--pages", "docs"],
        ["--pages", "https://a.example/?q=(1)"],
    ],
)
def test_a_day_that_there_is_not_and_an_address_that_is_none_are_matters_of_usage(arguments: list[str]) -> None:
    result = cbp("verify", *arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
