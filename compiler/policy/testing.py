"""A runner of the policies' own tests: Rego tests, fixtures, and the coverage of both.

A Rego file is complete when its tests hold, its fixture proves it, and both together run every line of it. A helper has
no fixture. Test rules have names that start with ``test_``, as for ``opa test``; regorus has no test runner.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.policy import selection
from compiler.policy.errors import PolicyError
from compiler.policy.gate import Gate, load
from compiler.policy.library import read_tests
from compiler.policy.regorus import Instrumented

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from compiler.policy.library import Module, Rule
    from compiler.policy.syntax import Syntax

_TEST = "test_"


@dataclass(frozen=True, slots=True)
class Failure:
    """A failure of a test or fixture, with its ``file`` or ``file:line``."""

    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Examined:
    """The result of the tests and the fixture of one Rego file."""

    module: Module
    rule: str | None
    """The rule's id, or None for a helper."""
    tests: int
    covered: int
    """The number of covered lines."""
    uncovered: tuple[int, ...]
    """The numbers of the uncovered lines."""
    failures: tuple[Failure, ...]

    @property
    def complete(self) -> bool:
        """Whether every test holds and every line is covered."""
        return not self.uncovered and not self.failures


@dataclass(frozen=True, slots=True)
class Report:
    """The results of all examined files, and the engine that ran them."""

    engine: str
    version: str
    files: tuple[Examined, ...]

    @property
    def complete(self) -> bool:
        """Whether every file is complete."""
        return all(file.complete for file in self.files)


def examine(policies: Path, names: Iterable[str] = ()) -> Report:
    """Run the tests and fixtures of the policies in a folder: of the named rules and domains, or without names of all.

    Raises:
        PolicyError: the policies cannot be loaded.
        UnknownError: a rule or domain does not exist.
    """
    engine = Instrumented()
    gate = load(policies, lambda: engine)
    rules = {rule.module.path: rule for rule in gate.library.rules}
    modules = selection.modules(gate.library, names)
    run = _Run(gate, engine, rules, engine.add_tests(read_tests(policies, modules)))
    return Report(engine.name, engine.version, tuple(map(run.examine, modules)))


@dataclass(frozen=True, slots=True)
class _Run:
    gate: Gate
    engine: Instrumented
    rules: Mapping[str, Rule]
    files: Mapping[str, Syntax]

    def examine(self, module: Module) -> Examined:
        self.engine.count_anew()
        rule, syntax = self.rules.get(module.path), self.files.get(_test_path(module))
        names = [] if syntax is None else [place for place in syntax.rule_lines if place[0].startswith(_TEST)]
        failures = [*(self._unproven(rule) if rule else ()), *self._untested(module, syntax, names)]
        covered, uncovered = self.engine.lines(module.path)
        if not covered:
            uncovered = tuple(line for _, line in self.files[module.path].rule_lines)
        return Examined(module, rule.id if rule else None, len(names), len(covered), uncovered, tuple(failures))

    def _unproven(self, rule: Rule) -> Iterator[Failure]:
        folder = rule.module.path.rpartition("/")[0]
        try:
            self.gate.prove_rule(rule)
        except PolicyError as error:
            for fault in error.faults:
                place, _, reason = fault.partition(": ")
                yield Failure(place, reason) if place.startswith(folder) else Failure(f"{folder}/fixture.yaml", fault)

    def _untested(self, module: Module, syntax: Syntax | None, names: list[tuple[str, int]]) -> Iterator[Failure]:
        file = _test_path(module)
        if syntax is None or not names:
            yield Failure(file, f"nothing tests {module.path}")
            return
        if syntax.package != f"{module.package}_test":
            yield Failure(file, f"the package is {syntax.package}, the file says {module.package}_test")
        written = Counter(name for name, _ in names)
        for name, line in names:
            if written[name] > 1:
                yield Failure(f"{file}:{line}", f"{name} is written {written[name]} times, and one would do for all")
            elif reason := self._fails(f"{syntax.package}.{name}"):
                yield Failure(f"{file}:{line}", f"{name} does not hold: {reason}")

    def _fails(self, test: str) -> str | None:
        try:
            value = self.engine.evaluate(test, "{}")
        except PolicyError as error:
            return str(error)
        return None if value is True else f"it is {json.dumps(value)}"


def _test_path(module: Module) -> str:
    return f"{module.path.removesuffix('.rego')}_test.rego"
