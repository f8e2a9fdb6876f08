"""A benchmark of ``cbp compile`` for a number of environments, with the floor in the same rounds."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import CBP, PYTHON, Usage, run
from benchmarks.projects import ROOT, make_project, move_number
from compiler.compile_cache.folder import FOLDER


@dataclass(frozen=True, slots=True)
class Round:
    """The measurements of one round, each of a process of its own, one right after the other.

    ``fresh`` compiles for the first time and writes every file; ``edited`` compiles after an edit of a number, by
    policies that were proven, with the answers to what it leaves as it was; ``check`` proves them and has nothing to
    write; ``again`` compiles with no change since the last time; ``floor`` is libyaml alone (see
    :mod:`benchmarks.floor`).
    """

    fresh: Usage
    edited: Usage
    check: Usage
    again: Usage
    floor: Usage

    @property
    def above_floor(self) -> float:
        """The CPU of a fresh compilation as a multiple of the floor's."""
        return self.fresh.cpu / self.floor.cpu


def measure(environments: int, rounds: int, warm_up: int = 1) -> tuple[Round, ...]:
    """Compile a project of that many environments in each round, after uncounted rounds to warm up."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name:
        folder = Path(name)
        project, documents = folder / "project", folder / "documents"
        make_project(project, environments)
        run([CBP, "compile"], project)
        run([PYTHON, "-m", "benchmarks.floor", "gather", str(project / "generated"), str(documents)], ROOT)
        return tuple(_round(project, documents, folder / "floor") for _ in range(rounds + warm_up))[warm_up:]


def _round(project: Path, documents: Path, floor: Path) -> Round:
    forget(project)
    shutil.rmtree(floor, ignore_errors=True)
    return Round(
        fresh=run([CBP, "compile"], project),
        floor=run([PYTHON, "-m", "benchmarks.floor", "dump", str(documents), str(floor)], ROOT),
        edited=_edited(project),
        check=run([CBP, "compile", "--check"], project),
        again=run([CBP, "compile"], project),
    )


def forget(project: Path) -> None:
    """Remove a project's generated/ and its caches."""
    for name in ("generated", FOLDER):
        shutil.rmtree(project / name, ignore_errors=True)


def _edited(project: Path) -> Usage:
    """Compile after an edit of a number; an edit before that has the policies analysed, and every answer known."""
    section = min((project / "spec").glob("*.yaml"))
    section.write_text(f"{section.read_text(encoding='utf-8')}# edited\n", encoding="utf-8")
    run([CBP, "compile"], project)
    move_number(project)
    return run([CBP, "compile"], project)
