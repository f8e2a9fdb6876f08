"""The values that an expression of a rule may have, where they follow from constants of its module alone.

A variable stands for the entries of a constant, if ``some ... in`` binds it, and nothing else does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

from compiler.policy.syntax import children, descendants

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compiler.policy.syntax import Tree

_CONCAT = ("array", "concat")
_ITERATION = "SomeIn"
_OTHERWISE = ("AssignExpr", "Every", "SomeVars")
"""Expressions that may give a variable a value, besides ``some ... in``."""


@dataclass(frozen=True)
class Constants:
    """The constants of a module by name, and one definition of a rule in it."""

    values: Mapping[str, Any]
    definition: Tree

    def of(self, tree: Tree) -> list[Any] | None:
        """Return every value that an expression may have; None where it may have another one."""
        ((kind, node),) = tree.items()
        if kind in ("String", "RawString"):
            return [node["value"]]
        if kind == "Array":
            return _products(map(self.of, node["items"]))
        if kind == "Call" and _called(node) == _CONCAT:
            pairs = _products(map(self.of, node["params"]))
            return None if pairs is None else [[*one, *other] for one, other in pairs]
        return self._of_variable(node["value"]) if kind == "Var" else None

    def _of_variable(self, name: str) -> list[Any] | None:
        if name in self._bound_otherwise:
            return None
        if name not in self._iterated:
            return [self.values[name]] if name in self.values else None
        found: list[Any] = []
        for collection in self._iterated[name]:
            values = self.of(collection)
            if values is None or not all(isinstance(value, list | dict) for value in values):
                return None
            found += (entry for value in values for entry in (value.values() if isinstance(value, dict) else value))
        return found

    @cached_property
    def _bindings(self) -> Mapping[str, Sequence[Tree]]:
        """The expressions of the definition that give variables values, by their kind."""
        found: dict[str, list[Tree]] = {}
        for key, node in descendants(self.definition):
            if key == _ITERATION or key in _OTHERWISE:
                found.setdefault(key, []).append(node)
        return found

    @cached_property
    def _iterated(self) -> Mapping[str, list[Tree]]:
        """The collections over which each variable iterates, as the value of a ``some ... in``."""
        found: dict[str, list[Tree]] = {}
        for node in self._bindings.get(_ITERATION, ()):
            if "Var" in node["value"]:
                found.setdefault(node["value"]["Var"]["value"], []).append(node["collection"])
        return found

    @cached_property
    def declared(self) -> frozenset[str]:
        """The variables that the definition declares, each of which hides the rule of its name."""
        return self._declared_otherwise | self._iterated.keys()

    @cached_property
    def _declared_otherwise(self) -> frozenset[str]:
        """The variables that are an argument, a key, a part of a pattern, or assigned."""
        found = set(_variables(self.definition["head"].get("Func", {}).get("args", [])))
        for node in self._bindings.get(_ITERATION, ()):
            found.update(_variables(node["key"] or []))
            found.update(() if "Var" in node["value"] else _variables(node["value"]))
        for kind in _OTHERWISE:
            for node in self._bindings.get(kind, ()):
                found.update(_variables(node["lhs"] if kind == "AssignExpr" else node))
        return frozenset(found)

    @cached_property
    def _bound_otherwise(self) -> frozenset[str]:
        """The variables that something else than ``some ... in`` gives a value, where they are not in its scope.

        Where one is in scope, nothing gives it another value: ``walk(held, [path, value])`` only compares it.
        """
        return self._declared_otherwise | self._iterated.keys() & frozenset(_outside(self.definition, frozenset()))


def _products(choices: Iterable[list[Any] | None]) -> list[Any] | None:
    """Return every list with one of the choices for each entry."""
    every = list(choices)
    return None if None in every else [list(chosen) for chosen in product(*(of for of in every if of is not None))]


def _called(call: Tree) -> tuple[str, ...]:
    named = call["fcn"].get("RefDot", {})
    return (named["refr"]["Var"]["value"], named["field"][1]) if "Var" in named.get("refr", {}) else ()


def _outside(tree: Tree, declared: frozenset[str]) -> Iterator[str]:
    """Yield the variables of a tree that no ``some ... in`` of a query around them declares."""
    if isinstance(tree, dict):
        if "Var" in tree and tree["Var"]["value"] not in declared:
            yield tree["Var"]["value"]
        queries = [body["query"] for body in tree.get("bodies", ())] + ([tree["query"]] if "query" in tree else [])
        for statement in (statement for query in queries for statement in query["stmts"]):
            declared |= frozenset(_variables(statement["literal"].get("SomeIn", {}).get("value", {})))
    for key, item in children(tree):
        if key != "domain":
            yield from _outside(item, declared)
    if isinstance(tree, dict) and "domain" in tree:
        yield from _variables(tree["domain"])


def _variables(tree: Tree) -> Iterator[str]:
    """Return the names in a tree; a name that a variable only reads counts too, which does no harm."""
    return (node["value"] for key, node in descendants(tree) if key == "Var")
