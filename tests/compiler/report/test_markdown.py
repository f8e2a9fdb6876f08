"""The report for a comment: it fits, what refuses comes first, and no value is anything but text."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given, settings
from markdown_it import MarkdownIt

from compiler.diagnostics.text import printable
from compiler.report.markdown import LONGEST, render, text
from tests.compiler.project import ROOT
from tests.compiler.report.outcomes import DENIED, HOSTILE, WAIVED, WARNING, hostile, outcome

if TYPE_CHECKING:
    from markdown_it.token import Token

    from compiler.report.outcome import Outcome

MARKDOWN = MarkdownIt("gfm-like", {"linkify": False, "html": True})


def rows(of: Outcome) -> list[list[list[Token]]]:
    """Return the cells of every row but the heads, each as its inline tokens."""
    found: list[list[list[Token]]] = []
    tokens = MARKDOWN.parse(render(of))
    for opening, inline in pairwise(tokens):
        if opening.type == "tr_open":
            found.append([])
        if opening.type == "td_open":
            found[-1].append(inline.children or [])
    return [row for row in found if row]


def shown(cell: list[Token]) -> str:
    """What a reader sees in a cell; word joiners take no room."""
    return "".join(token.content for token in cell if token.type == "text").replace("\u2060", "")


def test_errors_come_first_and_open_and_all_else_is_folded() -> None:
    report = render(outcome(WARNING, DENIED, replace(DENIED, message="else", waived=WAIVED), vacuous=("CON001",)))
    order = (
        "1 error, 1 warning, 1 waived",
        "DEP003",
        "<details><summary>1 warning<",
        "<summary>1 waived<",
        "with nothing",
    )
    places = [report.index(part) for part in order]
    assert places == sorted(places)
    assert report.count("<details>") == report.count("</details>") == 3
    assert report.rstrip().splitlines()[-1].startswith("Judged by ")


def test_a_row_says_where_what_and_what_to_do() -> None:
    (row,) = rows(outcome(DENIED))
    code, where, wrong, to_do = map(shown, row)
    assert (code, where, to_do) == ("DEP003", "environments/a/environment.yaml:3:16", "write its digest")
    assert wrong.startswith("the release 'latest' is a tagwant: a digest, in place of latest")
    assert "rendered in generated/a/b/kubernetes/deployment.yaml, at /spec/template" in wrong


def test_a_waived_finding_says_until_when_and_by_whom() -> None:
    (row,) = rows(outcome(replace(DENIED, waived=WAIVED)))
    assert shown(row[-1]) == "until 2026-02-01, us, A-1: so"


def test_codes_and_places_are_links_where_the_files_have_an_address() -> None:
    report = render(outcome(DENIED, WARNING, pages="https://git.example/a/blob/main"))
    assert "| [DEP003](https://git.example/a/blob/main/docs/policies/environment.md#dep003) |" in report
    assert "(https://git.example/a/blob/main/environments/a/environment.yaml#L3)" in report
    assert "(https://git.example/a/blob/main/spec/a%20b%23c.yaml)" in report
    assert "](" not in render(outcome(DENIED, WARNING))


def test_a_report_of_any_number_of_findings_fits_and_counts_those_that_it_leaves_out() -> None:
    errors = [replace(DENIED, message=f"{number} " + "|\U0001f4a9" * 100) for number in range(400)]
    warnings = [replace(WARNING, message=str(number)) for number in range(100)]
    of = outcome(*errors, *warnings)
    report = render(of)
    assert LONGEST - 2_500 < len(report) <= LONGEST
    assert "### cbp: 400 errors, 100 warnings\n" in report
    left = 400 - len([row for row in rows(of) if shown(row[0]) == "DEP003"])
    assert f"\n... and {left} more\n" in report
    assert report.count("<details>") == report.count("</details>") == 1


def test_what_fits_is_left_whole() -> None:
    assert "more" not in render(outcome(*(replace(WARNING, message=str(number)) for number in range(100))))


def test_nobody_is_notified_and_no_issue_is_named_by_a_value() -> None:
    assert text("@team #12") == "&#64;&#8288;team &#35;&#8288;12"


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_whatever_a_value_holds_it_is_text_in_its_own_cell(value: str) -> None:
    (row,) = rows(outcome(hostile(value)))
    assert len(row) == 4
    kinds = {token.type for cell in row for token in cell}
    assert kinds <= {"text", "html_inline"}
    assert {token.content for cell in row for token in cell if token.type == "html_inline"} <= {"<br>"}
    assert shown(row[3]).strip() == printable(f"write '{value}' no more").replace("\u2060", "").strip()


def test_the_workflow_of_a_pull_request_puts_this_report_on_its_page() -> None:
    assert (
        'compiler.cli verify --format markdown >> "$GITHUB_STEP_SUMMARY"'
        in (ROOT / ".github/workflows/verify.yml").read_text()
    )
