"""A copy of the project that a test may change."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
_PARTS = ("spec", "environments", "policies", "generated", "README.md")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, in a folder whose name has a space."""
    return copy(tmp_path / "a checkout")


def copy(target: Path) -> Path:
    """Copy what is compiled, and what comes of it."""
    target.mkdir()
    for name in _PARTS:
        source = PROJECT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target / name)
    return target
