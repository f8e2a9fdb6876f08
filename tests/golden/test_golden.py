"""Broken projects and what ``cbp compile`` says of each, whole: place, excerpt, message and help.

A case is a folder: ``case.yaml`` says what is changed in the frozen project (:class:`tests.golden.cases.Case`), and
``expected.txt`` is the report. Rewrite the reports with ``CBP_UPDATE_GOLDEN=1``, and read every one of them as somebody
who made that mistake.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest
import yaml
from click.testing import CliRunner, Result

from compiler.cli import main
from compiler.diagnostics import Code
from compiler.emit import kinds
from compiler.emit.providers import KUBERNETES
from tests.compiler.project import POLICIES
from tests.copying import copy_tree
from tests.golden.cases import BROKEN, GOLDEN, apply, base, case

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = "2026-01-15"

# How many rules and files there are, what judges, and which kinds operators bring, is not what these tests are about.
_FOLDED = (
    (
        r"^judged by \d+ rules? on \S+ \S+\n(nothing to judge for: .*\n)?((?:waivers are .*\n)?)transitions .*\n",
        r"judged by the policies\n\2",
    ),
    (r"^no schema for \d+ kinds: ", "no schema for every custom kind: "),
    (r"(^   wrote  generated/\S+ \(missing\)\n)+", "   wrote  every file (missing)\n"),
    (r"^staging: \d+ files, \d+ changed;", "staging: every file changed;"),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    base(tmp_path)
    copy_tree(POLICIES, tmp_path / "policies")
    return tmp_path


def test_without_a_mistake_every_file_is_written_and_every_custom_kind_has_no_schema(project: Path) -> None:
    result = compile_(project)
    expect(GOLDEN / "expected.txt", result)
    assert result.exit_code == 0
    files = [path.relative_to(project).as_posix() for path in project.glob("generated/**/*") if path.is_file()]
    assert re.findall(r"^   wrote  (\S+) \(missing\)$", result.stdout, re.MULTILINE) == [
        *sorted(path for path in files if path != "generated/manifest.json"),
        "generated/manifest.json",
    ]
    assert f"no schema for {len(custom_kinds(project))} kinds: " in result.stdout


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_reported_whole_and_nothing_is_written_for_an_error(name: str, project: Path) -> None:
    broken = case(name)
    apply(broken, project)
    result = compile_(project, *broken.arguments)
    expect(GOLDEN / name / "expected.txt", result)
    assert result.exit_code == broken.exit
    assert (project / "generated").exists() == (result.exit_code == 0)


def test_every_mistake_that_a_specification_can_hold_has_a_case_of_its_own() -> None:
    said = "".join((GOLDEN / name / "expected.txt").read_text() for name in BROKEN)
    possible = {code for code in Code if code.startswith(("YAML", "FILE", "SPEC", "ENV"))} | {"SCHEMA002"}
    possible -= {Code.ENV006}  # needs a base, which no case here has
    assert possible <= set(re.findall(r"^(?:error|warning)\[(\w+)\]", said, re.MULTILINE))


def test_a_case_is_named_after_the_code_that_it_shows() -> None:
    for name in BROKEN:
        code = name.split("_")[0].upper()
        if code in Code.__members__:
            assert f"[{code}]" in (GOLDEN / name / "expected.txt").read_text()


def compile_(project: Path, *arguments: str) -> Result:
    command = ["compile", "--root", str(project), "--as-of", AS_OF, *arguments]
    result = CliRunner().invoke(main, command, catch_exceptions=False)
    assert not result.stderr
    return result


def expect(file: Path, result: Result) -> None:
    report = result.stdout
    for pattern, instead in _FOLDED:
        report = re.sub(pattern, instead, report, flags=re.MULTILINE)
    if "CBP_UPDATE_GOLDEN" in os.environ:
        file.write_text(report, encoding="utf-8")
    assert report == file.read_text(encoding="utf-8")


def custom_kinds(project: Path) -> set[str]:
    """The kinds of the compiled objects that an operator brings."""
    brought = {f"{kind.api_version}/{kind.name}" for kind in kinds.KINDS if kind.provider is not KUBERNETES}
    objects = (yaml.safe_load(file.read_text()) for file in project.glob("generated/**/*.yaml"))
    return brought & {f"{item.get('apiVersion')}/{item.get('kind')}" for item in objects}
