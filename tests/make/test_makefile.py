"""What `make` would do: options reach the command, and a checkout that was moved builds its environment anew."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


@pytest.fixture(params=["plain", "with a space"])
def checkout(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A checkout whose environment is built, as far as make can see."""
    folder = tmp_path / str(request.param)
    (folder / ".venv/bin").mkdir(parents=True)
    shutil.copytree(PROJECT / "requirements", folder / "requirements")
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(PROJECT / name, folder)
    install(folder, folder)
    return folder


def install(folder: Path, built_in: Path) -> None:
    """Write the script `cbp` as pip does, which names its interpreter in another way where the path has a space."""
    python = f"{built_in}/.venv/bin/python"
    first = f'#!/bin/sh\n\'\'\'exec\' "{python}" "$0" "$@"' if " " in python else f"#!{python}"
    (folder / ".venv/bin/cbp").write_text(f"{first}\n# the program\n")
    (folder / ".venv/.embedded").touch()


def make(folder: Path, *arguments: str, **variables: str) -> str:
    """Return the commands that make would run."""
    environment = {"PATH": os.environ["PATH"], **variables}
    command = ["make", "--no-print-directory", "--dry-run", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def test_where_the_environment_is_built_a_command_is_run_at_once(checkout: Path) -> None:
    assert make(checkout, "compile") == ".venv/bin/cbp compile\n"


def test_the_options_of_the_command_are_variables_of_make(checkout: Path) -> None:
    assert make(checkout, "up").split() == ["exec", ".venv/bin/cbp", "up"]
    ran = make(checkout, "up", "PORT=9000", "ENVIRONMENT=staging")
    assert ran == "exec .venv/bin/cbp up --port '9000' --environment 'staging'\n"


def test_variables_of_the_shell_that_mean_something_else_do_not_reach_the_command(checkout: Path) -> None:
    assert make(checkout, "up", PORT="1", ENVIRONMENT="test").split() == ["exec", ".venv/bin/cbp", "up"]


@pytest.mark.parametrize("target", ["up", "compile", "check", "install"])
def test_a_checkout_that_was_moved_builds_its_environment_anew(checkout: Path, tmp_path: Path, target: str) -> None:
    """The scripts in it name their interpreter by its whole path, where now nothing is, or another checkout."""
    for name in (f"moved {checkout.name}", checkout.name[1:]):  # the end of a path is not the path
        moved = checkout.rename(tmp_path / name)
        assert make(moved, target).startswith(
            'echo ".venv was built in another folder"; rm -rf .venv\necho "building .venv from '
        )
        checkout = moved
    install(checkout, checkout)
    assert "rm -rf" not in make(checkout, target)


def test_an_environment_that_is_a_link_is_left_to_whoever_made_it(checkout: Path, tmp_path: Path) -> None:
    (checkout / ".venv").rename(tmp_path / "shared")
    (checkout / ".venv").symlink_to(tmp_path / "shared")
    install(checkout, tmp_path)
    assert make(checkout, "compile") == ".venv/bin/cbp compile\n"


@pytest.mark.parametrize("status", [0, 1])
def test_an_installation_shows_how_far_it_is_and_fails_with_pip(checkout: Path, status: int) -> None:
    (checkout / ".venv/.embedded").unlink()
    pip = checkout / ".venv/bin/python"
    fetched = "".join(f"Collecting package{number}\n  Using cached package\n" for number in range(25))
    pip.write_text(
        f"#!/bin/sh\ncase $* in *--requirement*) cat <<END\n{fetched}Installing collected packages: all\nEND\n"
        f"exit {status};; esac\n"
    )
    pip.chmod(0o755)
    command = ["make", "--no-print-directory", "install"]
    ran = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert (ran.returncode == 0) == (status == 0), ran.stderr
    building, ten, twenty, installing, *rest = ran.stdout.splitlines()
    assert building == "building .venv from requirements/embedded.txt"
    assert [line.split(" of ")[0] for line in (ten, twenty)] == ["  fetched 10", "  fetched 20"]
    assert installing == "  installing 25 packages"
    assert rest == (["  installing cbp itself"] if status == 0 else [])


def test_help_lists_every_command_that_has_a_description(checkout: Path) -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
    described = [
        line.split(":")[0]
        for line in (PROJECT / "Makefile").read_text().splitlines()
        if ":" in line and "  ## " in line
    ]
    assert [line.split()[1] for line in shown.splitlines()] == described
    assert "test-fast" in described


@pytest.mark.parametrize("status", [0, 1])
def test_a_page_is_replaced_whole_or_not_at_all(checkout: Path, status: int) -> None:
    (checkout / "docs").mkdir()
    page = checkout / "docs/metrics.md"
    page.write_text("before\n")
    python = checkout / ".venv/bin/python"
    python.write_text(f"#!/bin/sh\necho half of a page\nexit {status}\n")
    python.chmod(0o755)
    ran = subprocess.run(["make", "docs/metrics.md"], cwd=checkout, capture_output=True, check=False)
    assert (ran.returncode == 0) == (status == 0)
    assert page.read_text() == ("before\n" if status else "half of a page\n")
    assert [file.name for file in page.parent.iterdir()] == ["metrics.md"]
