"""Commands in the frozen project: what each prints, its exit code, and the files that it changes.

A case is a folder of ``commands/``: ``case.yaml`` says what is changed in the project first and what is run
(:class:`tests.golden.cases.CommandCase`), ``expected.txt`` is all that comes of it. Rewrite them with
``CBP_UPDATE_GOLDEN=1``, and read each.
"""

from __future__ import annotations

import difflib
import os
import shlex
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from compiler.cli import main
from tests.compiler.project import ROOT, copy
from tests.golden.cases import COMMANDS, apply, command_case

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(file.parent.name for file in COMMANDS.glob("*/case.yaml")))
def test_a_command_prints_and_changes_exactly_what_is_expected(name: str, tmp_path: Path) -> None:
    project = copy(tmp_path / "project")
    run = command_case(name)
    apply(run, project)
    before = _files(project)
    arguments = [*shlex.split(run.command), "--root", str(project)]
    result = CliRunner().invoke(main, arguments, prog_name="cbp", catch_exceptions=False)
    lines = [f"$ cbp {run.command}\n", result.output, f"exit code {result.exit_code}\n"]
    shown = "".join((*lines, *_changes(before, _files(project)))).replace(str(project), "PROJECT")
    file = COMMANDS / name / "expected.txt"
    if "CBP_UPDATE_GOLDEN" in os.environ:
        file.write_text(shown, encoding="utf-8")
    assert shown == file.read_text(encoding="utf-8")
    assert result.exit_code == run.exit


def test_the_page_of_reports_shows_the_values_of_an_environment_as_they_are_printed() -> None:
    shown = (COMMANDS / "show_as_json/expected.txt").read_text().removesuffix("exit code 0\n")
    assert f"```console\n{shown}```\n" in (ROOT / "docs/reports.md").read_text()


def _files(project: Path) -> Mapping[str, str]:
    """Return the files that people write."""
    paths = sorted(path for folder in ("spec", "environments") for path in (project / folder).rglob("*"))
    return {path.relative_to(project).as_posix(): path.read_text() for path in paths if path.is_file()}


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Yield the difference of each file that is not as it was."""
    for path in sorted(before.keys() | after.keys()):
        one, other = (side[path].splitlines(keepends=True) if path in side else [] for side in (before, after))
        yield from difflib.unified_diff(one, other, path if one else "/dev/null", path if other else "/dev/null", n=2)
