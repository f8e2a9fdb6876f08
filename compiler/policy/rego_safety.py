"""Static checks that refuse Rego which engines evaluate differently: some would silently stop denying.

The checks read the syntax tree of regorus. They hold for every engine, because they refuse the constructs on which
engines disagree: an unresolved name (undefined, so that a rule never fires), a builtin outside the list below, a
negated expression over a value that may be missing, such a value in a rule's head, a second default, a variable
with the name of an import, and verbs of ``sprintf`` with different output.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from compiler.policy.errors import Faults
from compiler.policy.library import HELPERS
from compiler.policy.syntax import Call, Chain, Negation, Syntax, Tree, uses

BUILTINS = frozenset(
    {
        "abs", "array.concat", "array.slice", "concat", "contains", "count", "endswith", "format_int", "indexof",
        "is_array", "is_boolean", "is_null", "is_number", "is_object", "is_string", "json.unmarshal", "lower", "max",
        "min", "net.cidr_contains", "numbers.range", "object.get", "object.keys", "object.remove", "object.union",
        "regex.match", "replace", "sort", "split", "sprintf", "startswith", "substring", "sum", "to_number", "trim",
        "trim_left", "trim_prefix", "trim_right", "trim_space", "trim_suffix", "upper", "walk",
    }
)  # fmt: skip
"""Builtins with equal results in OPA and regorus, for the types that these policies pass."""

Fault = tuple[str, str]
"""A ``file`` or ``file:line``, and the fault there."""
_VERBS = re.compile(r"%(?![sdv%])")


def vet(
    tree: Sequence[Mapping[str, Any]],
    packages: Mapping[str, str],
    data: Mapping[str, Any],
    unread: Iterable[str] = (),
) -> None:
    """Refuse policies that could silently stop denying.

    ``tree`` is regorus' syntax tree; ``packages`` maps each file to the package of its folder, and ``unread`` names
    the packages with files that did not parse, in which any name is accepted.

    Raises:
        PolicyError: it names the file and line of each fault.
    """
    faults = Faults()
    modules = []
    for item in tree:
        with faults.collected():
            modules.append(Syntax.of(item))
    unread = {*unread, *(packages[item["source"]["file"]] for item in tree)} - {module.package for module in modules}
    names = _Names({module.package: module for module in modules}, data, frozenset(unread))
    for module in modules:
        for place, fault in _faults(module, names, packages[module.file]):
            faults.add(f"{place}: {fault}")
    faults.refuse()


def _faults(module: Syntax, names: _Names, package: str) -> Iterator[Fault]:
    if module.package != package:
        yield module.file, f"the package is {module.package}, the folder says {package}"
    used = uses(module.rules)
    yield from _defaults(module)
    yield from _names(module, names, used.chains)
    yield from _calls(module, names, used.calls)
    yield from _variables(module, used.patterns)
    yield from _negations(module, used.negations)
    yield from _heads(module, names)
    if package.split(".")[0] not in (HELPERS, "gate"):
        yield from _rule(module)


@dataclass(frozen=True, slots=True)
class _Names:
    """A resolver of names to rules of packages, or to data."""

    modules: Mapping[str, Syntax]
    data: Mapping[str, Any]
    unread: frozenset[str]

    def lead(self, path: Sequence[str]) -> bool:
        """Return whether ``data.<path>`` is a package, a rule of one, or a value in the data."""
        for length in range(1, len(path) + 1):
            package = ".".join(path[:length])
            if package in self.unread:
                return True
            module = self.modules.get(package)
            if module:
                return length == len(path) or path[length] in module.names
        node: Any = self.data
        for key in path:
            if not isinstance(node, Mapping) or key not in node:
                return False
            node = node[key]
        return True

    def function(self, module: Syntax, name: Sequence[str]) -> bool:
        """Return whether a called name is a function of the module, or of an imported one."""
        if len(name) == 1:
            return name[0] in module.functions
        path = module.absolute(name)
        if path and ".".join(path[:-1]) in self.unread:
            return True
        target = self.modules.get(".".join(path[:-1])) if path else None
        return target is not None and path[-1] in target.functions


def _defaults(module: Syntax) -> Iterator[Fault]:
    for name, number in Counter(module.defaults).items():
        if number > 1:
            yield module.file, f"the rule {name} has {number} defaults"


def _names(module: Syntax, names: _Names, chains: Iterable[Chain]) -> Iterator[Fault]:
    for path, line in module.imports.values():
        if not names.lead(path):
            yield f"{module.file}:{line}", f"there is no data.{'.'.join(path)} to import"
    for chain in chains:
        path = module.absolute(chain.parts)
        if path and not names.lead(path):
            yield f"{module.file}:{chain.line}", f"data.{'.'.join(path)} leads nowhere"


def _calls(module: Syntax, names: _Names, calls: Iterable[Call]) -> Iterator[Fault]:
    for call in calls:
        place, name = f"{module.file}:{call.line}", ".".join(call.name)
        if name not in BUILTINS and not names.function(module, call.name):
            yield place, f"the function {name} is not one that policies may call"
        if name == "sprintf" and not _printable(call):
            yield place, "sprintf takes a literal format with %s, %d and %v alone"


def _printable(call: Call) -> bool:
    literal = call.parameters[0].get("String", call.parameters[0].get("RawString"))
    return literal is not None and not _VERBS.search(literal["value"].replace("%%", ""))


def _variables(module: Syntax, patterns: Sequence[Tree]) -> Iterator[Fault]:
    """Refuse variables that hide an import: engines are given references that are written out."""
    for chain in uses(patterns).chains:
        if path := module.absolute(chain.parts):
            yield f"{module.file}:{chain.line}", f"a variable has the name of the import data.{'.'.join(path)}"


def _negations(module: Syntax, negations: Iterable[Negation]) -> Iterator[Fault]:
    for negation in negations:
        for chain in uses(negation.expression).chains:
            if (len(chain.parts) > 1 or chain.open) and not module.absolute(chain.parts):
                place = f"{module.file}:{negation.line}"
                yield place, f"'not' over {_named(chain)}, which may be missing: bind it first"


def _named(chain: Chain) -> str:
    """Return the fixed part of a reference, or words where it starts with an expression."""
    return ".".join(chain.parts) or "an item of an expression"


def _heads(module: Syntax, names: _Names) -> Iterator[Fault]:
    """Refuse values in a head that may be missing: if the last entry has one, regorus drops every other entry."""
    for used in module.results:
        for chain in used.chains:
            of_a_local = len(chain.parts) > 1 and chain.parts[0] != "input"
            if (chain.open or of_a_local) and not module.absolute(chain.parts):
                place = f"{module.file}:{chain.line}"
                yield place, f"a rule's head uses {_named(chain)}, which may be missing: bind it in the body"
        for call in used.calls:
            if names.function(module, call.name):
                place, name = f"{module.file}:{call.line}", ".".join(call.name)
                yield place, f"a rule's head calls {name}, which may be undefined: bind it in the body"


def _rule(module: Syntax) -> Iterator[Fault]:
    """Refuse a rule with denials that do not iterate over ``examined``, which shows that the rule judged something."""
    for name in ("deny", "examined"):
        if name not in module.sets:
            yield module.file, f"the rule has no set '{name}': write {name} contains ... if {{ ... }}"
    for line, body in module.bodies("deny"):
        if not any(_iterates_examined(statement) for statement in body):
            yield f"{module.file}:{line}", "a body of deny does not go through 'some ... in examined'"


def _iterates_examined(statement: Mapping[str, Any]) -> bool:
    collection = statement["literal"].get("SomeIn", {}).get("collection", {})
    return bool(collection.get("Var", {}).get("value") == "examined")
