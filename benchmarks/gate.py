"""A benchmark of the gate: all rules for one cluster in the embedded engine and in OPA, and its share of a compile."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Any, cast

from benchmarks.compiling import forget
from benchmarks.gate_process import OPA_LIBRARY
from benchmarks.processes import CBP, PYTHON, run
from benchmarks.projects import ROOT, make_project
from compiler.model.specification import SECTIONS
from compiler.pipeline import emit_for_policies
from compiler.policy.input import input_of
from compiler.resolve.resolved import resolve
from compiler.sources.files import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import IO

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Judging:
    """The seconds of all rules for one input in one round; None for OPA when its library is not installed."""

    regorus: float
    opa: float | None


@dataclass(frozen=True, slots=True)
class Share:
    """The CPU seconds of a compilation and of its gate, in one round."""

    compile: float
    gate: float

    @property
    def added(self) -> float:
        """The gate's CPU time relative to the rest of the compilation."""
        return self.gate / (self.compile - self.gate)


def real_input() -> Document:
    """Return the gate's input for the serving cluster with the most documents."""
    resolved, _ = resolve(ROOT, load(ROOT, SECTIONS))
    inputs = (input_of(subject) for item in resolved for subject in emit_for_policies(item) if subject.site.serves)
    return max(inputs, key=lambda found: len(found["documents"]))


def repeated(document: Document, number: int) -> Document:
    """Return an input with ``number`` rendered objects: the real ones, then copies under other names."""
    copies = (_renamed(item, turn) for turn in count() for item in document["documents"])
    return {**document, "documents": list(islice(copies, number))}


def judging(document: Document, rounds: int) -> tuple[Judging, ...]:
    """Judge an input in each round, after a warm-up round; the engines alternate in going first."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name, ExitStack() as running:
        path = Path(name) / "input.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        names = ["regorus", *(["opa"] if importlib.util.find_spec(OPA_LIBRARY) else [])]
        engines = {engine: running.enter_context(_engine(engine)) for engine in names}
        return tuple(_judged(engines, path, number) for number in range(rounds + 1))[1:]


def share(environments: int, rounds: int, warm_up: int = 1) -> tuple[Share, ...]:
    """Compile a project of that many environments in each round, and run its gate alone right after it."""
    with tempfile.TemporaryDirectory(prefix="cbp-benchmark-") as name:
        project = Path(name)
        make_project(project, environments)
        return tuple(_share(project) for _ in range(rounds + warm_up))[warm_up:]


def _renamed(item: Document, turn: int) -> Document:
    if not turn:
        return item
    copy = deepcopy(item)
    copy["file"] = copy["file"].replace(".yaml", f"-{turn}.yaml")
    copy["object"]["metadata"]["name"] += f"-{turn}"
    return copy


def _judged(engines: Mapping[str, Callable[[Path], float]], path: Path, number: int) -> Judging:
    order = sorted(engines, reverse=bool(number % 2))
    seconds = {name: engines[name](path) for name in order}
    return Judging(seconds["regorus"], seconds.get("opa"))


@contextmanager
def _engine(name: str) -> Iterator[Callable[[Path], float]]:
    """Start an engine with the policies, and provide a function from an input's path to the seconds of judging it."""
    command = [PYTHON, "-m", "benchmarks.gate_process", "judge", name]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPE, stdout=PIPE, text=True) as process:  # noqa: S603 - ours
        questions, answers = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)

        def ask(path: Path) -> float:
            questions.write(f"{path}\n")
            questions.flush()
            return float(answers.readline())

        yield ask


def _share(project: Path) -> Share:
    forget(project)
    compiled = run([CBP, "compile"], project)
    command = [PYTHON, "-m", "benchmarks.gate_process", "gate", str(project)]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603 - ours
    return Share(compiled.cpu, float(printed))
