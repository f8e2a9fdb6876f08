"""Output that has nowhere to go: a full disk is said in one line, and a reader who has left is no mistake."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.e2e.service import CBP
from tests.e2e.states import cbp, small

_FULL = Path("/dev/full")
_COMMANDS = [
    ("compile",),
    ("compile", "--check", "--format", "json"),
    ("verify", "--format", "github"),
    ("schema", "compute"),
    ("completion", "bash"),
    ("--help",),
    ("compile", "--help"),
    ("--version",),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small project, compiled; not to be changed."""
    made = small(tmp_path_factory.mktemp("output") / "a checkout")
    assert cbp("compile", project=made).returncode == 0
    return made


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_full_disk_below_standard_output_is_said_on_standard_error(project: Path, command: tuple[str, ...]) -> None:
    with _FULL.open("wb") as full:
        ran = run(command, project, full.fileno())
    assert (ran.returncode, ran.stderr) == (2, "cbp: standard output: No space left on device\n")


@pytest.mark.parametrize("command", _COMMANDS)
def test_a_reader_who_has_left_ends_a_command_as_a_broken_pipe_does_and_without_a_word(
    project: Path, command: tuple[str, ...]
) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = run(command, project, writer)
    finally:
        os.close(writer)
    assert (ran.returncode, ran.stderr) == (141, "")


def test_a_reader_of_the_first_line_gets_it(project: Path) -> None:
    line = 'set -o pipefail; "$0" schema compute | head -1'
    ran = subprocess.run(["bash", "-c", line, CBP], cwd=project, capture_output=True, text=True, check=False)
    assert (ran.returncode in (0, 141), ran.stdout, ran.stderr) == (True, "{\n", "")


@pytest.mark.parametrize("command", ["schema compute", "compile --all"])
def test_a_closed_standard_output_changes_no_status(project: Path, command: str) -> None:
    ran = subprocess.run(["sh", "-c", f'"$0" {command} >&-', CBP], cwd=project, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_what_cannot_be_said_on_standard_error_either_is_in_the_status(project: Path) -> None:
    with _FULL.open("wb") as full:
        ran = subprocess.run([CBP, "schema", "none"], cwd=project, stdout=full, stderr=full, check=False)
    assert ran.returncode == 2


def run(command: tuple[str, ...], project: Path, output: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [CBP, *command], cwd=project, stdout=output, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
