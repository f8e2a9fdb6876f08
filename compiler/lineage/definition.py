"""Interpretation of one definition of a rule: its queries, and the values of its variables and expressions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import orjson

from compiler.lineage.abstract import (
    NOTHING,
    Collection,
    Made,
    NotUnderstoodError,
    Place,
    constants,
    known,
    merged,
    of_kinds,
    scalars,
    texts,
    united,
)
from compiler.lineage.builtin import BUILTINS
from compiler.policy.syntax import children

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from compiler.lineage.abstract import Value
    from compiler.lineage.interpretation import Interpreter
    from compiler.policy.syntax import Syntax, Tree


class Definition:
    """One definition of a rule, or one query in it: the values of its variables."""

    def __init__(
        self, rules: Interpreter, module: Syntax, around: Definition | None = None, *, ordered: bool = False
    ) -> None:
        self.rules = rules
        self._module = module
        self._variables: dict[str, Value] = {}
        self._ordered = ordered
        self._around = around
        self._pending: set[str] = set()
        self._sources: list[bool] = []
        """For each iteration of the query, whether it has at most one entry for each rendered object."""
        self._singles: set[str] = set()
        """The variables for such entries."""
        self._texts: list[tuple[tuple[str, ...], frozenset[str]]] = []

    def rule(self, tree: Tree) -> Value:
        """Return the value of a definition."""
        ((kind, head),) = tree["head"].items()
        if not tree["bodies"]:
            return self._head(kind, head, None)
        return merged([self._inner().body(kind, head, body) for body in tree["bodies"]])

    def body(self, kind: str, head: Tree, body: Tree) -> Value:
        """Return the value of a definition with one of its bodies."""
        self.query(body["query"])
        return self._head(kind, head, body["assign"])

    def _head(self, kind: str, head: Tree, assign: Tree | None) -> Value:
        if kind == "Set":
            value: Value = frozenset({self.collected("set", head["key"])})
        else:
            assigned = assign or head["assign"]
            value = self.value(assigned["value"]) if assigned else NOTHING
        ((place, node),) = head["refr"].items()
        if place == "Var":
            return value
        if "Var" not in node["refr"]:
            raise NotUnderstoodError
        if place == "RefBrack":
            self.rules.use(self.value(node["index"]))
        return frozenset({Collection("object", value)})

    def collected(self, kind: Literal["set", "array", "object"], term: Tree) -> Collection:
        """Return the collection of the values of a term in this query."""
        entry = self.value(term)
        single = self._sources == [True] or ("Var" in term and term["Var"]["value"] in self._singles)
        return Collection(kind, entry, single and kind == "set")

    def query(self, query: Tree) -> None:
        """Interpret the statements of a query in their order."""
        statements = query["stmts"]
        self._pending = {name for statement in statements for name in _binds(statement["literal"])}
        aliases = dict(filter(None, (_alias(statement["literal"]) for statement in statements)))
        required = ((path, kinds) for path, kinds in self.rules.required(self._module, statements) if path and kinds)
        self._texts = [((*aliases.get(path[0], path[:1]), *path[1:]), kinds) for path, kinds in required]
        for statement in statements:
            if "with_mods" in statement:
                raise NotUnderstoodError
            self._statement(statement["literal"])

    def _statement(self, literal: Tree) -> None:
        ((kind, node),) = literal.items()
        if kind == "SomeIn":
            self._iterate(node)
        elif kind == "Every":
            self.rules.use(self.value(node["domain"]))  # the tree has no names of the variables
            self._inner().query(node["query"])
        elif kind == "NotExpr":
            self.rules.use(self._inner().value(node["expr"]))
        elif kind == "Expr":
            self._expression(node["expr"])
        elif kind != "SomeVars":
            raise NotUnderstoodError

    def _expression(self, tree: Tree) -> None:
        assign = tree.get("AssignExpr")
        if assign and assign["op"] == "ColEq":
            self.bind(assign["lhs"], self.value(assign["rhs"]))
        elif assign:
            raise NotUnderstoodError
        else:
            self.rules.use(self.value(tree))

    def _iterate(self, node: Tree) -> None:
        """Bind the variables of an iteration over a collection."""
        collection = self.value(node["collection"])
        keyed = node["key"] is not None
        entry = self.rules.entries(collection)
        if keyed:
            if "Var" not in node["key"]:
                raise NotUnderstoodError
            held = constants(collection)
            every = held is not None and all(isinstance(one, dict) for one in held)
            names = {key for one in held or () for key in one} if every else set()
            self._set(node["key"]["Var"]["value"], known(found for name in names for found in _keys(name)))
        elif "Var" in node["value"]:
            entry = self._entry_of_kinds(node["value"]["Var"]["value"], entry)
        only = next(iter(collection)) if len(collection) == 1 else None
        single = isinstance(only, Collection) and only.single
        if (keyed or self._ordered) and any(isinstance(of, Collection) and of.kind == "set" for of in collection):
            # The order of a set follows from all that is in it.
            file = replace(only, entry=entry).file if isinstance(only, Collection) and not keyed else NOTHING
            self.rules.use(file or entry)
        self._sources.append(single)
        self.bind(node["value"], entry)
        if single and "Var" in node["value"]:
            self._singles.add(node["value"]["Var"]["value"])

    def _entry_of_kinds(self, name: str, entry: Value) -> Value:
        """Return an entry with the kinds that the same query requires of it."""
        for path, kinds in self._texts:
            if path[:1] == (name,):
                entry = united(of_kinds(content, path[1:], kinds) for content in entry)
        return entry

    def bind(self, pattern: Tree, value: Value) -> None:
        """Give a variable a value; a pattern reads all of it."""
        if "Var" in pattern:
            self._set(pattern["Var"]["value"], value)
            return
        lists = constants(value)
        names = [item.get("Var", {}).get("value") for item in pattern.get("Array", {}).get("items", ())]
        if lists and None not in names and all(isinstance(one, list) and len(one) == len(names) for one in lists):
            for index, name in enumerate(names):
                self._set(name, known(one[index] for one in lists))
            return
        self.rules.use(value)
        for name in _variables(pattern):
            self._set(name, NOTHING)

    def _set(self, name: str, value: Value) -> None:
        self._pending.discard(name)
        self._variables[name] = value

    def _inner(self, *, ordered: bool = False) -> Definition:
        return Definition(self.rules, self._module, self, ordered=ordered)

    def value(self, tree: Tree) -> Value:
        """Return the value of an expression."""
        ((kind, node),) = tree.items()
        found = self._expressions.get(kind)
        if found is None:
            raise NotUnderstoodError
        return found(self, node)

    def _variable(self, node: Tree) -> Value:
        name = node["value"]
        if (found := self.local(name)) is not None:
            return found
        if name in self._module.names:
            return self.rules.rule((self._module.package, name))
        if name == "data":
            return frozenset({Place(())})
        if name == "input":
            return self.rules.place(("input",))
        if name in self._module.imports:
            return self.rules.place(self._module.imports[name][0])
        return NOTHING  # whatever gives it a value reads all of that

    def _dot(self, node: Tree) -> Value:
        return self.rules.step(self.value(node["refr"]), node["field"][1])

    def _bracket(self, node: Tree) -> Value:
        base = self.value(node["refr"])
        if not all(map(self._bound, _variables(node["index"]))):
            self._sources.append(False)
            self.rules.use(base)
            return NOTHING
        return self.rules.at(base, self.value(node["index"]))

    def local(self, name: str) -> Value | None:
        """Return the value of a variable, here or in the query around; None where neither binds it."""
        if name in self._pending:
            raise NotUnderstoodError  # it is used before it is bound
        if name in self._variables:
            return self._variables[name]
        return self._around.local(name) if self._around else None

    def _bound(self, name: str) -> bool:
        return (
            self.local(name) is not None
            or name in self._module.names
            or name in self._module.imports
            or name in ("input", "data")
        )

    def _literal(self, node: Tree) -> Value:
        return known([node["value"]])

    def _null(self, _: Tree) -> Value:
        return known([None])

    def _array(self, node: Tree) -> Value:
        return self._listed("array", node)

    def _set_literal(self, node: Tree) -> Value:
        return self._listed("set", node)

    def _listed(self, kind: Any, node: Tree) -> Value:
        items = [self.value(item) for item in node["items"]]
        each = [constants(item) for item in items]
        if all(one is not None and len(one) == 1 for one in each):
            return known([[one[0] for one in each if one]])
        return frozenset({Collection(kind, united(items))})

    def _object(self, node: Tree) -> Value:
        pairs = [(texts(self.value(key)), self.value(item), self.value(key)) for _, key, item in node["fields"]]
        if all(keys is not None and len(keys) == 1 for keys, _, _ in pairs):
            return frozenset({Made(tuple((keys[0], item) for keys, item, _ in pairs if keys))})
        for _, _, key in pairs:
            self.rules.use(key)
        return frozenset({Collection("object", united(item for _, item, _ in pairs))})

    def _comprehension(self, kind: Any, node: Tree, term: str) -> Value:
        inner = self._inner(ordered=kind == "array")
        inner.query(node["query"])
        if kind == "object":
            self.rules.use(inner.value(node["key"]))
        return frozenset({inner.collected(kind, node[term])})

    def _set_comprehension(self, node: Tree) -> Value:
        return self._comprehension("set", node, "term")

    def _array_comprehension(self, node: Tree) -> Value:
        return self._comprehension("array", node, "term")

    def _object_comprehension(self, node: Tree) -> Value:
        return self._comprehension("object", node, "value")

    def _compared(self, node: Tree) -> Value:
        sides = [self.value(node[side]) for side in ("lhs", "rhs")]
        for side, other in (sides, sides[::-1]):
            if scalars(other):
                self.rules.compare(side)
            else:
                self.rules.use(side)
        return NOTHING

    def _member(self, node: Tree) -> Value:
        if node["key"] is not None:
            return self._used(node)
        value, collection = self.value(node["value"]), self.value(node["collection"])
        if scalars(self.rules.entries(collection)):
            self.rules.compare(value)
        else:
            self.rules.use(value)
        self.rules.use(collection)
        return NOTHING

    def _used(self, node: Tree) -> Value:
        for key in ("lhs", "rhs", "key", "value", "collection", "expr"):
            if isinstance(node.get(key), dict):
                self.rules.use(self.value(node[key]))
        return NOTHING

    def _of_sets(self, node: Tree) -> Value:
        both = [self.value(node[side]) for side in ("lhs", "rhs")]
        if node["op"] == "Union" or node["op"] == "Or":
            found = [self.rules.entries(side) for side in both]
            return frozenset({Collection("set", united(found))})
        for side in both:
            self.rules.use(side)
        return NOTHING

    def _call(self, node: Tree) -> Value:
        path = _path(node["fcn"])
        name = self.rules.function(self._module, path)
        arguments = [self.value(item) for item in node["params"]]
        if name:
            return self.rules.call(name, arguments)
        if path == ("walk",):
            self._sources.append(False)
        if builtin := BUILTINS.get(".".join(path)):
            return builtin(self, node["params"], arguments)
        for argument in arguments:
            self.rules.use(argument)
        return NOTHING

    _expressions: ClassVar[Mapping[str, Callable[[Definition, Tree], Value]]] = {
        "Var": _variable,
        "RefDot": _dot,
        "RefBrack": _bracket,
        "String": _literal,
        "RawString": _literal,
        "Number": _literal,
        "Bool": _literal,
        "Null": _null,
        "Array": _array,
        "Set": _set_literal,
        "Object": _object,
        "SetCompr": _set_comprehension,
        "ArrayCompr": _array_comprehension,
        "ObjectCompr": _object_comprehension,
        "BoolExpr": _compared,
        "ArithExpr": _used,
        "Membership": _member,
        "BinExpr": _of_sets,
        "Call": _call,
    }


def _keys(name: str) -> Iterator[Any]:
    """Yield what the key of a constant may be: JSON has texts only, and the engine writes others as their JSON."""
    yield name
    with suppress(orjson.JSONDecodeError):
        yield orjson.loads(name)


def _binds(literal: Tree) -> Iterator[str]:
    """Yield the variables to which a statement gives values."""
    if some := literal.get("SomeIn"):
        yield from _variables([some["key"] or {}, some["value"]])
    assign = literal.get("Expr", {}).get("expr", {}).get("AssignExpr")
    if assign:
        yield from _variables(assign["lhs"])


def _alias(literal: Tree) -> tuple[str, tuple[str, ...]] | None:
    """Return the variable that a statement sets to a field of another one, with the way there; None for others."""
    assign = literal.get("Expr", {}).get("expr", {}).get("AssignExpr")
    path = _fixed(assign["rhs"]) if assign and "Var" in assign["lhs"] else ()
    return (assign["lhs"]["Var"]["value"], path) if path else None


def _fixed(tree: Tree) -> tuple[str, ...]:
    """Return the names of a reference such as ``document.object``; none of every other expression."""
    ((kind, node),) = tree.items()
    if kind == "Var":
        return (node["value"],)
    base = _fixed(node["refr"]) if kind == "RefDot" else ()
    return (*base, node["field"][1]) if base else ()


def _variables(tree: Tree) -> Iterator[str]:
    if isinstance(tree, dict) and "Var" in tree:
        yield tree["Var"]["value"]
    for key, item in children(tree):
        if key != "fcn":
            yield from _variables(item)


def _path(tree: Tree) -> tuple[str, ...]:
    """Return the name of a called function."""
    ((kind, node),) = tree.items()
    if kind == "Var":
        return (node["value"],)
    return (*_path(node["refr"]), node["field"][1])
