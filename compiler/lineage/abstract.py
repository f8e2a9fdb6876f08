"""The parts of the input that the value of an expression may hold, without the value itself.

A value is the set of its possible contents; the empty set holds nothing of the input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal

import orjson

from compiler.lineage.fields import EACH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from compiler.lineage.fields import Fields

DOCUMENT: Fields = ("documents", EACH)
"""A rendered object with its file."""
FILE: Fields = (*DOCUMENT, "file")
KIND: Fields = (*DOCUMENT, "object", "kind")
_MOST = 100
"""The number of constants that an expression may stand for; of more nothing is known."""


class NotUnderstoodError(Exception):
    """An expression that is not understood."""


@dataclass(frozen=True, slots=True)
class Below:
    """A part of the input; of a rendered object, ``kinds`` are those that the object may have, None for any.

    Parts of rendered objects with the same ``origin`` in one value are of the same object.
    """

    origin: int
    kinds: frozenset[str] | None
    path: Fields


@dataclass(frozen=True, slots=True)
class Collection:
    """A set, an array or an object, with the possible values of its entries; its keys are no parts of the input.

    ``single`` says that it has at most one entry for each rendered object, which follows from that object.
    """

    kind: Literal["set", "array", "object"]
    entry: Value
    single: bool = False

    @property
    def file(self) -> Value:
        """The file of each entry, if that alone decides how many entries there are, and their order; else nothing."""
        if not self.single or len(self.entry) != 1:
            return NOTHING
        (entry,) = self.entry
        first = min(entry.fields, key=itemgetter(0), default=None) if isinstance(entry, Made) else None
        paths = {part.path for part in first[1] if isinstance(part, Below)} if first else set()
        return first[1] if first and len(first[1]) == 1 and paths == {FILE} else NOTHING


@dataclass(frozen=True, slots=True)
class Made:
    """An object with the values of fixed keys."""

    fields: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A constant, as JSON."""

    text: bytes

    @property
    def value(self) -> Any:
        """The constant."""
        return orjson.loads(self.text)


@dataclass(frozen=True, slots=True)
class Place:
    """The input or a package as a whole, from which a reference leads on."""

    path: tuple[str, ...]


Content = Below | Collection | Made | Known | Place
Value = frozenset[Content]
NOTHING: Value = frozenset()


def known(values: Iterable[Any]) -> Value:
    """Return the value of an expression that is one of some constants."""
    found = frozenset(Known(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)) for value in values)
    return frozenset(found) if len(found) <= _MOST else NOTHING


def constants(value: Value) -> list[Any] | None:
    """Return all constants that a value may be; None where it may be anything else."""
    found = [content.value for content in value if isinstance(content, Known)]
    return found if found and len(found) == len(value) else None


def texts(value: Value) -> list[str] | None:
    """Return all texts that a value may be; None where it may be anything else."""
    found = constants(value)
    return None if found is None or not all(isinstance(item, str) for item in found) else found


def united(values: Iterable[Value]) -> Value:
    """Return a value that may be any of these."""
    return NOTHING.union(*values)


def entries(constant: Any) -> list[Any]:
    """Return the entries of a constant list or mapping; none of any other constant."""
    if isinstance(constant, Mapping):
        return list(constant.values())
    return constant if isinstance(constant, list) else []


def mapped(value: Value, change: Callable[[Below], Below]) -> Value:
    """Return a value with a change of each part of the input in it."""
    return frozenset(_mapped(content, change) for content in value)


def _mapped(content: Content, change: Callable[[Below], Below]) -> Content:
    if isinstance(content, Below):
        return change(content)
    if isinstance(content, Collection):
        return replace(content, entry=mapped(content.entry, change))
    if isinstance(content, Made):
        return Made(tuple((key, mapped(item, change)) for key, item in content.fields))
    return content


def restricted(value: Value, origin: int, kinds: frozenset[str]) -> Value:
    """Return a value whose parts of one rendered object are of certain kinds."""

    def change(below: Below) -> Below:
        if below.origin != origin:
            return below
        return replace(below, kinds=kinds if below.kinds is None else below.kinds & kinds)

    return mapped(value, change)


def parts(value: Value) -> Iterable[Below]:
    """Yield every part of the input in a value.

    Raises:
        LookupError: the value may be the whole input or a package.
    """
    for content in value:
        if isinstance(content, Below):
            yield content
        elif isinstance(content, Collection):
            yield from parts(content.entry)
        elif isinstance(content, Made):
            for _, item in content.fields:
                yield from parts(item)
        elif isinstance(content, Place):
            raise LookupError(".".join(content.path))


def merged(values: Sequence[Value]) -> Value:
    """Return the value of several definitions or bodies: one collection, if each is one of the same kind."""
    if len(values) == 1:
        return values[0]
    every = united(values)
    of = {content.kind for content in every if isinstance(content, Collection)}
    held = [content.entry for content in every if isinstance(content, Collection)]
    return frozenset({Collection(of.pop(), united(held))}) if len(held) == len(every) and len(of) == 1 else every


def of_kinds(content: Content, path: Sequence[str], kinds: frozenset[str]) -> Value:
    """Return a content; the rendered object whose kind it holds at a path is of certain kinds."""
    value: Value = frozenset({content})
    held = value
    for key in path:
        if len(held) != 1:
            return value
        (one,) = held
        if isinstance(one, Made):
            held = dict(one.fields).get(key, NOTHING)
        elif isinstance(one, Below):
            held = frozenset({replace(one, path=(*one.path, key))})
        else:
            return value
    found = next(iter(held)) if len(held) == 1 else None
    return restricted(value, found.origin, kinds) if isinstance(found, Below) and found.path == KIND else value


def scalars(value: Value) -> bool:
    """Return whether a value is certain to be a text, a number, a truth value or null."""
    found = constants(value)
    return found is not None and not any(isinstance(item, (list, dict)) for item in found)
