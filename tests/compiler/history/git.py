"""Git as a developer runs it, without the variables of a hook and without the user's own settings."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.compiler.project import copy
from tests.e2e.states import compiled

if TYPE_CHECKING:
    from pathlib import Path

_AUTHOR = ("-c", "user.name=test", "-c", "user.email=test@test", "-c", "commit.gpgsign=false")


def git(folder: Path, *command: str) -> str:
    """Run a command of Git that succeeds, and return what it prints."""
    outside = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    ran = subprocess.run(
        ["git", *_AUTHOR, *command],
        cwd=folder,
        env=outside | {"GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def deployed_in(folder: Path) -> Path:
    """Make the frozen project in a folder, compiled and committed to main, as it is deployed; return its path."""
    project = copy(folder / "project")
    compiled(project)
    git(project, "init", "--quiet", "--initial-branch=main")
    commit(project)
    git(project, "repack", "-a", "-d", "--quiet")  # copies of the project then have hundreds of files less
    return project


def commit(project: Path) -> str:
    """Commit everything but what commands remember, and return the id."""
    git(project, "add", "--all", "--force", "--", ".", ":!.cbp")
    git(project, "commit", "--quiet", "--allow-empty", "--message=state")
    return git(project, "rev-parse", "HEAD")
