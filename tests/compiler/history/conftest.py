"""A project in a repository of Git of its own, compiled and committed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compiler.history.git import deployed_in
from tests.copying import copy_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen project as it is deployed, committed to main; not to be changed."""
    return deployed_in(tmp_path_factory.mktemp("deployed"))


@pytest.fixture
def project(deployed: Path, tmp_path: Path) -> Path:
    """A copy of the repository, to be changed."""
    return copy_tree(deployed, tmp_path / "project")
