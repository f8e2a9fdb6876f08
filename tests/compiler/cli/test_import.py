"""``cbp import`` on the command line: where it may be run, and what it leaves behind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import run
from tests.compiler.importer.documents import TEXTS, document

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_IMAGES = document(containers=re.sub(r"  images:.*", "", TEXTS["containers"], flags=re.DOTALL))


def test_a_document_is_imported_outside_of_any_project(tmp_path: Path) -> None:
    (tmp_path / "design.md").write_text(document(), encoding="utf-8")
    ran = run("import", "design.md", "--into", "new", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "design.md: 17 sections, 17 files written; 0 errors, 0 warnings"
    again = run("import", "design.md", "--into", "new", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (
        0,
        "design.md: 17 sections, every file is there already; 0 errors, 0 warnings\n",
    )


def test_what_a_departure_adds_comes_from_the_project_around_the_current_folder(project: Path) -> None:
    (project / "design.md").write_text(WITHOUT_IMAGES, encoding="utf-8")
    ran = run("import", "design.md", "--into", "new", "--lenient", cwd=project)
    assert ran.returncode == 0
    assert "the document has no 'containers.images': it was taken from spec/containers.yaml:" in ran.stdout
    assert "    valkey:\n" in (project / "new/spec/containers.yaml").read_text(encoding="utf-8")


def test_without_a_project_a_departure_adds_nothing(tmp_path: Path) -> None:
    (tmp_path / "design.md").write_text(WITHOUT_IMAGES, encoding="utf-8")
    ran = run("import", "design.md", "--into", "new", "--lenient", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stdout.startswith("error[SPEC001]: the key 'images' is missing in containers\n")
    assert not (tmp_path / "new").exists()


def test_what_was_imported_compiles_in_the_folder_that_it_was_imported_into(project: Path) -> None:
    (project / "design.md").write_text(document(), encoding="utf-8")
    (project / "spec").rename(project / "old")
    assert run("import", "design.md", "--into", ".", cwd=project).returncode == 0
    ran = run("compile", "--environment", "development", cwd=project)
    assert ran.returncode == 0


@pytest.mark.parametrize("arguments", [[], ["design.md"], ["absent.md", "--into", "new"], [".", "--into", "new"]])
def test_a_document_and_a_folder_are_required(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "design.md").touch()
    ran = run("import", *arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.startswith("Usage: cbp import ")


def test_a_document_that_is_no_text_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "design.md").write_bytes(b"text\n\xff")
    ran = run("import", "design.md", "--into", "new", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert ran.stdout.startswith("error[YAML002]: byte 0xff is not UTF-8\n  --> design.md:2:1\n")
