"""Temporary files of the tests are in memory only where neither the folder nor the process would run out of it."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from tests import temporary

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("limit", "left"), [("1000", 600), ("max", None)])
def test_the_limit_of_a_control_group_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, left: int | None
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.current").write_text("400\n")
    monkeypatch.setattr(temporary, "CONTROL", tmp_path)
    found = temporary.available_bytes()
    assert found == left if left is not None else found > 600


def test_a_folder_that_is_not_there_has_no_room(tmp_path: Path) -> None:
    assert not temporary.has_room(tmp_path / "none")


def test_a_place_that_somebody_chose_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = tempfile.gettempdir()
    temporary.keep_in_memory()
    assert tempfile.gettempdir() == before
