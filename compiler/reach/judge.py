"""Ask single rules for their denials, and tell which rules can see how two inputs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from compiler.policy.errors import PolicyError
from compiler.policy.library import Module, read
from compiler.policy.regorus import Instrumented
from compiler.reach.inputs import DOCUMENTS, EVERYTHING, Inputs, excerpt, value_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from compiler.policy.library import Rule

Denials = frozenset[bytes]
"""The denials of one rule for one input, each as JSON."""

_PACKAGE = "gate"
_ASKED = "asked"
_WHOLE = (EVERYTHING, (DOCUMENTS,))
"""Parts with every rendered object: the few rules that read them would make all others slow."""


class Judge:
    """The rules that refuse what they deny, in an engine of the thread that made it."""

    def __init__(self, policies: Path) -> None:
        library = read(policies)
        rules = [rule for rule in library.rules if rule.metadata.custom.severity == "error"]
        self._engine = Instrumented()
        self._engine.load((*library.modules, _answers(rules)), library.data)
        inputs = Inputs({module.package: module for module in self._engine.add_tests(()).values()})
        self.rules = tuple(rule.id for rule in rules)
        self._parts = {rule.id: inputs.of(rule.module.package) for rule in rules}
        self._all_parts = frozenset().union(*self._parts.values())

    def concerned(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the rules that read any part in which two inputs differ: every other one answers both alike."""
        different = {part for part in self._all_parts if value_of(before, part) != value_of(after, part)}
        return tuple(rule for rule in self.rules if not different.isdisjoint(self._parts[rule]))

    def denials(self, document: Mapping[str, Any], rules: Iterable[str]) -> dict[str, Denials]:
        """Return what each of the rules denies, shown no more of a document than they read.

        Raises:
            PolicyError: a rule gives no answer.
        """
        asked = list(rules)
        some = [rule for rule in asked if self._parts[rule].isdisjoint(_WHOLE)]
        every = [rule for rule in asked if rule not in some]
        return {**self._answers(document, some), **self._answers(document, every)}

    def _answers(self, document: Mapping[str, Any], rules: list[str]) -> dict[str, Denials]:
        if not rules:
            return {}
        shown = excerpt(document, frozenset().union(*(self._parts[rule] for rule in rules)))
        found = self._engine.evaluate(f"{_PACKAGE}.answered", orjson.dumps({**shown, _ASKED: rules}).decode())
        if found.keys() != set(rules):
            raise PolicyError("the engine's answers are not those of the rules that were asked")
        return {rule: frozenset(map(_json, denials)) for rule, denials in found.items()}


def _json(denial: Any) -> bytes:
    return orjson.dumps(denial, option=orjson.OPT_SORT_KEYS)


def _answers(rules: Iterable[Rule]) -> Module:
    """Write a module that evaluates only the rules whose ids stand in the input."""
    lines = [f"package {_PACKAGE}", "", "import rego.v1", "", "answered := answers"]
    for rule in rules:
        lines += ["", f'answers["{rule.id}"] := denials if {{', f'\t"{rule.id}" in input.{_ASKED}']
        lines += [f"\tdenials := data.{rule.module.package}.deny", "}"]
    return Module("reach.rego", _PACKAGE, "\n".join([*lines, ""]))
