"""The parts of regorus' syntax tree that :mod:`compiler.policy.rego_safety` checks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from compiler.policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Tree = Any
"""A JSON value; a node is a mapping from the name of its kind to its fields."""
_COLLECTIONS = (dict, list)
_REFERENCES = frozenset({"Var", "RefDot", "RefBrack"})
_BINDING = {"Func": ("args",), "SomeIn": ("key", "value"), "AssignExpr": ("lhs",)}
"""The nodes that give values to variables, and the fields with these."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A reference such as ``data.thresholds.zones[stage]``: its fixed leading parts, and whether more follow."""

    parts: tuple[str, ...]
    open: bool
    line: int


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function."""

    name: tuple[str, ...]
    parameters: Sequence[Tree]
    line: int


@dataclass(frozen=True, slots=True)
class Negation:
    """A negated expression (``not``)."""

    expression: Tree
    line: int


@dataclass(frozen=True)
class Syntax:
    """The syntax of one module: its package, its imports, and its rules."""

    file: str
    package: str
    imports: Mapping[str, tuple[tuple[str, ...], int]]
    rules: Sequence[Tree]

    @classmethod
    def of(cls, tree: Tree) -> Syntax:
        """Return the syntax of one module of the engine's tree."""
        file, module = tree["source"]["file"], tree["ast"]
        imports = {}
        for item in module["imports"]:
            parts, line = _chain(item["refr"]).parts, item["span"]["line"]
            if parts[0] == "rego":
                continue
            if parts[0] != "data" or item.get("as"):
                raise PolicyError(f"{file}:{line}: import packages and data, under their own names")
            imports[parts[-1]] = (parts[1:], line)
        return cls(file, ".".join(_chain(module["package"]["refr"]).parts), imports, module["rules"])

    def absolute(self, parts: Sequence[str]) -> tuple[str, ...]:
        """Return the path of a reference below ``data``; empty when it starts elsewhere."""
        if parts[0] == "data":
            return tuple(parts[1:])
        return (*self.imports[parts[0]][0], *parts[1:]) if parts[0] in self.imports else ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all rules."""
        return frozenset(self.definitions)

    @cached_property
    def definitions(self) -> Mapping[str, Sequence[Tree]]:
        """The definitions of each rule by its name, without its defaults."""
        found: dict[str, list[Tree]] = {}
        for name, _, rule in self._heads():
            found.setdefault(name, []).append(rule)
        return found

    @cached_property
    def functions(self) -> frozenset[str]:
        """The names of rules that take arguments."""
        return frozenset(name for name, kind, _ in self._heads() if kind == "Func")

    @cached_property
    def sets(self) -> frozenset[str]:
        """The names of rules that are sets."""
        return frozenset(name for name, kind, _ in self._heads() if kind == "Set")

    @property
    def defaults(self) -> tuple[str, ...]:
        """The names of rules with a default, once for each default."""
        return tuple(_chain(rule["Default"]["refr"]).parts[0] for rule in self.rules if "Default" in rule)

    @property
    def results(self) -> Iterator[Uses]:
        """Yield the references, calls and negations in each rule's head, without functions."""
        for _, kind, rule in self._heads():
            if kind != "Func":
                yield uses([_without_comprehensions(part) for part in _head_parts(rule["head"][kind])])

    @property
    def rule_lines(self) -> tuple[tuple[str, int], ...]:
        """The name and the line of each rule, once for each of its definitions."""
        heads = (
            _chain(head["refr"]) for rule in self.rules if "Spec" in rule for head in rule["Spec"]["head"].values()
        )
        return tuple((head.parts[0], head.line) for head in heads)

    def bodies(self, name: str) -> Iterator[tuple[int, Sequence[Tree]]]:
        """Yield the line and the statements of each body of a rule."""
        for head, _, rule in self._heads():
            if head == name:
                yield from ((rule["span"]["line"], body["query"]["stmts"]) for body in rule["bodies"])

    def _heads(self) -> Iterator[tuple[str, str, Tree]]:
        for rule in self.rules:
            if "Spec" in rule:
                ((kind, head),) = rule["Spec"]["head"].items()
                yield _chain(head["refr"]).parts[0], kind, rule["Spec"]


def children(tree: Tree) -> Iterator[tuple[Any, Tree]]:
    """Yield the nodes and lists right below a node or a list, each with its key; not the places in the text."""
    below: Iterable[tuple[Any, Tree]] = tree.items() if isinstance(tree, dict) else enumerate(tree)
    return ((key, item) for key, item in below if type(item) in _COLLECTIONS and key != "span")


def descendants(tree: Tree) -> Iterator[tuple[Any, Tree]]:
    """Yield all nodes and lists below a node or a list, each with its key, in no order of the text."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        for key, item in node.items() if type(node) is dict else enumerate(node):
            if type(item) in _COLLECTIONS and key != "span":  # as children() has it, without a generator at each node
                yield key, item
                waiting.append(item)


@dataclass(frozen=True, slots=True)
class Uses:
    """The references, calls and negations of a tree, in the order of the text.

    ``chains`` are its references and variables, without the names of called functions. ``patterns`` are the trees of
    arguments, and of what ``:=`` and ``some ... in`` give values to.
    """

    chains: list[Chain]
    calls: list[Call]
    negations: list[Negation]
    patterns: list[Tree]


def uses(tree: Tree) -> Uses:
    """Return the references, calls and negations of a tree, collected in one walk because the tree is large."""
    found = Uses([], [], [], [])
    _collect(tree, found)
    return found


def _collect(tree: Tree, found: Uses) -> None:
    for kind, node in tree.items() if type(tree) is dict else enumerate(tree):
        if type(node) not in _COLLECTIONS or kind == "span":  # as children() has it, without a generator at each node
            continue
        if kind in _REFERENCES:
            found.chains.append(_chain({kind: node}))
            _collect_indices(kind, node, found)
        elif kind == "Call":
            found.calls.append(Call(_chain(node["fcn"]).parts, node["params"], node["span"]["line"]))
            _collect(node["params"], found)
        else:
            if kind == "NotExpr":
                found.negations.append(Negation(node["expr"], node["span"]["line"]))
            elif kind in _BINDING and node.get("op", "ColEq") == "ColEq":
                found.patterns.extend(node[key] for key in _BINDING[kind] if node[key])
            _collect(node, found)


def _head_parts(head: Tree) -> Iterator[Tree]:
    """Yield the expressions of a head, without the rule's own name."""
    yield from (part for name, part in head.items() if name not in ("span", "refr"))
    if "RefBrack" in head["refr"]:
        yield head["refr"]["RefBrack"]["index"]


def _without_comprehensions(tree: Tree) -> Tree:
    """Return a tree whose comprehensions hold nothing but their place: a missing value in one omits only one item."""
    if isinstance(tree, dict):
        return {
            kind: {"span": node["span"]} if kind.endswith("Compr") else _without_comprehensions(node)
            for kind, node in tree.items()
        }
    return [_without_comprehensions(node) for node in tree] if isinstance(tree, list) else tree


def _collect_indices(kind: str, fields: Tree, found: Uses) -> None:
    """Collect the uses inside a reference: in its brackets and at its start."""
    if kind == "RefBrack":
        _collect(fields["index"], found)
    if kind != "Var":
        ((base, below),) = fields["refr"].items()
        if base in _REFERENCES:
            _collect_indices(base, below, found)
        else:
            _collect(fields["refr"], found)


def _chain(node: Tree) -> Chain:
    """Return the reference of a node, walked from its end; a computed index ends the fixed part."""
    ((kind, fields),) = node.items()
    if kind == "Var":
        return Chain((fields["value"],), False, fields["span"]["line"])
    if kind not in ("RefDot", "RefBrack"):
        return Chain(("",), True, fields["span"]["line"])
    base = _chain(fields["refr"])
    step = fields["field"][1] if kind == "RefDot" else fields["index"].get("String", {}).get("value")
    if base.open or step is None:
        return Chain(base.parts, True, base.line)
    return Chain((*base.parts, step), False, base.line)
