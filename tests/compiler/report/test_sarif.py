"""The report for code scanning: what SARIF 2.1.0 asks of a log, places that can be found, and stable fingerprints."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given, settings

from compiler.diagnostics import Finding, RuleId, Severity, Source, Span
from compiler.report.sarif import SCHEMA, render
from tests.compiler.project import ROOT
from tests.compiler.report.outcomes import AT, DENIED, FILE, HOSTILE, TEXT, WAIVED, WARNING, hostile, outcome, rules

if TYPE_CHECKING:
    from compiler.report.outcome import Outcome


def of(properties: dict[str, Any], *required: str) -> dict[str, Any]:
    """The schema of an object with these properties and no other."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}


def each(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


# What chapter 3 of SARIF 2.1.0 says of the objects that this project writes, each after its section.
STRING = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer", "minimum": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object"}
MESSAGE = of({"text": {"type": "string", "pattern": r"^([^{}]|\{\{|\}\})*$"}}, "text")  # 3.11
ARTIFACT = of(
    {
        "uri": {"type": "string", "pattern": r"^(?!/)([A-Za-z0-9._~/-]|%[0-9A-F]{2})+$"},
        "uriBaseId": {"const": "SRCROOT"},
    },
    "uri",
)  # 3.4, RFC 3986: a relative reference without a scheme, query or fragment
REGION = of({"startLine": NUMBER, "startColumn": NUMBER, "endColumn": NUMBER}, "startLine")  # 3.30
PLACE = {
    "physicalLocation": of({"artifactLocation": ARTIFACT, "region": REGION}, "artifactLocation"),  # 3.29
    "logicalLocations": each(of({"fullyQualifiedName": STRING, "kind": STRING}, "fullyQualifiedName"), 1),  # 3.33
}
LOCATION = of(PLACE, "physicalLocation")  # 3.28
RELATED = of({"id": NUMBER, "message": MESSAGE, **PLACE}, "id", "physicalLocation")
SUPPRESSION = of(
    {"kind": {"enum": ["inSource", "external"]}, "status": {"const": "accepted"}, "justification": STRING,
     "location": LOCATION},
    "kind",
)  # fmt: skip  # 3.35
RESULT = of(
    {
        "ruleId": STRING,
        "ruleIndex": INDEX,
        "level": LEVEL,
        "message": MESSAGE,
        "locations": each(LOCATION),
        "relatedLocations": each(RELATED),
        "partialFingerprints": {"type": "object", "additionalProperties": STRING},
        "suppressions": each(SUPPRESSION),
        "properties": BAG,
    },
    *("message", "suppressions"),
)  # 3.27
RULE = of(
    {
        "id": STRING,
        "name": STRING,
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": MESSAGE,
        "helpUri": {"type": "string", "pattern": r"^https?://\S+$"},  # absolute: 3.49.12
        "defaultConfiguration": of({"level": LEVEL}),
        "properties": BAG,
    },
    "id",
)  # 3.49
NOTE = of({"level": LEVEL, "message": MESSAGE, "associatedRule": of({"id": STRING, "index": INDEX})}, "message")  # 3.58
RUN = of(
    {
        "tool": of(
            {"driver": of({"name": STRING, "version": STRING, "rules": each(RULE), "properties": BAG}, "name")},
            "driver",
        ),
        "invocations": each(
            of(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "exitCode": INDEX,
                    "toolExecutionNotifications": each(NOTE),
                },
                "executionSuccessful",
            )
        ),
        "originalUriBaseIds": of({"SRCROOT": of({"description": MESSAGE})}),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "newlineSequences": {**each(STRING, 1), "uniqueItems": True},
        "results": each(RESULT),
    },
    *("tool", "columnKind"),
)  # 3.14
LOG = jsonschema.Draft202012Validator(
    of({"$schema": {"const": SCHEMA}, "version": {"const": "2.1.0"}, "runs": each(RUN)}, "version", "runs")
)


def run(of_: Outcome) -> dict[str, Any]:
    """Return the one run of a log, which satisfies the specification."""
    log = json.loads(render(of_))
    LOG.validate(log)
    found: dict[str, Any] = log["runs"][0]
    described = found["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in described}) == len(described)
    for result in found["results"]:
        assert described[result["ruleIndex"]]["id"] == result["ruleId"]
        ids = [place["id"] for place in result["relatedLocations"]]
        assert len(ids) == len(set(ids))
    return found


def only(finding: Finding) -> dict[str, Any]:
    (result,) = run(outcome(finding))["results"]
    assert isinstance(result, dict)
    return result


def region(finding: Finding) -> dict[str, int]:
    found: dict[str, int] = only(finding)["locations"][0]["physicalLocation"]["region"]
    return found


def fingerprint(finding: Finding) -> str:
    return str(only(finding)["partialFingerprints"]["place/v1"])


def test_a_finding_is_at_its_line_and_names_its_value_and_what_was_rendered_from_it() -> None:
    result = only(DENIED)
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "environments/a/environment.yaml"
    assert place["logicalLocations"] == [{"fullyQualifiedName": "environment.image.release", "kind": "value"}]
    related = [item["physicalLocation"]["artifactLocation"]["uri"] for item in result["relatedLocations"]]
    assert related == ["generated/a/b/kubernetes/deployment.yaml", "generated/a/b.yaml"]
    assert result["properties"] == {"found": "latest", "wanted": "a digest", "clusters": ["a/b"]}
    assert "help: write its digest" in result["message"]["text"]


def test_columns_count_as_sarif_does_and_end_after_the_last() -> None:
    """The character before the place takes two units of UTF-16, and one in the report for people."""
    assert region(DENIED) == {"startLine": 3, "startColumn": 17, "endColumn": 23}
    assert region(replace(DENIED, span=replace(AT, width=500)))["endColumn"] == 17 + len("latest # tag")


def test_every_rule_that_judged_is_described_and_each_kind_of_mistake_that_was_found() -> None:
    described = {rule["id"]: rule for rule in run(outcome(DENIED, WARNING))["tool"]["driver"]["rules"]}
    assert described.keys() == {*rules(), "SPEC020"}
    said = rules()["DEP003"].metadata
    assert described["DEP003"]["shortDescription"]["text"] == said.title
    assert described["DEP003"]["name"] == "release_mutable"
    assert described["DEP002"]["defaultConfiguration"] == {"level": "warning"}
    assert "helpUri" not in described["DEP003"]


def test_a_rule_links_to_its_page_where_the_pages_have_an_address() -> None:
    described = run(outcome(DENIED, WARNING, pages="https://git.example/a/blob/main"))["tool"]["driver"]["rules"]
    links = {rule["id"]: rule["helpUri"] for rule in described}
    assert links["DEP003"] == "https://git.example/a/blob/main/docs/policies/environment.md#dep003"
    assert links["SPEC020"] == "https://git.example/a/blob/main/docs/diagnostics.md"


def test_a_waived_finding_is_suppressed_with_the_reason_and_the_place_of_its_waiver() -> None:
    (suppression,) = only(replace(DENIED, waived=WAIVED))["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "until 2026-02-01, us, A-1: so"
    assert suppression["location"]["physicalLocation"]["region"]["startLine"] == 4
    assert only(DENIED)["suppressions"] == []


def test_a_fingerprint_stays_while_lines_move_and_differs_between_places() -> None:
    moved = replace(DENIED, span=Span(Source(FILE.path, f"# more\n\n{TEXT}"), 5, 16, 6))
    assert fingerprint(moved) == fingerprint(DENIED)
    others = (
        replace(DENIED, code=RuleId("DEP002")),
        replace(DENIED, resource="environment.image.repository"),
        replace(DENIED, rendered=DENIED.rendered[1:]),
        replace(DENIED, span=replace(AT, source=Source("environments/b/environment.yaml", TEXT))),
    )
    assert len({fingerprint(finding) for finding in (DENIED, *others)}) == 5


def test_findings_that_are_alike_are_told_apart_by_their_order() -> None:
    alike = [replace(WARNING, help=str(number)) for number in range(3)]
    prints = [result["partialFingerprints"]["place/v1"] for result in run(outcome(*alike))["results"]]
    assert [item.rpartition(":")[2] for item in prints] == ["1", "2", "3"]
    assert len({item.rpartition(":")[0] for item in prints}) == 1


def test_a_path_is_a_relative_reference_whatever_is_in_it() -> None:
    (place,) = only(WARNING)["locations"]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "spec/a%20b%23c.yaml", "uriBaseId": "SRCROOT"}}


def test_a_rule_that_looked_at_nothing_and_a_kind_without_a_schema_are_notes_of_the_run() -> None:
    (invocation,) = run(outcome(DENIED, vacuous=("CON001",)))["invocations"]
    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (True, 1)
    vacuous, unchecked = invocation["toolExecutionNotifications"]
    assert (vacuous["associatedRule"]["id"], vacuous["level"]) == ("CON001", "note")
    assert unchecked["message"]["text"] == "no schema for example.org/v1/Thing"


@pytest.mark.parametrize(("severity", "level"), [(Severity.ERROR, "error"), (Severity.WARNING, "warning")])
def test_the_level_of_a_result_is_the_severity_of_its_finding(severity: Severity, level: str) -> None:
    assert only(replace(DENIED, severity=severity))["level"] == level


def test_a_log_of_a_specification_that_nothing_could_judge_is_one_too() -> None:
    assert [rule["id"] for rule in run(outcome(WARNING, judged=False))["tool"]["driver"]["rules"]] == ["SPEC020"]


@given(HOSTILE)
@settings(max_examples=60, deadline=None)
def test_whatever_a_value_holds_the_log_is_valid_and_says_it(text: str) -> None:
    result = only(hostile(text))
    said = result["message"]["text"].replace("{{", "{").replace("}}", "}")
    assert said.startswith(f"'{text}' is wrong".replace("](", "] ("))
    assert not re.search(r"\]\(", said)
    (place,) = result["locations"]
    assert unquote(place["physicalLocation"]["artifactLocation"]["uri"]) == f"environments/{text}.yaml"


def test_a_workflow_with_no_other_right_uploads_this_report() -> None:
    workflow = (ROOT / ".github/workflows/findings.yml").read_text()
    assert "cbp verify --format sarif >" in workflow
    assert "uses: github/codeql-action/upload-sarif@" in workflow
