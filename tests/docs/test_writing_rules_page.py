"""The page on writing rules is carried out: its files are written, its commands print what it shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.compiler.project import ROOT
from tests.docs.walkthrough import carry_out

if TYPE_CHECKING:
    from pathlib import Path

PAGE = (ROOT / "docs/writing-rules.md").read_text(encoding="utf-8")


def test_a_rule_is_added_by_the_commands_and_files_of_the_page_alone(project: Path) -> None:
    assert carry_out(PAGE, project) >= 8
    (folder,) = (project / "policies/integration").glob("*/")
    assert sorted(re.findall(r"^\| `(?:<rule>)?([^`]+)` \|", PAGE.partition("\n## ")[0], re.MULTILINE)) == sorted(
        file.name.removeprefix(folder.name) for file in folder.iterdir()
    )
