"""The report for what collects tests: a test for each rule and each kind of mistake, whatever values hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from hypothesis import given, settings

from compiler.diagnostics import Code
from compiler.diagnostics.text import printable
from compiler.report.junit import render
from tests.compiler.report.outcomes import DENIED, HOSTILE, WAIVED, WARNING, hostile, outcome, rules

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from compiler.report.outcome import Outcome


def read(of: Outcome) -> Element:
    root = ElementTree.fromstring(render(of))  # noqa: S314 - our own report
    for suite in (root, *root):
        assert int(suite.attrib["tests"]) == len(suite.findall(".//testcase"))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == len(suite.findall(f".//{tag}"))
    return root


def case(of: Outcome, code: str) -> Element:
    (found,) = (item for item in read(of).iter("testcase") if item.attrib["name"].startswith(f"{code}: "))
    return found


def kinds(of: Element) -> list[str]:
    return [child.tag for child in of]


def test_every_rule_and_every_kind_of_mistake_is_a_test_of_its_domain() -> None:
    root = read(outcome())
    names = [item.attrib["name"].partition(":")[0] for item in root.iter("testcase")]
    assert sorted(names) == sorted((*rules(), *Code))
    suites = [suite.attrib["name"] for suite in root]
    assert len(suites) == len(set(suites))
    assert case(outcome(), "DEP003").attrib["classname"] == "cbp.environment"
    assert (root.attrib["failures"], root.attrib["skipped"]) == ("0", "0")


def test_an_error_fails_its_rule_with_the_report_that_people_read() -> None:
    (failure,) = case(outcome(DENIED), "DEP003")
    assert (failure.tag, failure.attrib["message"]) == ("failure", DENIED.message)
    assert failure.text
    assert "  --> environments/a/environment.yaml:3:16\n" in failure.text
    assert "  want: a digest, in place of latest\n" in failure.text


def test_a_warning_fails_nothing_and_is_printed() -> None:
    found = case(outcome(WARNING), "SPEC020")
    assert kinds(found) == ["system-out"]
    assert "a document is absent" in str(found[0].text)


def test_a_rule_whose_findings_are_all_waived_is_skipped_with_the_waiver() -> None:
    waived = replace(DENIED, waived=WAIVED)
    found = case(outcome(waived), "DEP003")
    assert kinds(found) == ["skipped", "system-out"]
    assert found[0].attrib["message"] == "waived until 2026-02-01, us, A-1: so"
    other = replace(DENIED, resource="environment.image.repository")
    assert kinds(case(outcome(waived, other), "DEP003")) == ["failure", "system-out"]


def test_a_rule_that_found_nothing_to_look_at_is_skipped() -> None:
    (skipped,) = case(outcome(vacuous=("CON001",)), "CON001")
    assert (skipped.tag, skipped.attrib["message"]) == ("skipped", "nothing to judge")


def test_what_was_not_looked_into_did_not_pass() -> None:
    root = read(outcome(replace(DENIED, code=Code.SPEC015), judged=False))
    unseen = {suite.attrib["name"] for suite in root if kinds(suite[0]) == ["skipped"]}
    assert unseen == {"wvr", "schema", "gen", "policies"}


@given(HOSTILE)
@settings(max_examples=60, deadline=None)
def test_whatever_a_value_holds_the_report_is_xml_and_says_it(text: str) -> None:
    (failure,) = case(outcome(hostile(text)), "DEP003")
    assert failure.attrib["message"] == printable(f"'{text}' is wrong")
