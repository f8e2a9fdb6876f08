"""The catalogue, the compiler's source and the page about it name the same codes."""

from __future__ import annotations

import re

from compiler.diagnostics.catalogue import CATALOGUE, examples, page
from tests.compiler.project import ROOT

CODE = re.compile(r'"((?:YAML|FILE|SPEC|ENV|WVR|SCHEMA|GEN|GATE)[0-9]{3})"')


def test_every_code_is_used_and_every_code_that_is_used_is_in_the_catalogue() -> None:
    sources = (path for path in ROOT.glob("compiler/**/*.py") if path.name != "catalogue.py")
    used = {code for path in sources for code in CODE.findall(path.read_text(encoding="utf-8"))}
    assert used == CATALOGUE.keys()


def test_the_page_is_the_catalogue_and_has_not_drifted() -> None:
    """``make docs`` writes it."""
    assert (ROOT / "docs/diagnostics.md").read_text(encoding="utf-8") == page(examples(ROOT / "tests/golden"))


def test_every_mistake_of_a_specification_has_an_example_of_its_report() -> None:
    shown = examples(ROOT / "tests/golden")
    without = {code for code in CATALOGUE if code not in shown}
    assert {code for code in without if not code.startswith("GEN")} == {"SCHEMA001"}  # it would be our own mistake
