"""A benchmark of ``cbp compile`` for a number of environments, with the floor in the same rounds."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import CBP, PYTHON, Usage, run
from benchmarks.projects import ROOT, make_project


@dataclass(frozen=True, slots=True)
class Round:
    """The measurements of one round, each of a process of its own, one right after the other.

    ``fresh`` compiles and writes every file; ``check`` compiles in full and has nothing to write; ``again`` compiles
    with no change since the last time; ``floor`` is libyaml alone (see :mod:`benchmarks.floor`).
    """

    fresh: Usage
    check: Usage
    again: Usage
    floor: Usage

    @property
    def above_floor(self) -> float:
        """The CPU of a fresh compilation as a multiple of the floor's."""
        return self.fresh.cpu / self.floor.cpu


def measure(environments: int, rounds: int) -> tuple[Round, ...]:
    """Compile a project of that many environments in each round, after an uncounted warm-up round."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name:
        folder = Path(name)
        project, documents = folder / "project", folder / "documents"
        make_project(project, environments)
        run([CBP, "compile"], project)
        run([PYTHON, "-m", "benchmarks.floor", "gather", str(project / "generated"), str(documents)], ROOT)
        return tuple(_round(project, documents, folder / "floor") for _ in range(rounds + 1))[1:]


def _round(project: Path, documents: Path, floor: Path) -> Round:
    shutil.rmtree(project / "generated")
    shutil.rmtree(floor, ignore_errors=True)
    return Round(
        fresh=run([CBP, "compile"], project),
        floor=run([PYTHON, "-m", "benchmarks.floor", "dump", str(documents), str(floor)], ROOT),
        check=run([CBP, "compile", "--check"], project),
        again=run([CBP, "compile"], project),
    )
