"""A finding as text: the place, the line with a caret under it, what is wrong and what to do."""

from __future__ import annotations

from compiler.diagnostics import Code, Finding, RuleId, Severity, Source, Span
from compiler.diagnostics.text import render


def shown(text: str, line: int, column: int, width: int = 1, **rest: str) -> list[str]:
    span = Span(Source("spec/x.yaml", text), line, column, width)
    finding = Finding(Code.SPEC003, rest.get("message", "wrong"), "do this", span)
    return render([finding], colour=False).split("\n")


def test_a_finding_is_shown_whole() -> None:
    finding = Finding(
        RuleId("CON001"), "wrong", "do this", Span(Source("a.yaml", "x: 1\ny: 22\n"), 2, 4, 2), notes=("see b.yaml",)
    )
    assert render([finding], colour=False) == (
        "error[CON001]: wrong\n  --> a.yaml:2:4\n   2 | y: 22\n     |    ^^\n  note: see b.yaml\n  help: do this\n\n"
    )


def test_a_finding_about_a_file_has_its_path_alone() -> None:
    finding = Finding(Code.FILE001, "missing", "create it", path="spec/x.yaml", severity=Severity.WARNING)
    assert render([finding], colour=False) == "warning[FILE001]: missing\n  --> spec/x.yaml\n  help: create it\n\n"


def test_nothing_is_said_where_nothing_is_wrong() -> None:
    assert render([], colour=True) == ""


def test_the_caret_stands_under_wide_and_combining_characters() -> None:
    wide = shown("\N{CJK UNIFIED IDEOGRAPH-6F22}\N{CJK UNIFIED IDEOGRAPH-5B57}: x", 1, 5)
    assert wide[3] == "     | " + " " * 6 + "^"
    combining = shown("e\N{COMBINING ACUTE ACCENT}: x", 1, 5)
    assert combining[3] == "     | " + " " * 3 + "^"
    covered = shown("a: \N{CJK UNIFIED IDEOGRAPH-6F22}\N{CJK UNIFIED IDEOGRAPH-5B57}", 1, 4, 2)
    assert covered[3] == "     | " + " " * 3 + "^^^^"


def test_a_caret_does_not_run_past_the_end_of_its_line() -> None:
    assert shown("a: bc", 1, 4, 40)[3] == "     |    ^^"
    assert shown("a: bc", 1, 6, 5)[3] == "     |      ^"
    assert shown("a: bc", 7, 1, 5)[2:4] == ["   7 | ", "     | ^"]


def test_a_long_line_is_shown_around_the_place() -> None:
    lines = shown("x" * 500 + "HERE" + "y" * 500, 1, 501, 4)
    assert len(lines[2]) < 200
    assert lines[2][lines[3].index("^") :].startswith("HERE")
    assert lines[3].count("^") == 4


def test_a_file_cannot_drive_the_terminal() -> None:
    lines = shown("a: \x1b[31mred\u202e\x07", 1, 4, 3, message="'\x1b[2J' is wrong\nerror: forged")
    text = "\n".join(lines)
    assert not [character for character in text if not character.isprintable() and character != "\n"]
    assert lines[0].startswith("error[SPEC003]: '\N{REPLACEMENT CHARACTER}[2J' is wrong\N{REPLACEMENT CHARACTER}error")


def test_a_value_that_is_too_long_to_read_is_shortened() -> None:
    (line, *_) = shown("a: b", 1, 4, message=f"'{'x' * 10_000}' is not a duration")
    assert len(line) < 400
    assert line.endswith("is not a duration")


def test_colour_adds_to_the_text_and_changes_nothing_of_it() -> None:
    finding = Finding(Code.SPEC003, "wrong", "do this", Span(Source("x.yaml", "a: 1"), 1, 4))
    coloured = render([finding], colour=True)
    assert "\x1b[1;31merror[SPEC003]\x1b[0m" in coloured
    for code in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == render([finding], colour=False)
