"""Carry out a page in a checkout of its own: apply its changes, write its files, and run its commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

from tests.compiler.project import FROZEN, ROOT
from tests.copying import copy_tree
from tests.e2e.test_readme import matches, tour

_STEP = re.compile(
    r"^```console\n.*?^```$|^```diff\n(?P<change>.*?)^```$|^`(?P<file>[^`\n]+)`:\n\n```\w+\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_TOUCHED = re.compile(r"^Files touched:\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_AUTHOR = "-c user.name=test -c user.email=test@test -c commit.gpgsign=false"
# The analysis takes a minute of two cores, and `tests/compiler/reach` holds the page to it: here it counts as written.
# What the environment has installed is left as it is.
_MAKE = """make() {
  command make --silent --old-file=.venv/.embedded --old-file=.venv/.test --old-file=docs/reach.md "$@"
  if [[ $* = *docs/reach.md* ]]; then echo >> docs/reach.md; fi
}
"""


def checkout(target: Path) -> Path:
    """Copy the checkout, with the compiled frozen project as what its users own, and commit it."""
    shutil.copytree(ROOT, target, ignore=_ignored)
    copy_tree(FROZEN, target)
    (target / ".venv").symlink_to(Path(sys.prefix))
    run(".venv/bin/cbp compile", target)
    for command in ("init --quiet", "add .", "commit --quiet --message=checkout", "repack -a -d --quiet"):
        _git(command, target)
    return target


def carry_out(page: str, project: Path, **variables: str) -> int:
    """Carry out every step of a page in its order; return how many commands ran."""
    ran = 0
    for step in _STEP.finditer(page):
        if step["change"]:
            _git("apply", project, step["change"])
        elif step["file"]:
            _write(step, project)
        else:
            for command, expected in tour(step[0]):
                shown = run(command, project, **variables)
                assert matches(expected, shown), f"$ {command}\n{shown}\n-- but the page shows:\n{expected}"
                ran += 1
    return ran


def write_files(page: str, under: str, project: Path) -> None:
    """Write the files of a page whose path begins with a text, and nothing else of it."""
    for step in _STEP.finditer(page):
        if (step["file"] or "").startswith(under):
            _write(step, project)


def run(command: str, project: Path, **variables: str) -> str:
    """Run a command that succeeds, by the code of the project's own, and return what it prints on both outputs."""
    ran = subprocess.run(
        ["bash", "-c", f"{_MAKE}{{ {command}\n}} 2>&1"],
        cwd=project,
        env={**_environment(), "PYTHONPATH": str(project), **variables},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert ran.returncode == 0, f"$ {command}\n{ran.stdout}"
    return "\n".join(line.rstrip() for line in ran.stdout.splitlines())


def touched(recipe: str) -> frozenset[str]:
    """Return the patterns of the files that a recipe says it touches."""
    (listed,) = _TOUCHED.findall(recipe)
    return frozenset(listed.split())


def assert_touched(patterns: frozenset[str], project: Path) -> None:
    """Each file that differs from the commit is listed, and everything that is listed differs."""
    status = _git("status --porcelain --untracked-files=all --no-renames", project)
    files = {line[3:] for line in status.splitlines()}
    assert {file for file in files if not any(fnmatchcase(file, item) for item in patterns)} == set()
    assert {item for item in patterns if not any(fnmatchcase(file, item) for file in files)} == set()


def _git(command: str, project: Path, given: str = "") -> str:
    """Run Git in the repository of a copy, and return what it prints."""
    assert (project / ".git").is_dir() or command.startswith("init")
    ran = subprocess.run(
        f"git {_AUTHOR} {command}".split(),
        cwd=project,
        env=_environment(),
        input=given,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, f"{command}: {ran.stdout}{ran.stderr}\n{given}"
    return ran.stdout


def _environment() -> dict[str, str]:
    """Return the variables without those by which a hook of Git names the repository that it runs for."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _write(step: re.Match[str], project: Path) -> None:
    file = project / step["file"]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(step["text"], encoding="utf-8")


def _ignored(folder: str, names: list[str]) -> set[str]:
    """Name what a copy goes without: the users' folders, environments of Python, caches, and the repository of Git."""
    if Path(folder) != ROOT:
        return set()
    hidden = {name for name in names if name.startswith(".") and (ROOT / name).is_dir()}
    return hidden | {"spec", "environments", "generated", ".git"}
