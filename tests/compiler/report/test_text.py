"""The report for people: what differs is shown, and what is shown stays as much as a person reads."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import pytest

from compiler.diagnostics import Finding, RuleId, Severity
from compiler.diagnostics.text import block
from compiler.pipeline import Compilation
from compiler.report.difference import excerpt
from compiler.report.outcome import Outcome
from compiler.report.text import render
from compiler.write.drift import Change, Drift, Reason
from tests.compiler.project import ROOT
from tests.compiler.report.outcomes import DENIED, WAIVED, outcome

_OLD = b"kind: Deployment\nspec:\n  replicas: 2\n  paused: false\n"
_NEW = b"kind: Deployment\nspec:\n  replicas: 3\n  paused: false\n"
_WARNING = Finding(RuleId("DEP002"), "unreleased", "release it", path="environments/a.yaml", severity=Severity.WARNING)


@cache
def compilation() -> Compilation:
    """One that found a warning and no more."""
    return Compilation(ROOT, (), ("staging",), (_WARNING,), (), (), None)


def stale(path: str = "a.yaml", found: bytes = _OLD, content: bytes = _NEW) -> Change:
    return Change(path, Reason.STALE, content, found)


def report(*changes: Change, written: tuple[Change, ...] | None = None, **options: bool | tuple[str, ...]) -> str:
    return render(Outcome(compilation(), Drift(changes, ()), written), colour=False, **options)  # type: ignore[arg-type]


def broken(**options: bool) -> str:
    """The report on a finding of each sort."""
    found = (replace(_WARNING, severity=Severity.ERROR), _WARNING, replace(DENIED, waived=WAIVED))
    return render(outcome(*found), colour=False, **options)  # type: ignore[arg-type]


def test_a_stale_file_is_shown_as_it_is_and_as_the_specification_says_it() -> None:
    assert (
        report(stale())
        .partition("\n\n")[2]
        .startswith(
            "error[GEN001]: this is stale: the specification says something else by now\n"
            "  --> generated/a.yaml\n"
            "     | @@ -2,3 +2,3 @@\n"
            "     |  spec:\n"
            "     | -  replicas: 2\n"
            "     | +  replicas: 3\n"
            "     |    paused: false\n"
            "  help: run make compile and commit what it writes\n\n"
        )
    )


def test_an_edit_by_hand_is_shown_as_what_a_compilation_would_take_back() -> None:
    assert "     | -  replicas: 2\n     | +  replicas: 3\n" in report(Change("a.yaml", Reason.EDITED, _NEW, _OLD))


@pytest.mark.parametrize(
    "change",
    [
        Change("a.yaml", Reason.MISSING, _NEW, None),
        Change("a.yaml", Reason.ORPHAN, None, _OLD),
        stale("manifest.json"),
    ],
)
def test_what_is_there_or_not_as_a_whole_and_what_follows_other_files_has_nothing_to_show(change: Change) -> None:
    assert excerpt(change) == ()


def test_a_manifest_that_was_edited_by_itself_is_shown() -> None:
    assert excerpt(Change("manifest.json", Reason.EDITED, b"a\n", b"b\n")) == ("@@ -1 +1 @@", "-b", "+a")


def test_a_long_difference_ends_with_how_much_of_it_is_left() -> None:
    shown = excerpt(stale(found=b"", content=b"x\n" * 100))
    assert shown == ("@@ -0,0 +1,100 @@", *["+x"] * 11, "(89 more lines)")


def test_files_that_nobody_would_read_are_not_compared() -> None:
    assert excerpt(stale(content=b"x\n" * (1 << 20))) == ("(too long to be compared here)",)


def test_what_a_file_holds_cannot_drive_a_terminal() -> None:
    shown = report(stale(found=b"\x1b[31m\xff\n"))
    assert "\x1b" not in shown
    assert "     | -\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}\n" in shown


def test_of_many_differences_the_first_are_shown_whole_and_the_rest_in_a_line_each() -> None:
    shown = report(*(stale(f"{number}.yaml") for number in range(8)))
    assert shown.count("     | +  replicas: 3\n") == 5
    line = "error[GEN001]: generated/{}.yaml: this is stale: the specification says something else by now\n"
    assert line.format(5) + line.format(6) + line.format(7) + "\n" in shown


def test_a_brief_report_has_a_line_for_each_warning_and_keeps_the_errors_whole() -> None:
    assert report(brief=True, written=()) == (
        "warning[DEP002]: environments/a.yaml: unreleased\n\nstaging: 0 files, none changed; 0 errors, 1 warning\n"
    )
    assert (
        "\n\nwarning[DEP002]: environments/a.yaml: unreleased\n\n"
        "error[DEP002]: unreleased\n  --> environments/a.yaml\n  help: release it\n\n"
    ) in broken(brief=True)


def test_errors_stand_last_since_a_terminal_shows_the_end() -> None:
    shown = re.findall(r"^(?:waived|warning|error|refused)", broken(), re.MULTILINE)
    assert shown == ["waived", "warning", "error", "refused"]


def test_what_was_written_stands_before_the_findings() -> None:
    assert report(stale(), written=(stale(),)).startswith(
        "   wrote  generated/a.yaml (stale)\n\nwarning[DEP002]: unreleased\n"
    )


def test_a_warning_that_is_known_is_counted_and_shown_where_all_is_asked_for() -> None:
    known = (_WARNING.identity,)
    assert report(known=known, written=()) == (
        "1 warning known since the last compilation: 1 DEP002; --all shows them\n"
        "staging: 0 files, none changed; 0 errors, 1 warning\n"
    )
    assert report(known=known, written=(), whole=True).startswith("warning[DEP002]: unreleased\n")
    assert report(known=("DEP002 environments/b.yaml : unreleased",)).startswith("warning[DEP002]: unreleased\n")


def test_kinds_without_a_schema_are_counted_and_named_where_all_is_asked_for() -> None:
    assert "\nno schema for 1 kind: make them with cbp schemas add (docs/schemas.md)\n" in broken()
    assert "\nno schema for: example.org/v1/Thing\n" in broken(whole=True)


def test_a_denied_value_is_shown_with_what_is_wanted_in_its_place_and_where_its_rule_is_explained() -> None:
    assert block(DENIED, colour=False) == (
        "error[DEP003]: the release 'latest' is a tag\n"
        "  --> environments/a/environment.yaml:3:16\n"
        "   3 |     release: \U0001f4a9 latest # tag\n"
        "     |                 ^^^^^^\n"
        "  want: a digest, in place of latest\n"
        "  note: rendered in generated/a/b/kubernetes/deployment.yaml, at /spec/template\n"
        "  note: rendered in generated/a/b.yaml\n"
        "  help: write its digest\n"
        "  rule: docs/policies/environment.md#dep003, about environment.image.release\n\n"
    )


def test_what_is_waived_stands_before_all_else_with_its_waiver_and_is_counted_apart() -> None:
    shown = render(outcome(replace(DENIED, waived=WAIVED), _WARNING), colour=False)
    findings, _, closing = shown.partition("judged by")
    assert findings.startswith(
        "waived[DEP003]: environments/a/environment.yaml:3:16: the release 'latest' is a tag\n"
        "  rendered in generated/a/b/kubernetes/deployment.yaml, at /spec/template\n"
        "  rendered in generated/a/b.yaml\n"
        "  by environments/a/waivers.yaml:4:3, until 2026-02-01, us, A-1: so\n\n"
    )
    assert closing.splitlines()[-1] == "a: 0 files; 0 errors, 1 warning, 1 waived"
