"""The directory of a run: private, and removed, if not by its owner then by the next one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from runtime.embedded.ephemeral import PREFIX, ephemeral_directory

HOLD = """
import signal
from runtime.embedded.ephemeral import ephemeral_directory
with ephemeral_directory() as directory:
    (directory / "file").write_text("content")
    print(directory, flush=True)
    signal.pause()
"""


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The system's temporary folder, for this test alone."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_it_is_private_and_goes_with_its_content(temporary_folder: Path) -> None:
    with ephemeral_directory() as directory:
        assert directory.parent == temporary_folder
        assert directory.stat().st_mode & 0o777 == 0o700
        (directory / "folder").mkdir()
    assert list(temporary_folder.iterdir()) == []


def test_one_in_use_is_left_alone(temporary_folder: Path) -> None:
    with ephemeral_directory() as first:
        with ephemeral_directory() as second:
            assert set(temporary_folder.iterdir()) == {first, second}
        assert list(temporary_folder.iterdir()) == [first]


def test_what_a_killed_owner_left_goes_at_the_next_start(temporary_folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        left = Path(owner.stdout.readline().strip())
        with ephemeral_directory():
            assert (left / "file").exists(), "its owner still lives"
        owner.kill()
    with ephemeral_directory() as directory:
        assert list(temporary_folder.iterdir()) == [directory]


def test_what_is_not_ours_stays(temporary_folder: Path) -> None:
    other = temporary_folder / "other"
    other.mkdir()
    (other / "file").touch()
    link = temporary_folder / f"{PREFIX}link"
    link.symlink_to(other)
    file = temporary_folder / f"{PREFIX}file"
    file.touch()
    with ephemeral_directory() as directory:
        assert set(temporary_folder.iterdir()) == {directory, other, link, file}
        assert (other / "file").exists()
