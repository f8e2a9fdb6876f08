"""The embedded engine: regorus, a Rego interpreter in Rust, from the wheel ``gordon-to-regorus``.

It accepts some policies that OPA refuses, and misses errors that OPA reports (see ``rego_safety``), so every module is
vetted before it is loaded. An engine belongs to the thread that made it.
Upstream: https://github.com/microsoft/regorus
"""

from __future__ import annotations

import json
import re
from functools import partial
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import orjson

from compiler.policy import workers
from compiler.policy.errors import Faults, PolicyError
from compiler.policy.imports import written_out
from compiler.policy.rego_safety import vet
from compiler.policy.syntax import Syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from compiler.policy.library import Module

_DISTRIBUTION = "gordon-to-regorus"
_LOCATED = re.compile(r"--> (?P<place>\S+)\n.*\nerror: (?P<reason>[^\n]+)", re.DOTALL)
"""An error message of the interpreter with a location."""
_PLACE = re.compile(r":(\d+):\d+\b")
_UNDEFINED = '"<undefined>"'


def version() -> str:
    """Return the version of the installed wheel."""
    return metadata.version(_DISTRIBUTION)


class Regorus:
    """An engine on one interpreter."""

    name = "regorus"

    def __init__(self) -> None:
        # Imported here, so that commands without a gate do not load it.
        self._engine = import_module("regorus").Engine()

    @property
    def version(self) -> str:
        """The version of the installed wheel."""
        return version()

    def load(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Vet and load the policies and their data (see :class:`compiler.policy.engine.Engine`)."""
        packages, faults = {module.path: module.package for module in modules}, Faults()
        unread = set(packages)
        for module in modules:
            with faults.collected():
                self._add(module)
                unread.remove(module.path)
        _call(self._engine.add_data_json, json.dumps(data))
        try:
            tree = self._trees()
            with faults.collected():
                vet(tree, packages, data, (packages[path] for path in unread))
        except (RecursionError, orjson.JSONDecodeError):  # the JSON parser limits the depth too
            faults.add("an expression of the policies is too deep to be vetted")
        faults.refuse()

    def load_vetted(self, modules: Iterable[Module], data: Mapping[str, Any]) -> None:
        """Load policies and data that were vetted before, as :meth:`load` does.

        Raises:
            PolicyError: they do not compile.
        """
        for module in modules:
            self._add(module)
        _call(self._engine.add_data_json, json.dumps(data))

    def _trees(self) -> Any:
        """Return the syntax trees of all modules, of which the interpreter makes a long text."""
        return orjson.loads(_call(self._engine.get_ast_as_json))

    def _add(self, module: Module) -> None:
        """Parse a module with its references written out."""
        try:
            _call(self._engine.add_policy, module.path, written_out(module.text))
        except PolicyError as error:
            _call(self._engine.add_policy, module.path, module.text)  # an error of its own text has the right column
            place = _PLACE.search(str(error))
            raise PolicyError(
                f"{module.path}:{place[1] if place else 1}: a variable has the name of an import"
            ) from None

    def need(self, rules: Iterable[str]) -> None:
        """Do nothing: every rule is loaded."""

    def evaluate(self, rule: str, document: str) -> Any:
        """Return a rule's value (see :class:`compiler.policy.engine.Engine`)."""
        return json.loads(self._defined(rule, document))

    def evaluate_some(self, rules: Iterable[str], document: str) -> Mapping[str, Any]:
        """Return the values of some rules by their names, for one input; what they share is evaluated once.

        Raises:
            PolicyError: a rule does not exist, its value is undefined, or the evaluation failed.
        """
        query = ",\n".join(f'"{rule}": data.{rule}' for rule in rules)
        _call(self._engine.set_input_json, document)
        found = json.loads(_call(self._engine.eval_query_as_json, f"{{{query}}}"))
        if not found:
            raise PolicyError("one of the policy rules that were asked is undefined for its input")
        values: Mapping[str, Any] = found["result"][0]["expressions"][0]["value"]
        return values

    def evaluate_each(self, rule: str, documents: Iterable[str]) -> Iterator[Any]:
        """Yield a rule's value for each input, from several processes (see :class:`compiler.policy.engine.Engine`)."""
        found = workers.answers(partial(self._defined, rule), documents, workers.processors())
        return map(json.loads, found)

    def _defined(self, rule: str, document: str) -> str:
        value = self.value(rule, document)
        if value is None:
            raise PolicyError(f"the policy rule {rule} is undefined for its input")
        return value

    def value(self, rule: str, document: str) -> str | None:
        """Return a rule's value as JSON text, or None when it is undefined.

        Raises:
            PolicyError: the rule does not exist, or the evaluation failed.
        """
        _call(self._engine.set_input_json, document)
        answer: str = _call(self._engine.eval_rule_as_json, f"data.{rule}")
        return None if answer == _UNDEFINED else answer

    def confirm(self) -> None:
        """Do nothing: no other process can change the interpreter (see :class:`compiler.policy.engine.Engine`)."""


class Instrumented(Regorus):
    """An engine that also holds the policies' tests, and measures line coverage."""

    def __init__(self) -> None:
        super().__init__()
        self._left: Any = None

    def _trees(self) -> Any:
        """Return the syntax trees; every second call gets those of the first, if no module was added meanwhile.

        Policies are vetted, and then analysed, by the same trees.
        """
        found, self._left = self._left, None
        if found is None:
            found = self._left = super()._trees()
        return found

    def _add(self, module: Module) -> None:
        self._left = None
        super()._add(module)

    def add_tests(self, tests: Iterable[Module]) -> dict[str, Syntax]:
        """Load tests after the policies, and return the syntax of every file by its path.

        Raises:
            PolicyError: the tests do not compile.
        """
        for module in tests:
            self._add(module)
        return {item["source"]["file"]: Syntax.of(item) for item in self._trees()}

    def count_anew(self) -> None:
        """Reset the coverage."""
        _call(self._engine.set_enable_coverage, True)
        _call(self._engine.clear_coverage_data)

    def lines(self, path: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the covered and the uncovered lines of a file since the last reset; none when none of it ran."""
        for file in json.loads(_call(self._engine.get_coverage_report_as_json))["files"]:
            if file["path"] == path:
                return tuple(file["covered"]), tuple(file["not_covered"])
        return (), ()


def _call(function: Callable[..., Any], *arguments: object) -> Any:
    """Call the engine; turn its errors into a PolicyError without the interpreter's stack trace."""
    try:
        return function(*arguments)
    except BaseException as error:
        # A Rust panic is a BaseException of a class that cannot be imported.
        if not isinstance(error, RuntimeError) and type(error).__name__ != "PanicException":
            raise
        message = str(error).partition("Stack backtrace")[0].strip()
        if located := _LOCATED.fullmatch(message):
            raise PolicyError(f"{located['place']}: {located['reason']}") from None
        raise PolicyError(f"the policy engine failed: {message}") from None
