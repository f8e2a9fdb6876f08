"""The frozen project in a repository of its own, compiled and committed, and example pull requests on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import cbp
from tests.compiler.history.git import deployed_in, git
from tests.copying import copy_tree

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = Path(__file__).parent / "examples"


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen project as it is deployed, with what a first answer remembers; not to be changed."""
    project = deployed_in(tmp_path_factory.mktemp("deployed"))
    assert cbp("diff", "--root", str(project), "--as-of", "2026-01-15").exit_code == 0
    return project


@pytest.fixture
def project(deployed: Path, tmp_path: Path) -> Path:
    """A copy of the repository, to be changed."""
    return copy_tree(deployed, tmp_path / "project")


@pytest.fixture
def patched(project: Path) -> Callable[[str], Path]:
    """Apply the patch of an example to a copy of the repository, and return the copy."""

    def apply(name: str) -> Path:
        git(project, "apply", str(EXAMPLES / name / "change.patch"))
        return project

    return apply
