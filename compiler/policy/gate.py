"""The gate: policies prove that they deny what they must, and then judge every cluster.

Whatever goes wrong raises a :class:`PolicyError`. There is no way to a verdict around an engine that fails, a rule that
is missing, undefined or unproven, or a subject with nothing in it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from compiler.diagnostics import Finding, in_source_order
from compiler.policy.denial import Answer, Denial, answer
from compiler.policy.errors import PolicyError
from compiler.policy.input import input_of
from compiler.policy.library import Library, Module, Rule, read
from compiler.policy.regorus import Regorus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from compiler.policy.engine import Engine
    from compiler.policy.subject import Subject
    from compiler.resolve.resolved import Resolved

_PACKAGE = "gate"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says, and with what it was found."""

    findings: tuple[Finding, ...]
    engine: str
    version: str
    rules: tuple[str, ...]
    """The ids of every rule that judged."""
    subjects: int
    """How many clusters were judged."""
    vacuous: tuple[str, ...]
    """The ids of rules that found nothing to look at in any of them."""


def load(policies: Path, engine: Callable[[], Engine] = Regorus) -> Gate:
    """Read the policies in a folder into an engine.

    Raises:
        PolicyError: there are none, or they cannot be relied on.
    """
    library = read(policies)
    loaded = engine()
    loaded.load((*library.modules, _verdict_module(library.rules)), library.data)
    return Gate(library, loaded)


class Gate:
    """Policies in an engine, ready to judge."""

    def __init__(self, library: Library, engine: Engine) -> None:
        self.library = library
        self.engine = engine

    def prove(self) -> None:
        """Run every rule on its own fixture, in the engine that is about to judge.

        Raises:
            PolicyError: a rule denies what it must pass, passes what it must deny, or does not look at it.
        """
        for rule in self.library.rules:
            passed = self._answer(rule, rule.fixture.must_pass)
            if passed.denials:
                raise PolicyError(f"{rule.id} denies its own must_pass: {passed.denials[0].message}")
            if not passed.examined:
                raise PolicyError(f"{rule.id} examines nothing in its own must_pass")
            for number, document in enumerate(rule.fixture.must_deny, 1):
                if not self._answer(rule, document).denials:
                    raise PolicyError(f"{rule.id} does not deny number {number} of its own must_deny")

    def judge(self, subjects: Sequence[Subject]) -> Verdict:
        """Judge every cluster; a mistake that several share is one finding with the notes of all.

        Raises:
            PolicyError: there is nothing to judge, or a rule gave no proper answer.
        """
        if not subjects:
            raise PolicyError("there is no cluster to judge")
        findings: list[Finding] = []
        unseen = {rule.id for rule in self.library.rules}
        for subject in subjects:
            answers = self._answers(input_of(subject))
            unseen -= {identifier for identifier, given in answers.items() if given.examined}
            for rule in self.library.rules:
                findings += (_finding(rule, denial, subject.resolved) for denial in answers[rule.id].denials)
        rules = tuple(rule.id for rule in self.library.rules)
        merged = in_source_order(_merged(findings))
        return Verdict(merged, self.engine.name, self.engine.version, rules, len(subjects), tuple(sorted(unseen)))

    def _answer(self, rule: Rule, document: Any) -> Answer:
        return answer(rule.id, self.engine.evaluate(f"{_PACKAGE}.{rule.id}", json.dumps(document)))

    def _answers(self, document: Mapping[str, Any]) -> dict[str, Answer]:
        """Ask every rule at once, so that the engine looks at what they share once."""
        value = self.engine.evaluate(f"{_PACKAGE}.verdict", json.dumps(document))
        if not isinstance(value, dict) or value.keys() != {rule.id for rule in self.library.rules}:
            raise PolicyError("the engine's verdict does not hold an answer of every rule")
        return {identifier: answer(identifier, given) for identifier, given in value.items()}


def _verdict_module(rules: Iterable[Rule]) -> Module:
    """Ask for everything in Rego, so that every engine is asked in the same way and once."""
    lines = [f"package {_PACKAGE}", "", "import rego.v1", ""]
    for rule in rules:
        package = f"data.{rule.module.package}"
        lines.append(f'{rule.id} := {{"denials": {package}.deny, "examined": count({package}.examined)}}')
    lines += ["", "verdict := {", *(f'\t"{rule.id}": {rule.id},' for rule in rules), "}", ""]
    return Module("gate.rego", _PACKAGE, "\n".join(lines))


def _finding(rule: Rule, denial: Denial, resolved: Resolved) -> Finding:
    if not resolved.has(denial.path):
        raise PolicyError(
            f"{rule.id} points at {'.'.join(map(str, denial.path))}, which the specification does not have"
        )
    custom = rule.metadata.custom
    span = resolved.span(denial.path)
    return Finding(rule.id, denial.message, custom.remediation, span, severity=custom.severity, notes=denial.notes)


def _merged(findings: Iterable[Finding]) -> Iterable[Finding]:
    notes: dict[Finding, dict[str, None]] = {}
    for finding in findings:
        notes.setdefault(replace(finding, notes=()), {}).update(dict.fromkeys(finding.notes))
    return (replace(finding, notes=tuple(found)) for finding, found in notes.items())
