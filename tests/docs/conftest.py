"""A checkout in which pages are carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.copying import copy_tree
from tests.docs import walkthrough

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the compiled frozen project, committed; not to be changed."""
    return walkthrough.checkout(tmp_path_factory.mktemp("pages") / "checkout")


@pytest.fixture
def project(committed: Path, tmp_path: Path) -> Path:
    """A copy of that checkout."""
    return copy_tree(committed, tmp_path / "checkout")
