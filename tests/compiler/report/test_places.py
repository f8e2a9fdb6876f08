"""Each form of a report names every statement of a relation, with its place, its value and its bounds."""

from __future__ import annotations

import json
from typing import Any

from compiler.report import github, junit, markdown, sarif, text
from compiler.report import json as json_
from tests.compiler.report.outcomes import DENIED, RELATION, outcome

PLACES = ("spec/limits.yaml:3:9", "spec/limits.yaml:4:3")
BLOCK = """\
error[CON001]: max is 9, but most is 8
  --> spec/limits.yaml:2:8
   2 |   max: 9
     |        ^
  ::: spec/limits.yaml:3:9
   3 |   most: 8
     |         - limits.most may be at most 3 or at least 9
  ::: spec/limits.yaml:4:3
   4 |   all: [8, 9]
     |   --- limits.all
  want: 8, in place of 9
  help: write one number
"""


def test_people_see_each_statement_in_its_line_with_what_it_may_be() -> None:
    assert BLOCK in text.render(outcome(RELATION), colour=False)
    assert BLOCK in junit.render(outcome(RELATION)).replace("&gt;", ">")


def test_programs_read_each_statement_the_one_that_is_denied_first() -> None:
    (finding,) = json.loads(json_.render(outcome(RELATION)))["findings"]
    first, second, third = finding["places"]
    assert first == {
        "path": "spec/limits.yaml",
        "line": 2,
        "column": 8,
        "resource": "limits.max",
        "value": "9",
        "bounds": [{"word": None, "value": "8"}],
    }
    assert second["bounds"] == [{"word": "at most", "value": "3"}, {"word": "at least", "value": "9"}]
    assert (third["value"], third["bounds"]) == (None, [])


def test_code_scanning_shows_each_statement_as_a_related_location() -> None:
    (result,) = json.loads(sarif.render(outcome(RELATION)))["runs"][0]["results"]
    assert [_related(item) for item in result["relatedLocations"]] == [
        (1, "spec/limits.yaml", 3, "limits.most", "limits.most may be at most 3 or at least 9"),
        (2, "spec/limits.yaml", 4, "limits.all", "limits.all"),
    ]


def _related(item: dict[str, Any]) -> tuple[int, str, int, str, str]:
    place, (value,) = item["physicalLocation"], item["logicalLocations"]
    line = place["region"]["startLine"]
    return item["id"], place["artifactLocation"]["uri"], line, value["fullyQualifiedName"], item["message"]["text"]


def test_a_pull_request_shows_each_statement_with_its_place() -> None:
    assert (
        "%0Awith: spec/limits.yaml:3:9: limits.most is 8, may be at most 3 or at least 9"
        "%0Awith: spec/limits.yaml:4:3: limits.all%0Awant: 8, in place of 9%0Ahelp: "
    ) in github.command(RELATION)
    comment = markdown.render(outcome(RELATION))
    assert "<br>with spec/limits.yaml:3:9: limits.most is 8, may be at most 3 or at least 9<br>" in comment
    assert all(place in comment for place in PLACES)


def test_a_finding_about_no_relation_names_its_own_place_alone() -> None:
    (finding,) = json.loads(json_.render(outcome(DENIED)))["findings"]
    assert finding["places"] == []
    assert ":::" not in text.render(outcome(DENIED), colour=False)
