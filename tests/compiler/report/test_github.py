"""Findings as workflow commands: each one line, at its place, and never another command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from compiler.cli import main
from compiler.diagnostics import Code, Finding, RuleId, Severity, Source, Span
from compiler.report.github import command
from tests.compiler.project import ROOT
from tests.compiler.report.outcomes import DENIED, WAIVED

if TYPE_CHECKING:
    from pathlib import Path

AT = Span(Source("spec/limits.yaml", "limits:\n  heap: 80 maximum\n"), 2, 9, 10)


def unescaped(text: str) -> str:
    """Read as GitHub's runner does, which takes the percent sign last."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_a_finding_is_a_command_at_its_place_with_its_code_for_title() -> None:
    finding = Finding(Code.SPEC015, "'80 maximum' is not a percentage", "write 70%", AT)
    assert command(finding) == (
        "::error file=spec/limits.yaml,line=2,col=9,endColumn=19,title=SPEC015"
        "::'80 maximum' is not a percentage%0Ahelp: write 70%25"
    )


def test_a_finding_without_a_place_has_the_file_alone() -> None:
    finding = Finding(Code.GEN003, "this is missing", "compile", path="generated/a.yaml", severity=Severity.WARNING)
    assert command(finding) == "::warning file=generated/a.yaml,title=GEN003::this is missing%0Ahelp: compile"


def test_a_finding_about_nothing_in_particular_has_no_file() -> None:
    assert command(Finding(Code.FILE004, "none", "add one")) == "::error title=FILE004::none%0Ahelp: add one"


def test_notes_stand_between_what_is_wrong_and_what_to_do() -> None:
    finding = Finding(
        RuleId("HA001"), "too few", "use more", AT, notes=("generated/a.yaml, at /spec", "generated/b.yaml")
    )
    assert command(finding).endswith(
        "::too few%0Anote: generated/a.yaml, at /spec%0Anote: generated/b.yaml%0Ahelp: use more"
    )


def test_a_waived_finding_is_a_notice_that_says_by_what() -> None:
    assert command(replace(DENIED, waived=WAIVED)) == (
        "::notice file=environments/a/environment.yaml,line=3,col=16,endColumn=22,title=DEP003"
        "::the release 'latest' is a tag"
        "%0Awant: a digest, in place of latest"
        "%0Anote: rendered in generated/a/b/kubernetes/deployment.yaml, at /spec/template"
        "%0Anote: rendered in generated/a/b.yaml"
        "%0Ahelp: write its digest"
        "%0Arule: docs/policies/environment.md#dep003, about environment.image.release"
        "%0Awaived by environments/a/waivers.yaml:4:3, until 2026-02-01, us, A-1: so"
    )


def test_a_value_cannot_end_its_property_nor_the_line() -> None:
    finding = Finding(Code.FILE002, "100%\r\n::stop-commands::x, y: z", "?", path="spec/a,line=9::b%,c.yaml")
    assert command(finding) == (
        "::error file=spec/a%2Cline=9%3A%3Ab%25%2Cc.yaml,title=FILE002::100%25%0D%0A::stop-commands::x, y: z%0Ahelp: ?"
    )


def test_what_drives_a_terminal_is_replaced_as_in_every_report() -> None:
    assert "\x1b" not in command(Finding(Code.SPEC003, "'\x1b[31m' is wrong", "?"))


@given(st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S"), include_characters=" \r\n")))
def test_whatever_a_value_holds_is_read_back_from_one_line(text: str) -> None:
    line = command(Finding(Code.SPEC003, text, "?", path=text or "x"))
    assert len(line.splitlines()) == 1
    properties, _, data = line.removeprefix("::error ").partition("::")
    file = next(item for item in properties.split(",") if item.startswith("file="))
    assert (unescaped(file), unescaped(data)) == (f"file={text or 'x'}", f"{text}\nhelp: ?")


def test_a_report_holds_a_command_for_each_finding_and_closes_as_the_text_does(project: Path) -> None:
    file = project / "spec/limits.yaml"
    file.write_text(file.read_text().replace("80% maximum", "80 maximum"))
    result = CliRunner().invoke(main, ["compile", "--root", str(project), "--format", "github"])
    first, *_, last = result.stdout.splitlines()
    assert result.exit_code == 1
    assert first == (
        "::error file=spec/limits.yaml,line=5,col=11,endColumn=21,title=SPEC015"
        "::'80 maximum' is not a percentage%0Ahelp: write a whole number and a percent sign, as 70%25"
    )
    assert last == "refused: 1 error, 0 warnings; nothing was written"


def test_the_workflow_of_a_pull_request_asks_for_this_report() -> None:
    assert "compiler.cli verify --format github\n" in (ROOT / ".github/workflows/verify.yml").read_text()
