"""Documents, what ``cbp import`` says of each, and the files that it writes.

A case is a folder: ``document.yaml`` says what is changed in ``design.md`` (:class:`Case`), and ``expected.txt`` is the
report. Rewrite the reports, and the files of ``design/``, with ``CBP_UPDATE_GOLDEN=1``.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import BaseModel, ConfigDict

from compiler.model.specification import SECTIONS
from tests.compiler.cli.running import cbp
from tests.compiler.project import FROZEN
from tests.golden.cases import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

DESIGN = GOLDEN / "design.md"
WRITTEN = GOLDEN / "design"
CASES = sorted(file.parent.name for file in GOLDEN.glob("*/document.yaml"))


class Case(BaseModel):
    """What is done to the document, and how it is imported."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    edit: Mapping[str, str] = {}
    """Texts that stand in it, and what takes their place."""
    arguments: tuple[str, ...] = ()
    """What is added to the command line."""
    taken: bool = False
    """Whether the folder holds a specification of somebody else."""
    exit: int = 1


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The frozen project's specification, below which the command is run."""
    shutil.copytree(FROZEN / "spec", tmp_path / "spec")
    (tmp_path / "environments").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_document_without_a_mistake_becomes_a_file_for_each_section(folder: Path) -> None:
    shutil.copyfile(DESIGN, folder / "design.md")
    expect(WRITTEN / "expected.txt", import_())
    for name in SECTIONS:
        written = (folder / f"new/spec/{name}.yaml").read_text(encoding="utf-8")
        if "CBP_UPDATE_GOLDEN" in os.environ:
            (WRITTEN / f"{name}.yaml").write_text(written, encoding="utf-8")
        assert written == (WRITTEN / f"{name}.yaml").read_text(encoding="utf-8")
    assert {file.stem for file in (folder / "new/spec").iterdir()} == set(SECTIONS)


@pytest.mark.parametrize("name", CASES)
def test_a_document_with_a_mistake_is_reported_whole_and_nothing_is_written_for_an_error(
    name: str, folder: Path
) -> None:
    case = Case.model_validate(yaml.safe_load((GOLDEN / name / "document.yaml").read_text(encoding="utf-8")))
    text = DESIGN.read_text(encoding="utf-8")
    for old, new in case.edit.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "design.md").write_text(text, encoding="utf-8")
    if case.taken:
        shutil.copytree(FROZEN / "spec", folder / "new/spec")
    result = import_(*case.arguments)
    expect(GOLDEN / name / "expected.txt", result)
    assert result.exit_code == case.exit
    assert (folder / "new").exists() == (case.taken or case.exit == 0)


def test_a_case_is_named_after_the_code_that_it_shows() -> None:
    for name in CASES:
        kind = name.split("_")[0]
        assert kind == "import" or f"[{kind.upper()}]" in (GOLDEN / name / "expected.txt").read_text(encoding="utf-8")


def import_(*arguments: str) -> Result:
    return cbp("import", "design.md", "--into", "new", *arguments)


def expect(file: Path, result: Result) -> None:
    report = result.stdout + result.stderr
    if "CBP_UPDATE_GOLDEN" in os.environ:
        file.write_text(report, encoding="utf-8")
    assert report == file.read_text(encoding="utf-8")
