"""The fields of the input on which the denials of a rule depend, found by interpreting its syntax tree.

Each expression is interpreted as the parts of the input that its value may hold (:mod:`compiler.lineage.abstract`). To
name, keep or iterate over a part reads only that it is there; every other use reads all of it. A rule with an
expression that is not understood has no answer, and depends on all that :mod:`compiler.lineage.inputs` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from compiler.lineage.abstract import (
    DOCUMENT,
    NOTHING,
    Below,
    Collection,
    Known,
    Made,
    NotUnderstoodError,
    Place,
    entries,
    known,
    mapped,
    merged,
    parts,
    texts,
    united,
)
from compiler.lineage.definition import Definition
from compiler.lineage.fields import EACH, Depth, Read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from compiler.lineage.abstract import Content, Value
    from compiler.policy.syntax import Syntax, Tree

    Required = Callable[[Syntax, Sequence[Tree]], Iterable[tuple[tuple[str, ...], frozenset[str]]]]

Name = tuple[str, str]
"""A rule's package and name."""


class Interpreter:
    """The rules of some modules, each interpreted once; functions are interpreted at each call."""

    def __init__(
        self,
        modules: Mapping[str, Syntax],
        values: Mapping[tuple[str, ...], Any],
        data: Mapping[str, Any],
        required: Required,
    ) -> None:
        self._modules = modules
        self._constants = values
        self._data = data
        self._required = required
        self._origins = count()
        self._done: dict[Name, tuple[Value, frozenset[Read]]] = {}
        self._reads: set[Read] = set()

    def of(self, package: str) -> frozenset[Read] | None:
        """Return the fields on which the denials of a package depend; None where they are not known."""
        outer, self._reads = self._reads, set()
        try:
            self.use(self.rule((package, "deny")))
        except (NotUnderstoodError, LookupError):
            return None
        finally:
            found, self._reads = self._reads, outer
        return frozenset(found)

    def rule(self, name: Name) -> Value:
        """Return the value of a rule, and note what its bodies read."""
        if name not in self._done:
            if (path := (*name[0].split("."), name[1])) in self._constants:
                self._done[name] = known([self._constants[path]]), frozenset()
            else:
                outer, self._reads = self._reads, set()
                try:
                    module = self._modules[name[0]]
                    values = [Definition(self, module).rule(tree) for tree in module.definitions[name[1]]]
                    self._done[name] = merged(values), frozenset(self._reads)
                finally:
                    self._reads = outer
        value, reads = self._done[name]
        self._reads |= reads
        return value

    def call(self, name: Name, arguments: Sequence[Value]) -> Value:
        """Return the value of a call of a function."""
        module = self._modules[name[0]]
        found = []
        for tree in module.definitions[name[1]]:
            definition = Definition(self, module)
            for pattern, argument in zip(tree["head"]["Func"]["args"], arguments, strict=True):
                definition.bind(pattern, argument)
            found.append(definition.rule(tree))
        return united(found)

    def function(self, module: Syntax, parts: tuple[str, ...]) -> Name | None:
        """Return the function of a name; None for one that the engine has."""
        absolute = (*module.package.split("."), *parts) if parts[0] in module.names else module.absolute(parts)
        package, name = ".".join(absolute[:-1]), absolute[-1] if absolute else ""
        return (package, name) if package in self._modules and name in self._modules[package].functions else None

    def use(self, value: Value) -> None:
        """Note that all of a value is read."""
        self._reads |= {Read(part.kinds, part.path, Depth.WHOLE) for part in parts(value)}

    def compare(self, value: Value) -> None:
        """Note that a value is compared with texts, numbers and the like."""
        for content in value:
            if isinstance(content, Below):
                self._reads.add(Read(content.kinds, content.path, Depth.SCALAR))
            else:
                self.use(frozenset({content}))

    def see(self, part: Below) -> Below:
        """Note that a part is read as far as whether it is there."""
        self._reads.add(Read(part.kinds, part.path, Depth.TYPE))
        return part

    def place(self, path: tuple[str, ...]) -> Value:
        """Return the value at a path from the input, or below ``data``."""
        if path == ("input", "documents"):
            document = self.see(Below(next(self._origins), None, DOCUMENT))
            return frozenset({Collection("array", frozenset({document}), single=True)})
        if path == ("input",) or any(tuple(package.split("."))[: len(path)] == path for package in self._modules):
            return frozenset({Place(path)})
        if path[0] == "input":
            return frozenset({self.see(Below(next(self._origins), None, path[1:]))})
        package = ".".join(path[:-1])
        if package in self._modules:
            if path[-1] not in self._modules[package].names:
                raise NotUnderstoodError
            return self.rule((package, path[-1]))
        found: Any = self._data
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return NOTHING if found is None else known([found])

    def step(self, value: Value, key: str) -> Value:
        """Return what a value holds at a key."""
        return united(self._step(content, key) for content in value)

    def _step(self, content: Content, key: str) -> Value:
        if isinstance(content, Below):
            return frozenset({self.see(replace(content, path=(*content.path, key)))})
        if isinstance(content, Made):
            return dict(content.fields).get(key, NOTHING)
        if isinstance(content, Place):
            return self.place((*content.path, key))
        if isinstance(content, Known):
            held = content.value
            return known([held[key]]) if isinstance(held, Mapping) and key in held else NOTHING
        if content.kind == "object":
            return content.entry
        self.use(frozenset({content}))
        return NOTHING

    def at(self, value: Value, index: Value) -> Value:
        """Return what a value holds at an index that is computed."""
        if (keys := texts(index)) is not None:
            return united(self.step(value, key) for key in keys)
        self.use(index)
        return united(self._at(content) for content in value)

    def _at(self, content: Content) -> Value:
        if isinstance(content, Known):
            return known(entries(content.value))
        if isinstance(content, Below):
            return frozenset({self.see(replace(content, path=(*content.path, EACH)))})
        if isinstance(content, Collection) and content.kind != "set":
            return content.entry
        self.use(frozenset({content}))
        return NOTHING

    def entries(self, value: Value) -> Value:
        """Return what the entries of a value may be."""
        found = []
        for content in value:
            if isinstance(content, Collection):
                found.append(content.entry)
            elif isinstance(content, Below):
                found.append(frozenset({self.see(replace(content, path=(*content.path, EACH)))}))
            elif isinstance(content, Known):
                found.append(known(entries(content.value)))
            elif isinstance(content, Made):
                found += [item for _, item in content.fields]
            else:
                raise NotUnderstoodError
        return self._apart(united(found))

    def _apart(self, value: Value) -> Value:
        """Return a value with origins of its own: two variables over the same objects are two objects."""
        fresh: dict[int, int] = {}

        def change(part: Below) -> Below:
            if part.origin not in fresh:
                fresh[part.origin] = next(self._origins)
            return replace(part, origin=fresh[part.origin])

        return mapped(value, change)

    def required(self, module: Syntax, statements: Sequence[Tree]) -> Iterable[tuple[tuple[str, ...], frozenset[str]]]:
        """Yield the references that the statements of a query restrict to texts."""
        return self._required(module, statements)
