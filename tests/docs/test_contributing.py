"""The recipes of CONTRIBUTING are carried out: their commands succeed, and touch exactly the files that they list."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.compiler.project import ROOT
from tests.docs.walkthrough import assert_touched, carry_out, touched, write_files

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(
    re.findall(r"^### ([^\n]+)\n(.*?)(?=^##)", PAGE.partition("\n## Recipes\n")[2], re.DOTALL | re.MULTILINE)
)
# The recipe of a rule leaves its files to the page about them.
_RULES = "[writing rules](docs/writing-rules.md)"


def test_there_is_a_recipe_for_all_that_is_added_often() -> None:
    assert tuple(RECIPES) == (
        "A number",
        "An environment",
        "A waiver",
        "A key",
        "An artefact",
        "A rule",
        "A diagnostic",
        "A route",
        "A connector",
    )


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_succeeds_and_touches_the_files_that_it_lists(name: str, project: Path) -> None:
    begun, rules, rest = RECIPES[name].partition(_RULES)
    day = re.findall(r"granted: (\S+)", RECIPES[name])
    variables = {"CBP_AS_OF": day[0]} if day else {}
    ran = carry_out(begun, project, **variables)
    if rules:
        write_files((ROOT / "docs/writing-rules.md").read_text(encoding="utf-8"), "policies/", project)
    assert ran + carry_out(rest, project, **variables) >= 1
    assert_touched(touched(RECIPES[name]), project)
