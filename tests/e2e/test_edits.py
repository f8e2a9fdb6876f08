"""An edit of the specification that the gate accepts turns no test red, and touches no test and no page.

The edits are made to copies of the checkout, whatever its users have made of it, and start from what it says. One that
has nothing to start from there, as a limit where no route has one, changes nothing; in the frozen project each does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import cbp, compile_
from tests.compiler.project import ROOT, copy
from tests.copying import copy_tree
from tests.e2e.edits import EDITS

if TYPE_CHECKING:
    from pathlib import Path

# The tests that read spec/, environments/ or generated/ of the checkout that they stand in.
LIVE = (
    "tests/compiler/cli/test_comparing.py::test_the_committed_output_is_what_the_project_says",
    "tests/compiler/test_determinism.py::test_neither_the_surroundings_nor_the_order_of_the_files_on_disk_change_a_byte",
    "tests/benchmarks/test_benchmarks.py::test_as_many_environments_as_there_are_make_the_real_project",
    "tests/benchmarks/test_gate.py::test_the_real_input_is_that_of_a_serving_cluster",
    "tests/docs/test_docs.py::test_every_relative_link_leads_to_a_file",
)
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", ".cbp", ".hypothesis", ".*_cache")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what users edit, and of what comes of it."""
    for name in ("spec", "environments", "policies", "generated"):
        copy_tree(ROOT / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_compiled_and_verified(name: str, checkout: Path) -> None:
    EDITS[name](checkout)
    accepted(checkout)


def test_the_tests_that_look_at_the_checkout_pass_after_all_edits_at_once(tmp_path: Path) -> None:
    checkout = shutil.copytree(ROOT, tmp_path / "a checkout", ignore=_NOT_COPIED)
    (checkout / ".venv").symlink_to(ROOT / ".venv")
    for edit in EDITS.values():
        edit(checkout)
    accepted(checkout)
    outside = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *LIVE]
    ran = subprocess.run(command, cwd=checkout, env=outside, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_each_edit_changes_the_frozen_project(tmp_path: Path) -> None:
    for name, edit in EDITS.items():
        project = copy(tmp_path / name)
        before = contents(project)
        edit(project)
        assert contents(project) != before, name


def accepted(checkout: Path) -> None:
    """Do what an author does, and then what CI does."""
    compiled = compile_(checkout)
    assert compiled.exit_code == 0, compiled.stdout
    verified = cbp("verify", "--root", str(checkout))
    assert verified.exit_code == 0, verified.stdout


def contents(project: Path) -> dict[str, bytes]:
    files = (path for folder in ("spec", "environments") for path in (project / folder).rglob("*") if path.is_file())
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in files}
