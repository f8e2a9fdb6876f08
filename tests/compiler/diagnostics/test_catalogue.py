"""The codes, the compiler's source and the page about them name the same."""

from __future__ import annotations

import re

from compiler.diagnostics import Code
from compiler.diagnostics.catalogue import examples, page
from tests.compiler.project import ROOT

CODE = re.compile(r"\bCode\.([A-Z]+[0-9]{3})\b")


def test_every_code_is_given_to_some_mistake() -> None:
    used = {code for path in ROOT.glob("compiler/**/*.py") for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert used == set(Code)


def test_the_page_is_the_catalogue_and_has_not_drifted() -> None:
    """``make docs`` writes it."""
    assert (ROOT / "docs/diagnostics.md").read_text(encoding="utf-8") == page(examples(ROOT / "tests/golden"))


def test_every_mistake_of_a_specification_has_an_example_of_its_report() -> None:
    shown = examples(ROOT / "tests/golden")
    # What is committed is in no example: tests/compiler/history, reach and write show its codes.
    committed = ("ACKN", "COVER", "ENV006", "GEN")
    without = {code for code in Code if code not in shown and not code.startswith(committed)}
    assert without == {"SCHEMA001"}  # it would be our own mistake
