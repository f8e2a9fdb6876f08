"""The frozen project, compiled, and copies of it that a test may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compiler.project import copy
from tests.copying import copy_tree
from tests.e2e.states import cbp

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with what comes of it, where the command knows that the policies are proven; not to be changed."""
    project = copy(tmp_path_factory.mktemp("frozen") / "a checkout")
    assert cbp("compile", project=project).returncode == 0
    return project


@pytest.fixture
def project(checkout: Path, tmp_path: Path) -> Path:
    """A copy of the project, in a folder whose name has a space."""
    return copy_tree(checkout, tmp_path / "a checkout")
