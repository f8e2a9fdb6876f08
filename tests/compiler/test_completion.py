"""Completion: the script is click's own, and what it asks for is answered from the project."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from compiler.cli import main
from compiler.completion import INSTALLATION, SHELLS
from tests.compiler.project import FROZEN, ROOT

if TYPE_CHECKING:
    from pathlib import Path

CBP = ROOT / ".venv/bin/cbp"
ENVIRONMENTS = ["development", "production", "staging"]


def ask(*words: str, folder: Path = FROZEN) -> list[str]:
    """Return what bash is told to offer for the last of the words."""
    variables = {"_CBP_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    answer = subprocess.run([CBP], cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=True)
    return [line.partition(",")[2] for line in answer.stdout.splitlines() if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_is_the_one_that_click_generates(shell: str) -> None:
    printed = CliRunner().invoke(main, ["completion", shell]).stdout
    variables = {"_CBP_COMPLETE": f"{shell}_source"}
    generated = subprocess.run([CBP], env=os.environ | variables, capture_output=True, text=True, check=True)
    assert printed == generated.stdout
    assert "_CBP_COMPLETE" in printed


def test_a_shell_that_click_does_not_know_is_a_matter_of_usage() -> None:
    assert CliRunner().invoke(main, ["completion", "tcsh"]).exit_code == 2


def test_the_help_says_for_each_shell_how_to_install_it() -> None:
    shown = CliRunner().invoke(main, ["completion", "--help"]).stdout
    assert all(f"  {line}\n" in shown for line in INSTALLATION)
    assert all(any(f"cbp completion {shell}" in line for line in INSTALLATION) for shell in SHELLS)


def test_commands_and_options_are_completed() -> None:
    assert ask("cbp", "") == sorted(main.commands)
    assert ask("cbp", "ver") == ["verify"]
    assert ask("cbp", "imp") == ["import"]
    assert ask("cbp", "import", "--l") == ["--lenient"]
    assert ask("cbp", "compile", "--ch") == ["--check"]
    formats = ["text", "json", "github", "markdown", "sarif", "junit"]
    assert ask("cbp", "verify", "--format", "") == formats


@pytest.mark.parametrize("command", ["compile", "release", "up"])
def test_environments_are_those_of_the_project_around_the_current_folder(command: str) -> None:
    assert ask("cbp", command, "--environment", "") == ENVIRONMENTS
    assert ask("cbp", command, "--environment", "", folder=FROZEN / "spec") == ENVIRONMENTS
    assert ask("cbp", command, "--environment", "st") == ["staging"]


def test_environments_are_those_of_the_project_that_is_named(project: Path, tmp_path: Path) -> None:
    shutil.rmtree(project / "environments/staging")
    (tmp_path / "named").symlink_to(project)
    assert ask("cbp", "compile", "--root", "named", "--environment", "", folder=tmp_path) == ENVIRONMENTS[:2]


def test_where_there_is_no_project_there_is_nothing_to_complete(tmp_path: Path) -> None:
    assert ask("cbp", "compile", "--environment", "", folder=tmp_path) == []


def test_bash_itself_completes_with_the_script() -> None:
    typed = """
        eval "$(cbp completion bash)"
        COMP_WORDS=(cbp compile --environment prod) COMP_CWORD=3
        _cbp_completion cbp
        printf %s "${COMPREPLY[*]}"
    """
    path = f"{CBP.parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "--norc", "-c", typed]
    ran = subprocess.run(
        command, cwd=FROZEN, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("production", "")
