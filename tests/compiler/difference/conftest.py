"""The frozen project in a repository of its own, compiled and committed, and example pull requests on it."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.compiler.history.git import commit, git
from tests.compiler.project import copy
from tests.e2e.states import compiled

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parent / "examples"


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen project as it is deployed, committed to main; not to be changed."""
    project = copy(tmp_path_factory.mktemp("deployed") / "project")
    compiled(project)
    git(project, "init", "--quiet", "--initial-branch=main")
    commit(project)
    return project


@pytest.fixture
def project(deployed: Path, tmp_path: Path) -> Path:
    """A copy of the repository, to be changed."""
    return shutil.copytree(deployed, tmp_path / "project")


@pytest.fixture
def patched(project: Path) -> Callable[[str], Path]:
    """Apply the patch of an example to a copy of the repository, and return the copy."""

    def apply(name: str) -> Path:
        git(project, "apply", str(EXAMPLES / name / "change.patch"))
        return project

    return apply
