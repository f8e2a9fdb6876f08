"""The parts of the input that each rule reads, found in the policies' syntax tree.

A change elsewhere cannot affect the rule. A part is a path into the input; rendered objects are distinguished by their
kind: ``documents.Deployment``. A reference that the tree does not determine counts as everything that it may be, so
that a rule is rather evaluated in vain than missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import blake2b
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import orjson

from compiler.lineage.constants import Constants
from compiler.lineage.interpretation import Interpreter
from compiler.lineage.parts import DOCUMENTS, EVERYTHING
from compiler.policy.syntax import Syntax, children, uses

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compiler.lineage.fields import Read
    from compiler.lineage.parts import Part
    from compiler.policy.regorus import Instrumented
    from compiler.policy.syntax import Call, Tree

Name = tuple[str, str]
"""A rule's package and name."""

_DOCUMENTS = ("input", DOCUMENTS)
_OBJECTS = ("lib", "kubernetes", "objects")
_KINDS: Mapping[Part, Part] = {_DOCUMENTS: ("object", "kind"), _OBJECTS: ("kind",)}
"""The lists of all rendered objects, each with the path of the kind in an item."""
_OF_KIND = ("lib", "kubernetes", "of")
"""The function that returns the objects of a kind."""
_STATEMENT = ("lib", "statements", "at")
"""The function that returns the value of the specification at a path."""
MEANINGS: Mapping[Part, tuple[tuple[str, ...], frozenset[str]]] = {
    _OBJECTS: (("objects",), frozenset({"4380f90e97b6f5298c1b10a90ecd0d31"})),
    _OF_KIND: (("objects", "placed", "of"), frozenset({"cf5b1d2ed379e30af6e7021a4536b50b"})),
    _STATEMENT: (("at",), frozenset({"8a4db174786a1317af2e99ac85ba85e9"})),
}
"""The helpers whose results the analysis knows: the rules that define each, and digests of their syntax.

The digests are those of :func:`meaning`. A helper with another one is like any other: its readers read all that it
reads.
"""
_PLACES = ("span", "eidx", "sidx", "qidx")
_LATER = ("NotExpr", "ArrayCompr", "ObjectCompr", "SetCompr", "Every")
"""Expressions that do not fail when a part of them is undefined."""


@dataclass(frozen=True)
class Inputs:
    """The modules of the policies by their packages, their ``data``, and the value of each rule that follows from it.

    Those rules are named by their paths below ``data``, such as ``("lib", "kubernetes", "templates")``.
    """

    modules: Mapping[str, Syntax]
    constants: Mapping[Part, Any]
    data: Mapping[str, Any]

    @classmethod
    def loaded(cls, engine: Instrumented, data: Mapping[str, Any]) -> Inputs:
        """Return the inputs of the policies that an engine holds, with their data."""
        modules = {module.package: module for module in engine.add_tests(()).values()}
        values = ((path, engine.value(".".join(path), "{}")) for path in _constant_rules(modules))
        return cls(modules, {path: orjson.loads(value) for path, value in values if value is not None}, data)

    @cached_property
    def tables(self) -> Mapping[Part, frozenset[str]]:
        """The keys of each constant that is an object."""
        return {path: frozenset(value) for path, value in self.constants.items() if isinstance(value, dict)}

    def of(self, package: str) -> frozenset[Part]:
        """Return the parts of the input on which the denials of a package depend, and so what it examines.

        Policies in which a denial does not go through an examined value are refused.
        """
        return self._parts[package, "deny"]

    def fields(self, package: str) -> frozenset[Read] | None:
        """Return the fields of rendered objects on which the denials of a package depend; None where all may count."""
        return self._interpreter.of(package)

    @cached_property
    def _interpreter(self) -> Interpreter:
        return Interpreter(self.modules, self.constants, self.data, self._required)

    def _required(self, module: Syntax, statements: Iterable[Tree]) -> Iterator[tuple[Part, frozenset[str]]]:
        return _required(self._names[module.package], statements)

    @cached_property
    def _names(self) -> Mapping[str, _Names]:
        """The names of each module, by its package."""
        return {package: self._names_of(module) for package, module in self.modules.items()}

    def _names_of(self, module: Syntax) -> _Names:
        package = tuple(module.package.split("."))
        definitions = (tree for trees in module.definitions.values() for tree in trees)
        hidden = frozenset().union(*(Constants({}, tree).declared for tree in definitions))
        tables = {path: keys for path, keys in self.tables.items() if path[:-1] != package or path[-1] not in hidden}
        return _Names(module, tables, hidden, self._meant)

    @cached_property
    def _meant(self) -> frozenset[Part]:
        """The helpers whose syntax is the known one."""
        return frozenset(
            path
            for path, (rules, known) in MEANINGS.items()
            if (module := self.modules.get(".".join(path[:-1]))) and meaning(module, rules) in known
        )

    def separable(self, package: str) -> bool:
        """Return whether the denials of a package are the union of its denials for each rendered object alone.

        They are if each rule on the way iterates over the objects once at most, and uses the set of them nowhere else.
        """
        return self._separable((package, "deny"))

    def _separable(self, name: Name) -> bool:
        parts = self._parts[name]
        if EVERYTHING in parts:
            return False
        module = self.modules[name[0]]
        definitions = module.definitions[name[1]]
        return not _of_documents(parts) or all(self._iterates_once(module, item) for item in definitions)

    def _iterates_once(self, module: Syntax, definition: Tree) -> bool:
        """Return whether a rule adds to a set something of each rendered object, or nothing of any."""
        head = definition["head"].get("Set")
        if head is None or "Var" not in head["refr"]:
            return False
        used = uses([head["key"], definition["bodies"]])
        every = (*(chain.parts for chain in used.chains), *(call.name for call in used.calls))
        references = [parts for parts in every if self._leads_to_documents(module, parts)]
        statements = (statement for body in definition["bodies"] for statement in body["query"]["stmts"])
        iterated = [path for path in map(partial(_iterated, module), statements) if self._each_document(path)]
        return len(references) == len(iterated) <= 1

    def _each_document(self, path: Part) -> bool:
        """Return whether a path leads to the rendered objects, or to a set with something of each of them."""
        name = ".".join(path[:-1]), path[-1] if path else ""
        return path == _DOCUMENTS or (
            name in self._rules and _of_documents(self._parts[name]) and self._separable(name)
        )

    def _leads_to_documents(self, module: Syntax, parts: Part) -> bool:
        rule = _Rule(set(), [])
        self._follow(module, parts, rule)
        return _of_documents(rule.parts.union(*(self._parts[name] for name in rule.names)))

    @cached_property
    def _parts(self) -> Mapping[Name, frozenset[Part]]:
        """The parts of the input on which each rule depends."""
        return {name: self._depends(name) for name in self._rules}

    def _depends(self, name: Name) -> frozenset[Part]:
        parts: set[Part] = set()
        waiting, seen = [name], set()
        while waiting:
            if (name := waiting.pop()) not in seen:
                seen.add(name)
                for one in self._rules.get(name, ()):
                    parts |= one.parts
                    waiting += one.names
        return frozenset(parts)

    @cached_property
    def _rules(self) -> Mapping[Name, list[_Rule]]:
        found: dict[Name, list[_Rule]] = {}
        for package, module in self.modules.items():
            for name, definitions in module.definitions.items():
                found[package, name] = [self._rule(module, tree) for tree in definitions]
        return found

    def _rule(self, module: Syntax, tree: Tree) -> _Rule:
        """Return the parts and rules that one rule references directly."""
        rule = _Rule(set(), [])
        names = self._names[module.package]
        used = uses([_without_kinds(names, tree, rule.parts)])
        for chain in used.chains:
            self._follow(module, chain.parts, rule)
        for call in used.calls:
            if read := _of_kind(names, call) or self._of_statements(names, tree, call):
                rule.parts.update(read)
            else:
                self._follow(module, call.name, rule)
        return rule

    def _of_statements(self, names: _Names, tree: Tree, call: Call) -> set[Part]:
        """Return the statements that a call reads, as far as their paths are literal or constant; none for others."""
        if _absolute(names.module, call.name) != _STATEMENT or _STATEMENT not in names.meant:
            return set()
        package = tuple(names.module.package.split("."))
        constants = {path[-1]: value for path, value in self.constants.items() if path[:-1] == package}
        paths = Constants(constants, tree).of(call.parameters[0])
        if paths is None:
            items = call.parameters[0].get("Array", {}).get("items", ())
            paths = [[*takewhile(lambda key: key is not None, map(_text, items))]] if items else []
        return {("spec", *takewhile(lambda key: isinstance(key, str), path)) for path in paths}

    def _follow(self, module: Syntax, parts: Sequence[str], rule: _Rule) -> None:
        if parts[0] == "input":
            rule.parts.add(tuple(parts[1:]))
        elif parts[0] in module.names:
            rule.names.append((module.package, parts[0]))
        elif parts[0] == "data" or parts[0] in module.imports:
            rule.names.extend(self._below(module.absolute(parts)))

    def _below(self, path: Part) -> Iterator[Name]:
        """Yield the rules that a path below ``data`` may refer to."""
        for length in range(len(path) + 1):
            if (package := ".".join(path[:length])) in self.modules:
                asked = path[length : length + 1]
                yield from ((package, name) for name in self.modules[package].names if asked in ((), (name,)))
        for package in self._inner.get(path, ()):
            yield from ((package, name) for name in self.modules[package].names)

    @cached_property
    def _inner(self) -> Mapping[Part, Sequence[str]]:
        """The packages that are further below ``data`` than a path, by each such path."""
        found: dict[Part, list[str]] = {}
        for package in self.modules:
            whole = tuple(package.split("."))
            for length in range(len(whole)):
                found.setdefault(whole[:length], []).append(package)
        return found


@dataclass(frozen=True, slots=True)
class _Rule:
    """The direct references of a rule: parts of the input, and other rules."""

    parts: set[Part]
    names: list[Name]


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of a module.

    ``tables`` are the keys of constant objects by their paths, and ``meant`` the helpers whose syntax is known. A name
    that is ``hidden`` is a variable somewhere in the module, and no constant.
    """

    module: Syntax
    tables: Mapping[Part, frozenset[str]]
    hidden: frozenset[str]
    meant: frozenset[Part]


def meaning(module: Syntax, rules: Iterable[str]) -> str:
    """Return the digest of the syntax of some rules of a module, without their places in the text."""
    trees = [[_shape(list(module.definitions.get(rule, ()))), rule in module.defaults] for rule in rules]
    return blake2b(orjson.dumps(trees, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _shape(tree: Any) -> Any:
    if isinstance(tree, dict):
        return None if "col" in tree else {key: _shape(item) for key, item in tree.items() if key not in _PLACES}
    return list(map(_shape, tree)) if isinstance(tree, list) else tree


def _of_kind(names: _Names, call: Call) -> set[Part]:
    """Return the objects of the kind that a call names literally; none for every other call."""
    of_kind = _absolute(names.module, call.name) == _OF_KIND and _OF_KIND in names.meant
    kind = _text(call.parameters[0]) if of_kind else None
    return set() if kind is None else {(DOCUMENTS, kind)}


def _constant_rules(modules: Mapping[str, Syntax]) -> Iterator[Part]:
    """Yield the path of each rule that refers to data, to such rules of its own module, and to nothing else."""
    packages = {tuple(package.split(".")) for package in modules}
    lengths = {len(package) for package in packages}
    for package, module in modules.items():
        local: dict[str, set[str]] = {}
        for name in module.names - module.functions:
            used = uses(module.definitions[name])
            referred = [*(chain.parts for chain in used.chains), *(call.name for call in used.calls)]
            absolute = [module.absolute(parts) for parts in referred]
            if not any(path[:length] in packages for path in absolute for length in lengths):
                local[name] = {parts[0] for parts in referred} & {"input", *module.names} - {name}
        found: set[str] = set()
        while new := {name for name, others in local.items() if others <= found} - found:
            found |= new
        yield from ((*package.split("."), name) for name in found)


def _without_kinds(names: _Names, tree: Tree, parts: set[Part]) -> Tree:
    """Return a tree without the statements that iterate over objects of certain kinds only; add those to ``parts``."""
    if isinstance(tree, list):
        return [_without_kinds(names, item, parts) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "with_mods" in tree:
        parts.add(EVERYTHING)
    if "stmts" not in tree:
        return {**tree, **{key: _without_kinds(names, item, parts) for key, item in children(tree)}}
    items = [_item(names, statement) for statement in tree["stmts"]]
    required: dict[Part, frozenset[str]] = {}
    if any(items):
        required = {name: texts for name, texts in _required(names, tree["stmts"]) if name and texts}
    kept = []
    for statement, item in zip(tree["stmts"], items, strict=True):
        kinds = required.get(item)
        if kinds is None:
            kept.append(_without_kinds(names, statement, parts))
        else:
            parts |= {(DOCUMENTS, kind) for kind in kinds}
    return {**tree, "stmts": kept}


def _of_documents(parts: Iterable[Part]) -> bool:
    return any(part[:1] in (EVERYTHING, (DOCUMENTS,)) for part in parts)


def _iterated(module: Syntax, statement: Tree) -> Part:
    """Return the path of the collection in a ``some item in collection``; empty for every other statement."""
    some = statement["literal"].get("SomeIn", {})
    return _absolute(module, _reference(some["collection"])) if some and some["key"] is None else ()


def _item(names: _Names, statement: Tree) -> Part:
    """Return the path of the kind in the items of a ``some item in objects``; empty for every other statement."""
    iterated = _iterated(names.module, statement)
    place = _KINDS.get(iterated) if iterated == _DOCUMENTS or iterated in names.meant else None
    value = statement["literal"]["SomeIn"]["value"] if place else {}
    return (value["Var"]["value"], *place) if place and "Var" in value else ()


def _required(names: _Names, statements: Iterable[Tree]) -> Iterator[tuple[Part, frozenset[str]]]:
    """Yield each reference that a statement restricts to certain texts, with those texts."""
    for statement in statements:
        expression = statement["literal"].get("Expr", {}).get("expr", {})
        if (equal := expression.get("BoolExpr")) and equal["op"] == "Eq":
            for one, other in ((equal["lhs"], equal["rhs"]), (equal["rhs"], equal["lhs"])):
                yield _reference(one), _texts([other])
        elif member := expression.get("Membership"):
            yield _reference(member["value"]), _members(names, member["collection"])
        yield from _looked_up(names, statement)


def _looked_up(names: _Names, tree: Tree) -> Iterator[tuple[Part, frozenset[str]]]:
    """Yield each reference that indexes a table, as ``templates[item.kind]``, with the keys of the table."""
    for key, item in children(tree):
        if key == "RefBrack":
            table = _absolute(names.module, _reference(item["refr"]))
            yield _reference(item["index"]), names.tables.get(table, frozenset())
        if key not in _LATER:
            yield from _looked_up(names, item)


def _members(names: _Names, collection: Tree) -> frozenset[str]:
    """Return the texts in a literal or constant set or array; none for anything else."""
    value = _constant(names, _reference(collection)) or collection
    return _texts(value.get("Set", value.get("Array", {})).get("items", ()))


def _constant(names: _Names, name: Part) -> Tree:
    """Return the value of a constant: a rule with one definition and without a body; empty for every other rule."""
    rules = names.module.definitions.get(".".join(name), ())
    if len(rules) != 1 or rules[0]["bodies"] or name[0] in names.hidden:
        return {}
    return (rules[0]["head"].get("Compr", {}).get("assign") or {}).get("value", {})


def _texts(trees: Iterable[Tree]) -> frozenset[str]:
    """Return the texts of literal trees; none if one of them is anything but a text."""
    texts = [_text(tree) for tree in trees]
    return frozenset() if None in texts else frozenset(text for text in texts if text is not None)


def _text(tree: Tree) -> str | None:
    literal = tree.get("String", tree.get("RawString"))
    return None if literal is None else literal["value"]


def _reference(tree: Tree) -> Part:
    """Return the parts of a tree that is a single fixed reference; empty otherwise."""
    ((kind, _),) = tree.items()
    chains = uses(tree).chains if kind in ("Var", "RefDot", "RefBrack") else []
    return chains[0].parts if len(chains) == 1 and not chains[0].open else ()


def _absolute(module: Syntax, parts: Sequence[str]) -> Part:
    """Resolve a name to a path below ``data``, in the input, or in its own package."""
    if not parts or parts[0] == "input":
        return tuple(parts)
    return module.absolute(parts) or (*module.package.split("."), *parts)
