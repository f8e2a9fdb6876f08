"""Fixtures for the tests of the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.compiler.cli.running import compile_

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def compiled(project: Path) -> Path:
    """A project that was just compiled."""
    assert compile_(project).exit_code == 0
    return project
