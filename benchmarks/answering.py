"""A benchmark of the questions that a person asks after an edit: ``cbp diff``, ``cbp impact`` and ``cbp explain``."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import CBP, Usage, run
from benchmarks.projects import make_project, move_number
from compiler.compile_cache.folder import FOLDER

_SETTINGS = "runtime/settings.json#/process/workers"


@dataclass(frozen=True, slots=True)
class Round:
    """The measurements of one round, each of a process of its own, one right after the other.

    Each is the first answer after an edit of a number: the policies are known to be proven, and the committed state was
    compared and explained before. ``floor`` is ``cbp --version``.
    """

    diff: Usage
    impact: Usage
    explain: Usage
    floor: Usage


def measure(environments: int, rounds: int, warm_up: int = 1) -> tuple[Round, ...]:
    """Ask about a project of that many environments in each round, after uncounted rounds to warm up."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name:
        project, known = Path(name, "project"), Path(name, "known")
        make_project(project, environments)
        run([CBP, "compile"], project)
        _commit(project)
        run([CBP, "diff", "HEAD"], project)
        run([CBP, "explain", _leaf(project)], project)
        shutil.copytree(project / FOLDER, known)
        return tuple(_round(project, known) for _ in range(rounds + warm_up))[warm_up:]


def _round(project: Path, known: Path) -> Round:
    shutil.rmtree(project / FOLDER)
    shutil.copytree(known, project / FOLDER)
    moved = move_number(project)
    made = Round(
        diff=run([CBP, "diff", "HEAD"], project),
        impact=run([CBP, "impact", moved.place, "--to", moved.before], project),
        explain=run([CBP, "explain", _leaf(project)], project),
        floor=run([CBP, "--version"], project),
    )
    move_number(project, moved.before)
    return made


def _leaf(project: Path) -> str:
    file, _, pointer = _SETTINGS.partition("#")
    return f"{next(project.glob(f'generated/*/*/{file}')).relative_to(project)}#{pointer}"


def _commit(project: Path) -> None:
    author = ("-c", "user.name=benchmark", "-c", "user.email=benchmark@example.com")
    for command in (("init", "--quiet"), ("add", "--all"), (*author, "commit", "--quiet", "--message=as it is")):
        subprocess.run(["git", *command], cwd=project, check=True)  # noqa: S603, S607 - the user's own Git
