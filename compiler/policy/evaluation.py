"""Evaluation of one rule, or of an ad-hoc Rego file, on the input of a cluster, for authors of rules."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.policy.denial import Denial, answer
from compiler.policy.errors import PolicyError
from compiler.policy.files import read_text
from compiler.policy.gate import load
from compiler.policy.library import Module
from compiler.policy.regorus import Instrumented
from compiler.policy.selection import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from compiler.policy.library import Rule

_PACKAGE = re.compile(r"^package\s+([a-z0-9_.]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The answer of a rule for one cluster: its denials, and every value that it examined."""

    rule: str
    cluster: str
    denials: tuple[Denial, ...]
    examined: tuple[Any, ...]


def evaluate(policies: Path, rule: Rule, inputs: Mapping[str, Any]) -> tuple[Evaluation, ...]:
    """Return the answer of a rule for the input of each cluster, without running the rule's fixture.

    Raises:
        PolicyError: the policies cannot be loaded, or the rule's answer is malformed.
    """
    engine, found = load(policies, Instrumented).engine, []
    for cluster, document in inputs.items():
        text = json.dumps(document)
        said = answer(rule.id, engine.evaluate(f"gate.{rule.id}", text))
        examined = engine.evaluate(f"{rule.module.package}.examined", text)
        found.append(Evaluation(rule.id, cluster, said.denials, tuple(examined)))
    return tuple(found)


def ask(policies: Path, file: Path, document: Any) -> dict[str, Any]:
    """Return the values of the rules of a Rego file, by name, for an input; undefined rules are left out.

    The file may import the helpers and the data of the policies, and must have a package of its own.

    Raises:
        PolicyError: the policies or the file cannot be loaded, or its package is one of the policies.
    """
    engine = Instrumented()
    library, text = load(policies, lambda: engine).library, read_text(file)
    found = _PACKAGE.search(text)
    package = found[1] if found else ""
    if not package or package in {module.package for module in library.modules}:
        raise PolicyError(f"{file}: begin the file with a package of its own, as 'package question'")
    syntax = engine.add_tests([Module(str(file), package, text)])[str(file)]
    values = {}
    for name in sorted(syntax.names - syntax.functions):
        value = engine.value(f"{package}.{name}", json.dumps(document))
        if value is not None:
            values[name] = json.loads(value)
    return values


def part(document: Any, path: str) -> Any:
    """Return the value of a document at a path, such as ``spec.compute`` or ``documents[0].object``.

    Raises:
        UnknownError: the path does not exist; the message suggests a similar key.
    """
    for key in re.findall(r"[^.\[\]]+", path):
        if isinstance(document, list):
            known = {str(index): item for index, item in enumerate(document)}
        else:
            known = document if isinstance(document, dict) else {}
        if key not in known:
            raise unknown(f"value at {path}:", key, known, otherwise="")
        document = known[key]
    return document
