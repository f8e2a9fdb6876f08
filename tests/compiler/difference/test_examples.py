"""Recorded pull requests, and what ``cbp diff`` says of each.

``comment.md`` was written by hand, as a careful reviewer would write it, before there was any code that makes it: it is
never rewritten by a test. The other forms are rewritten with ``CBP_UPDATE_GOLDEN=1``.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from compiler.report.diff.markdown import LINES
from tests.compiler.cli.running import cbp
from tests.compiler.difference.conftest import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TODAY = "2026-01-15"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir())
FORMS = {
    "drop_backup": {"text": "report.txt"},
    "raise_replicas": {"text": "report.txt", "github": "annotations.txt"},
    "widen_egress": {"json": "report.json"},
}


def said(project: Path, form: str) -> str:
    result = cbp("diff", "--root", str(project), "--as-of", TODAY, "--format", form)
    assert result.exit_code == 0
    commit = re.sub(r'"commit": "[0-9a-f]{40}"', '"commit": "BASE"', result.stdout)
    return re.sub(r"\([0-9a-f]{12}\)", "(BASE)", commit)


@pytest.mark.parametrize("name", NAMES)
def test_the_comment_is_the_one_that_a_careful_reviewer_wrote_and_each_other_form_says_the_same(
    name: str, patched: Callable[[str], Path]
) -> None:
    project = patched(name)
    comment = (EXAMPLES / name / "comment.md").read_text()
    assert said(project, "markdown") == comment
    assert len(comment.splitlines()) <= LINES
    for form, file in FORMS[name].items():
        found, expected = said(project, form), EXAMPLES / name / file
        if "CBP_UPDATE_GOLDEN" in os.environ:
            expected.write_text(found, encoding="utf-8")
        assert found == expected.read_text(encoding="utf-8")
