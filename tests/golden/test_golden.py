"""Broken projects and what ``cbp compile`` says of each, whole: place, excerpt, message and help.

A case is a folder: ``input/`` holds the files that replace those of ``base/``, ``absent`` names what is removed,
``made`` what is built in place (a kind, a path with its odd bytes as ``%FF``, an argument),
``arguments`` adds to the command line, and ``expected.txt`` is the report; ``exit`` is there where a case is a warning
alone, which is status 0. Rewrite the reports with
``CBP_UPDATE_GOLDEN=1``, and read every one of them as somebody who made that mistake.
"""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from compiler.cli import main
from compiler.diagnostics.catalogue import CATALOGUE
from tests.golden.cases import BASE, BROKEN, GOLDEN, apply, base, words

if TYPE_CHECKING:
    from pathlib import Path

POLICIES = GOLDEN.parents[1] / "policies"

# How many rules there are, what judges them, and which find nothing to look at, is not what these tests are about.
_VERDICT = re.compile(r"^judged by \d+ rules? on \S+ \S+\n(nothing to judge for: .*\n)?", re.MULTILINE)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    base(tmp_path)
    shutil.copytree(POLICIES, tmp_path / "policies")
    return tmp_path


def test_the_base_compiles_to_exactly_the_committed_output(project: Path) -> None:
    result = compile_(project)
    expect(BASE / "expected.txt", result)
    assert result.exit_code == 0
    if "CBP_UPDATE_GOLDEN" in os.environ:
        shutil.rmtree(BASE / "generated", ignore_errors=True)
        shutil.copytree(project / "generated", BASE / "generated")
    assert contents(project / "generated") == contents(BASE / "generated")


@pytest.mark.parametrize("name", BROKEN)
def test_a_mistake_is_reported_whole_and_nothing_is_written_for_an_error(name: str, project: Path) -> None:
    case = GOLDEN / name
    apply(case, project)
    result = compile_(project, *words(case / "arguments"))
    expect(case / "expected.txt", result)
    assert result.exit_code == int(*words(case / "exit") or ["1"])
    assert (project / "generated").exists() == (result.exit_code == 0)


def test_every_mistake_that_a_specification_can_hold_has_a_case_of_its_own() -> None:
    said = "".join((GOLDEN / name / "expected.txt").read_text() for name in (BASE.name, *BROKEN))
    possible = {code for code in CATALOGUE if code.startswith(("YAML", "FILE", "SPEC", "ENV"))} | {"SCHEMA002"}
    assert possible <= set(re.findall(r"^(?:error|warning)\[(\w+)\]", said, re.MULTILINE))


def test_a_case_is_named_after_the_code_that_it_shows() -> None:
    for name in BROKEN:
        code = name.split("_")[0].upper()
        if code in CATALOGUE:
            assert f"[{code}]" in (GOLDEN / name / "expected.txt").read_text()


def compile_(project: Path, *arguments: str) -> Result:
    result = CliRunner().invoke(main, ["compile", "--root", str(project), *arguments], catch_exceptions=False)
    assert not result.stderr
    return result


def expect(file: Path, result: Result) -> None:
    report = _VERDICT.sub("judged by the policies\n", result.stdout)
    if "CBP_UPDATE_GOLDEN" in os.environ:
        file.write_text(report, encoding="utf-8")
    assert report == file.read_text(encoding="utf-8")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
