"""The gate in a process of its own, asked line by line, so that the engines share no memory.

``python -m benchmarks.gate_process judge ENGINE`` loads the policies into an engine once. For each path of an input on
standard input it prints the seconds that all rules took; ``python -m benchmarks.gate_process gate PROJECT`` prints the
CPU seconds of the gate in a compilation: it reads, vets and proves the policies, and judges.
"""

from __future__ import annotations

import json
import os
import sys
import time
from importlib import import_module, metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.projects import ROOT
from compiler.model.specification import SECTIONS
from compiler.pipeline import emit
from compiler.policy.gate import load, proven
from compiler.policy.regorus import Regorus
from compiler.resolve.resolved import resolve
from compiler.sources import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from compiler.policy.engine import Loadable
    from compiler.policy.library import Module

OPA_LIBRARY = "opa_bindings"


class OpaLibrary:
    """An engine without a server: OPA's own compiler and evaluator, linked into the process (requirements/opa.txt)."""

    name = "opa"

    def __init__(self) -> None:
        self._engine = import_module(OPA_LIBRARY).OpaEngine()

    @property
    def version(self) -> str:
        """The version of the installed wheel."""
        return metadata.version("opa-golib-python-bindings")

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Take the policies and their data."""
        for module in modules:
            self._engine.add_policy(module.path, module.text)
        self._engine.add_data(dict(data))

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value; OPA compiles a repeated query only once."""
        return self._engine.eval_query(f"value := data.{rule}", json.loads(document))[0]["value"]

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield a rule's value for each input, one by one."""
        return (self.evaluate(rule, document) for document in documents)

    def confirm(self) -> None:
        """Confirm at once, because no other process can change the library."""


ENGINES: Mapping[str, Callable[[], Loadable]] = {"regorus": Regorus, "opa": OpaLibrary}


def judge(engine: str) -> None:
    """Judge the input at each path on standard input, and print the seconds from its text to the verdict."""
    loaded = load(ROOT / "policies", ENGINES[engine]).engine
    for line in sys.stdin:
        document = Path(line.rstrip("\n")).read_text(encoding="utf-8")
        started = time.perf_counter()
        loaded.evaluate("gate.verdict", document)
        sys.stdout.write(f"{time.perf_counter() - started}\n")
        sys.stdout.flush()


def gate(project: str) -> None:
    """Print the CPU seconds of the gate's whole part of a compilation."""
    root = Path(project)
    resolved, _ = resolve(root, files.load(root, SECTIONS))
    subjects = [subject for item in resolved for subject in emit(item)]
    started = _cpu()
    proven(root / "policies").judge(subjects)
    sys.stdout.write(f"{_cpu() - started}\n")


def _cpu() -> float:
    """Return the CPU seconds of this process, and of those that it started and that have ended."""
    return sum(os.times()[:4])


if __name__ == "__main__":
    {"judge": judge, "gate": gate}[sys.argv[1]](sys.argv[2])
