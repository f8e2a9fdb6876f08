"""Judge in the embedded engine: regorus, a Rego interpreter in Rust, from the wheel ``gordon-to-regorus``.

It accepts what OPA refuses and is silent where OPA reports, in the ways listed in ``rego_safety``; so nothing is loaded
that has not been vetted. An engine belongs to the thread that made it.
Upstream: https://github.com/microsoft/regorus
"""

from __future__ import annotations

import json
import re
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import orjson

from compiler.policy.errors import Faults, PolicyError
from compiler.policy.rego_safety import vet
from compiler.policy.syntax import Syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from compiler.policy.library import Module

_DISTRIBUTION = "gordon-to-regorus"
_LOCATED = re.compile(r"--> (?P<place>\S+)\n.*\nerror: (?P<reason>[^\n]+)", re.DOTALL)
"""A message of the interpreter that shows the line that it is about."""
_UNDEFINED = '"<undefined>"'


class Regorus:
    """Judge by the policies that one interpreter holds."""

    name = "regorus"

    def __init__(self) -> None:
        # Imported here, so that commands which judge nothing do not pay for it.
        self._engine = import_module("regorus").Engine()

    @property
    def version(self) -> str:
        """The version of the installed wheel."""
        return metadata.version(_DISTRIBUTION)

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Take the policies and their data, after vetting (see :class:`compiler.policy.engine.Engine`)."""
        packages, faults = {module.path: module.package for module in modules}, Faults()
        unread = set(packages)
        for module in modules:
            with faults.collected():
                _call(self._engine.add_policy, module.path, module.text)
                unread.remove(module.path)
        _call(self._engine.add_data_json, json.dumps(data))
        try:
            tree = orjson.loads(_call(self._engine.get_ast_as_json))
            with faults.collected():
                vet(tree, packages, data, (packages[path] for path in unread))
        except (RecursionError, orjson.JSONDecodeError):  # the parser of JSON has a bound of its own
            faults.add("an expression of the policies is too deep to be vetted")
        faults.refuse()

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value (see :class:`compiler.policy.engine.Engine`)."""
        value = self.value(rule, document)
        if value is None:
            raise PolicyError(f"the policy rule {rule} is undefined for its input")
        return json.loads(value)

    def value(self, rule: str, document: str) -> str | None:
        """Return a rule's value as JSON text, or None where it is undefined.

        Raises:
            PolicyError: there is no such rule, or the evaluation failed.
        """
        _call(self._engine.set_input_json, document)
        answer: str = _call(self._engine.eval_rule_as_json, f"data.{rule}")
        return None if answer == _UNDEFINED else answer

    def confirm(self) -> None:
        """Confirm at once, since nobody else reaches the interpreter (see :class:`compiler.policy.engine.Engine`)."""


class Instrumented(Regorus):
    """Hold the policies' own tests too, and count the lines that run."""

    def add_tests(self, tests: Iterable[Module]) -> dict[str, Syntax]:
        """Take tests after the policies, and return the syntax of every file by its path.

        Raises:
            PolicyError: the tests do not compile.
        """
        for module in tests:
            _call(self._engine.add_policy, module.path, module.text)
        return {item["source"]["file"]: Syntax.of(item) for item in orjson.loads(_call(self._engine.get_ast_as_json))}

    def count_anew(self) -> None:
        """Forget every line that has been run."""
        _call(self._engine.set_enable_coverage, True)
        _call(self._engine.clear_coverage_data)

    def lines(self, path: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the lines of a file that have run since then, and those that have not; none where nothing has."""
        for file in json.loads(_call(self._engine.get_coverage_report_as_json))["files"]:
            if file["path"] == path:
                return tuple(file["covered"]), tuple(file["not_covered"])
        return (), ()


def _call(function: Callable[..., Any], *arguments: object) -> Any:
    """Call the engine; what it raises becomes a PolicyError without the interpreter's own stack."""
    try:
        return function(*arguments)
    except BaseException as error:
        # A panic of Rust code derives from BaseException, in a module that cannot be imported.
        if not isinstance(error, RuntimeError) and type(error).__name__ != "PanicException":
            raise
        message = str(error).partition("Stack backtrace")[0].strip()
        if located := _LOCATED.fullmatch(message):
            raise PolicyError(f"{located['place']}: {located['reason']}") from None
        raise PolicyError(f"the policy engine failed: {message}") from None
