"""The built-in functions whose values hold parts of their arguments; all others read all that they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.lineage.abstract import NOTHING, Below, Collection, Made, constants, known, united

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from compiler.lineage.abstract import Value
    from compiler.lineage.definition import Definition
    from compiler.policy.syntax import Tree

    Builtin = Callable[[Definition, Sequence[Tree], Sequence[Value]], Value]


def _counted(caller: Definition, _: Sequence[Tree], arguments: Sequence[Value]) -> Value:
    for content in arguments[0]:
        file = content.file if isinstance(content, Collection) else NOTHING
        caller.rules.use(file or frozenset({content}))
    return NOTHING


def _typed(caller: Definition, _: Sequence[Tree], arguments: Sequence[Value]) -> Value:
    for content in arguments[0]:
        if not isinstance(content, Below):  # whose type was read with its name
            caller.rules.use(frozenset({content}))
    return NOTHING


def _get(caller: Definition, trees: Sequence[Tree], arguments: Sequence[Value]) -> Value:
    held, path, default = arguments
    return united([_walked(caller, held, trees[1], path), default])


def _walked(caller: Definition, held: Value, tree: Tree, path: Value) -> Value:
    """Return the part of a value at a path, which is one of several constants, or an array of keys."""
    chosen = constants(path)
    if chosen is not None and all(isinstance(one, str | list) for one in chosen):
        found = []
        for one in chosen:
            value = held
            for key in [one] if isinstance(one, str) else one:
                value = caller.rules.step(value, key) if isinstance(key, str) else caller.rules.at(value, NOTHING)
            found.append(value)
        return united(found)
    if "Array" in tree:
        for item in tree["Array"]["items"]:
            held = caller.rules.at(held, caller.value(item))
        return held
    return _used(caller, [held, path])


def _concat(caller: Definition, _: Sequence[Tree], arguments: Sequence[Value]) -> Value:
    one, other = map(constants, arguments)
    if one and other and all(isinstance(item, list) for item in (*one, *other)):
        return known([*first, *second] for first in one for second in other)
    return frozenset({Collection("array", united(map(caller.rules.entries, arguments)))})


def _union(caller: Definition, _: Sequence[Tree], arguments: Sequence[Value]) -> Value:
    made = [content for argument in arguments for content in argument if isinstance(content, Made)]
    fields = [item for content in made for item in content.fields]
    apart = len(dict(fields)) == len(fields)
    if apart and len(made) == len(arguments) and all(len(argument) == 1 for argument in arguments):
        return frozenset({Made(tuple(fields))})
    return _used(caller, arguments)


def _remove(caller: Definition, _: Sequence[Tree], arguments: Sequence[Value]) -> Value:
    chosen = constants(arguments[1])
    made = [content for content in arguments[0] if isinstance(content, Made)]
    if chosen and len(chosen) == 1 and len(made) == len(arguments[0]):
        kept = ([(key, item) for key, item in content.fields if key not in chosen[0]] for content in made)
        return frozenset(Made(tuple(fields)) for fields in kept)
    return _used(caller, arguments)


def _used(caller: Definition, arguments: Sequence[Value]) -> Value:
    for argument in arguments:
        caller.rules.use(argument)
    return NOTHING


BUILTINS: Mapping[str, Builtin] = {
    **dict.fromkeys(("is_array", "is_boolean", "is_null", "is_number", "is_object", "is_string"), _typed),
    "array.concat": _concat,
    "count": _counted,
    "object.get": _get,
    "object.remove": _remove,
    "object.union": _union,
}
