"""What policies must not say, found before they judge: engines would accept it and some would quietly stop denying.

The checks read the syntax tree of regorus. They hold for every engine, since they refuse exactly what engines disagree
on: a name that leads nowhere (undefined, so that a rule never fires), a builtin outside the list below, a negated
expression over a value that may be missing, such a value in a rule's head, a second default, a verb of ``sprintf``
that is printed differently.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.policy.errors import PolicyError
from compiler.policy.library import HELPERS
from compiler.policy.syntax import Call, Chain, Negation, Syntax, uses

BUILTINS = frozenset(
    {
        "abs", "array.concat", "array.slice", "concat", "contains", "count", "endswith", "format_int", "indexof",
        "is_array", "is_boolean", "is_null", "is_number", "is_object", "is_string", "lower", "max", "min",
        "net.cidr_contains", "numbers.range", "object.get", "object.keys", "object.remove", "object.union",
        "regex.match", "replace", "sort", "split", "sprintf", "startswith", "substring", "sum", "to_number", "trim",
        "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "upper", "walk",
    }
)  # fmt: skip
"""Builtins that answer alike in OPA and regorus, for the types that these policies give them."""

_VERBS = re.compile(r"%(?![sdv%])")


def vet(tree: Sequence[Mapping[str, Any]], packages: Mapping[str, str], data: Mapping[str, Any]) -> None:
    """Refuse policies that could stop denying unnoticed.

    ``tree`` is regorus' syntax tree; ``packages`` says of each file which package its folder stands for.

    Raises:
        PolicyError: with the file and line of the first such place.
    """
    modules = [Syntax.of(item) for item in tree]
    names = _Names({module.package: module for module in modules}, data)
    for module in modules:
        if module.package != packages[module.file]:
            raise PolicyError(
                f"{module.file}: the package is {module.package}, the folder says {packages[module.file]}"
            )
    for module in modules:
        _vet_defaults(module)
        used = uses(module.rules)
        _vet_names(module, names, used.chains)
        _vet_calls(module, names, used.calls)
        _vet_negations(module, used.negations)
        _vet_heads(module, names)
        if module.package.split(".")[0] not in (HELPERS, "gate"):
            _vet_rule(module)


@dataclass(frozen=True, slots=True)
class _Names:
    """Where names lead: to rules of packages, or into data."""

    modules: Mapping[str, Syntax]
    data: Mapping[str, Any]

    def lead(self, path: Sequence[str]) -> bool:
        """Say whether ``data.<path>`` is a package, a rule of one, or a place in the data."""
        for length in range(1, len(path) + 1):
            module = self.modules.get(".".join(path[:length]))
            if module:
                return length == len(path) or path[length] in module.names
        node: Any = self.data
        for key in path:
            if not isinstance(node, Mapping) or key not in node:
                return False
            node = node[key]
        return True

    def function(self, module: Syntax, name: Sequence[str]) -> bool:
        """Say whether a name that is called is a function of the module, or of one that it imports."""
        if len(name) == 1:
            return name[0] in module.functions
        path = module.absolute(name)
        target = self.modules.get(".".join(path[:-1])) if path else None
        return target is not None and path[-1] in target.functions


def _vet_defaults(module: Syntax) -> None:
    for name, number in Counter(module.defaults).items():
        if number > 1:
            raise PolicyError(f"{module.file}: the rule {name} has {number} defaults")


def _vet_names(module: Syntax, names: _Names, chains: Iterable[Chain]) -> None:
    for path, line in module.imports.values():
        if not names.lead(path):
            raise PolicyError(f"{module.file}:{line}: there is no data.{'.'.join(path)} to import")
    for chain in chains:
        path = module.absolute(chain.parts)
        if path and not names.lead(path):
            raise PolicyError(f"{module.file}:{chain.line}: data.{'.'.join(path)} leads nowhere")


def _vet_calls(module: Syntax, names: _Names, calls: Iterable[Call]) -> None:
    for call in calls:
        name = ".".join(call.name)
        if name not in BUILTINS and not names.function(module, call.name):
            raise PolicyError(f"{module.file}:{call.line}: the function {name} is not one that policies may call")
        if name == "sprintf" and not _printable(call):
            raise PolicyError(f"{module.file}:{call.line}: sprintf takes a literal format with %s, %d and %v alone")


def _printable(call: Call) -> bool:
    literal = call.parameters[0].get("String", call.parameters[0].get("RawString"))
    return literal is not None and not _VERBS.search(literal["value"].replace("%%", ""))


def _vet_negations(module: Syntax, negations: Iterable[Negation]) -> None:
    for negation in negations:
        for chain in uses(negation.expression).chains:
            if (len(chain.parts) > 1 or chain.open) and not module.absolute(chain.parts):
                name = ".".join(chain.parts)
                raise PolicyError(
                    f"{module.file}:{negation.line}: 'not' over {name}, which may be missing: bind it first"
                )


def _vet_heads(module: Syntax, names: _Names) -> None:
    """Refuse a head with what may be missing: regorus forgets every other entry of the rule where its last one is."""
    for used in module.results:
        for chain in used.chains:
            of_a_local = len(chain.parts) > 1 and chain.parts[0] != "input"
            if (chain.open or of_a_local) and not module.absolute(chain.parts):
                place, name = f"{module.file}:{chain.line}", ".".join(chain.parts)
                raise PolicyError(f"{place}: a rule's head uses {name}, which may be missing: bind it in the body")
        for call in used.calls:
            if names.function(module, call.name):
                place, name = f"{module.file}:{call.line}", ".".join(call.name)
                raise PolicyError(f"{place}: a rule's head calls {name}, which may be undefined: bind it in the body")


def _vet_rule(module: Syntax) -> None:
    """Every denial is about something examined, so that a rule that examined nothing has judged nothing."""
    for name in ("deny", "examined"):
        if name not in module.sets:
            raise PolicyError(f"{module.file}: the rule has no set '{name}' ({name} contains ... if)")
    for body in module.bodies("deny"):
        if not any(_iterates_examined(statement) for statement in body):
            raise PolicyError(f"{module.file}: a body of deny does not go through 'some ... in examined'")


def _iterates_examined(statement: Mapping[str, Any]) -> bool:
    collection = statement["literal"].get("SomeIn", {}).get("collection", {})
    return bool(collection.get("Var", {}).get("value") == "examined")
