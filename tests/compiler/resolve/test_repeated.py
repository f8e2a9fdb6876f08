"""A value that a file outside of generated/ repeats is the specification's, or the author is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.resolve.repeated import REPETITIONS, Repetition, contradicted
from tests.compiler.project import ROOT, changed, resolved

if TYPE_CHECKING:
    from pathlib import Path

each = pytest.mark.parametrize("repetition", REPETITIONS, ids=lambda item: ".".join(map(str, item.path)))
OTHER = {"base_image": "python:3.14-slim", "port": "8081", "repository": "registry.bank.example/another"}


@each
def test_the_line_that_is_compared_is_there(repetition: Repetition) -> None:
    assert repetition.line.search((ROOT / repetition.file).read_text(encoding="utf-8"))


@each
def test_another_value_is_a_finding_at_the_value_that_names_the_line(repetition: Repetition, tmp_path: Path) -> None:
    file = tmp_path / repetition.file
    file.parent.mkdir(parents=True, exist_ok=True)
    of = resolved()["production"]
    lines = {"base_image": "ARG BASE={}", "port": "EXPOSE {}", "repository": "      IMAGE: {}"}
    file.write_text("# a comment\n" + lines[str(repetition.path[-1])].format(of.written(repetition.path)) + "\n")
    assert list(contradicted(tmp_path, of)) == []
    other = OTHER[str(repetition.path[-1])]
    (finding,) = contradicted(tmp_path, changed({".".join(map(str, repetition.path)): other}))
    assert finding.code == "SPEC021"
    assert finding.help == f"write {other} in line 2 of {repetition.file}, too"


def test_a_project_without_these_files_has_nothing_to_repeat(tmp_path: Path) -> None:
    assert list(contradicted(tmp_path, resolved()["production"])) == []
