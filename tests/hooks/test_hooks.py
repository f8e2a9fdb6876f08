"""The hooks of a commit: local, installed by the project's own locks, and content with the project as it is."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
REPOSITORIES = yaml.safe_load((PROJECT / ".pre-commit-config.yaml").read_text())["repos"]
HOOKS = [hook for repository in REPOSITORIES for hook in repository["hooks"]]


def files(hook: dict[str, Any]) -> list[str]:
    """Return the files that a commit of all Python would pass."""
    if not hook.get("pass_filenames", True):
        return []
    folders = ("compiler", "runtime", "tests")
    return [str(file.relative_to(PROJECT)) for folder in folders for file in sorted((PROJECT / folder).rglob("*.py"))]


def test_nothing_is_fetched_for_a_hook() -> None:
    assert [repository["repo"] for repository in REPOSITORIES] == ["local"]
    assert {hook["language"] for hook in HOOKS} == {"system"}


@pytest.mark.parametrize("hook", HOOKS, ids=[hook["id"] for hook in HOOKS])
def test_a_hook_is_an_installed_command_that_passes(hook: dict[str, Any]) -> None:
    program, *arguments = shlex.split(hook["entry"])
    assert program.startswith(".venv/bin/")
    ran = subprocess.run(
        [PROJECT / program, *arguments, *files(hook)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_output_is_compared_when_it_or_what_it_is_made_from_changes() -> None:
    (compared,) = (hook for hook in HOOKS if "cbp compile --check" in hook["entry"])
    sources = ("compiler", "environments", "generated", "policies", "spec")
    made_from = [next(file for file in (PROJECT / folder).rglob("*.*") if file.is_file()) for folder in sources]
    for file in (*made_from, PROJECT / "runtime/settings.py"):
        assert re.search(compared["files"], file.relative_to(PROJECT).as_posix())
    assert not re.search(compared["files"], "docs/runtime.md")
