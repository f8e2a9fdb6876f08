"""Fixtures for the tests of the compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compiler.project import copy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the compiler reads, under a path with a space in it; there is no output yet."""
    return copy(tmp_path / "a project")
