"""A waiver lets pass the findings of one rule at one place of one environment until a day, and is an error else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.diagnostics import Source, has_errors
from compiler.policy.denial import Denial
from compiler.policy.gate import load
from compiler.policy.library import Library, read
from compiler.policy.waivers import Register
from compiler.resolve.entries import placed_waivers
from compiler.sources import yaml
from tests.compiler.project import resolved
from tests.policy.policies import FIXTURE, POLICIES, RULE, changed, write
from tests.policy.test_gate import renderings, with_documents

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.policy.gate import Verdict
    from compiler.resolve.resolved import Resolved

TODAY = date(2026, 1, 15)
HEAP = "limits.memory.heap"
DAYS = st.dates(date(2025, 6, 1), date(2026, 6, 1))


def waiver(**changes: str) -> str:
    """Return a waiver of the heap's rule, which holds today, with keys replaced or added."""
    said = {
        "rule": "TST001",
        "resource": HEAP,
        "reason": "measured until the trial ends",
        "owner": "platform",
        "ticket": "PLAT-1",
        "granted": "2026-01-15",
        "expires": "2026-01-15",
        **changes,
    }
    return "- {" + ", ".join(f"{key}: {value!r}" for key, value in said.items()) + "}\n"


def waiving(name: str, *waivers: str) -> Resolved:
    """Return a real environment with a file of waivers."""
    source = Source(f"environments/{name}/waivers.yaml", "waivers:\n" + "".join(waivers))
    document, findings = yaml.parse(source)
    placed, found = placed_waivers((document,))
    assert (findings, found) == ((), ())
    return replace(resolved()[name], waivers=placed)


def judged(policies: Path, *environments: Resolved, as_of: date | None = TODAY) -> Verdict:
    return load(policies).judge([rendering for item in environments for rendering in renderings(item)], as_of)


def codes(verdict: Verdict) -> list[str]:
    return [finding.code for finding in verdict.findings]


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return write(tmp_path)


@pytest.fixture
def of_documents(tmp_path: Path) -> Path:
    """A rule about the first rendered document of each cluster."""
    place = f'"path": ["{HEAP.replace(".", chr(34) + ", " + chr(34))}"], "file": input.documents[0].file'
    return write(
        tmp_path, changed('"path": ["limits", "memory", "heap"]', f'{place}, "pointer": "/spec"'), with_documents()
    )


def test_a_finding_that_is_waived_refuses_nothing_and_says_by_what(policies: Path) -> None:
    verdict = judged(policies, waiving("development", waiver()))
    (finding,) = verdict.findings
    assert finding.waived
    assert not has_errors(verdict.findings)
    assert str(finding.waived.at) == "environments/development/waivers.yaml:2:10"
    assert str(finding.waived) == "until 2026-01-15, platform, PLAT-1: measured until the trial ends"
    assert verdict.as_of == TODAY


def test_a_waiver_hides_the_finding_of_no_other_environment(policies: Path) -> None:
    others = [resolved()[name] for name in ("development", "staging")]
    verdict = judged(policies, waiving("production", waiver()), *others)
    open_, waived = verdict.findings
    assert (open_.refuses, open_.notes) == (True, ("in development, staging alone",))
    assert (waived.refuses, waived.notes) == (False, ("in production alone",))
    assert waived.clusters == ("production/eu-central-1", "production/eu-west-1")


def test_each_rendered_document_needs_a_waiver_of_its_own(of_documents: Path) -> None:
    (finding,) = judged(of_documents, resolved()["production"]).findings
    one, other = finding.rendered
    first = waiver(file=one.file, pointer=one.pointer)
    open_, waived = judged(of_documents, waiving("production", first)).findings
    assert (open_.rendered, waived.rendered) == ((other,), (one,))
    both = judged(of_documents, waiving("production", first, waiver(file=other.file, pointer=other.pointer)))
    assert not has_errors(both.findings)


def test_a_waiver_without_the_document_lets_nothing_pass_and_is_told_which_to_name(of_documents: Path) -> None:
    verdict = judged(of_documents, waiving("production", waiver()))
    stale = next(finding for finding in verdict.findings if finding.code == "WVR004")
    denied = next(finding for finding in verdict.findings if finding.code == "TST001")
    assert denied.refuses
    assert stale.help == f"write file: {denied.rendered[0].file} and pointer: /spec, which TST001 denies"


def test_a_waiver_with_a_document_that_the_finding_does_not_have_is_told_to_leave_it_out(policies: Path) -> None:
    named = waiver(file="generated/development/eu-central-1/runtime/settings.json")
    stale = next(item for item in judged(policies, waiving("development", named)).findings if item.code == "WVR004")
    assert stale.help == "leave out file and pointer: the finding has none"


@pytest.mark.parametrize(
    ("changes", "code", "line"),
    [
        ({"expires": "2026-01-14", "granted": "2026-01-01"}, "WVR001", "the waiver expired on 2026-01-14"),
        ({"granted": "2026-01-01", "expires": "2026-04-02"}, "WVR002", "the waiver is granted for 91 days"),
        ({"granted": "2026-01-16", "expires": "2026-01-17"}, "WVR003", "begins on 2026-01-16, which is to come"),
        ({"granted": "2026-01-15", "expires": "2026-01-14"}, "WVR003", "ends before it begins, on 2026-01-15"),
        ({"resource": "limits.memory.cache"}, "WVR004", "TST001 finds nothing there"),
        ({"rule": "TST002"}, "WVR005", "there is no rule TST002"),
        ({"resource": "limits.memory.stack"}, "WVR006", "development has no value 'limits.memory.stack'"),
        ({"file": "generated/staging/a.yaml"}, "WVR006", "generated/staging/a.yaml is no file of development"),
    ],
)
def test_a_waiver_with_a_mistake_is_an_error_and_lets_nothing_pass(
    policies: Path, changes: dict[str, str], code: str, line: str
) -> None:
    verdict = judged(policies, waiving("development", waiver(**changes)))
    assert sorted(codes(verdict)) == ["TST001", code]
    assert all(finding.refuses for finding in verdict.findings)
    assert line in next(finding.message for finding in verdict.findings if finding.code == code)


def test_the_second_of_two_waivers_of_one_thing_is_an_error(policies: Path) -> None:
    verdict = judged(policies, waiving("development", waiver(), waiver(expires="2026-02-15")))
    assert [(finding.code, finding.refuses) for finding in verdict.findings] == [("WVR007", True), ("TST001", False)]


def test_a_rule_that_cannot_be_waived_is_not(tmp_path: Path) -> None:
    unwaivable = RULE.replace("#   severity: error", "#   severity: error\n#   waivable: false")
    verdict = judged(write(tmp_path, unwaivable), waiving("development", waiver()))
    assert sorted(codes(verdict)) == ["TST001", "WVR008"]
    assert has_errors(finding for finding in verdict.findings if finding.code == "TST001")


def test_a_warning_can_be_waived_too(tmp_path: Path) -> None:
    policies = write(tmp_path, RULE.replace("severity: error", "severity: warning"))
    (finding,) = judged(policies, waiving("development", waiver())).findings
    assert finding.waived


def test_without_a_day_nothing_is_waived(policies: Path) -> None:
    verdict = judged(policies, waiving("development", waiver(), waiver(rule="TST009")), as_of=None)
    assert (codes(verdict), has_errors(verdict.findings), verdict.as_of) == (["TST001"], True, None)


def test_without_waivers_there_is_no_day_to_report(policies: Path) -> None:
    assert judged(policies, resolved()["development"]).as_of is None


@settings(deadline=None)
@given(granted=DAYS, expires=DAYS, today=DAYS)
def test_a_waiver_holds_from_its_first_day_to_its_last_and_ninety_days_at_most(
    library: Library, granted: date, expires: date, today: date
) -> None:
    register = Register(library.rules, today)
    item = waiving("development", waiver(granted=str(granted), expires=str(expires)))
    register.enter(item)
    waived = register.waived(Denial(id="TST001", message="?", path=tuple(HEAP.split("."))), item)
    holds = granted <= today <= expires <= granted + timedelta(days=90)
    assert (waived is not None) is holds
    assert [finding.code for finding in register.findings()] == ([] if holds else [_reason(granted, expires, today)])


def test_what_protects_secrets_people_and_the_trail_cannot_be_waived() -> None:
    """The list is the decision (docs/waivers.md): a rule joins it or leaves it in a change that says so."""
    fixed = {rule.id for rule in read(POLICIES).rules if not rule.metadata.custom.waivable}
    assert fixed >= {
        "ACC001",
        "ACC002",
        "ACC009",
        "DEP007",
        "K8S013",
        "K8S025",
        "CON022",
        "CON023",
        "VLT001",
        "VLT011",
        "VLT012",
    }


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return read(write(tmp_path_factory.mktemp("policies"), RULE, FIXTURE))


def _reason(granted: date, expires: date, today: date) -> str:
    if granted > today or expires < granted:
        return "WVR003"
    return "WVR002" if expires - granted > timedelta(days=90) else "WVR001"
