"""JSON Schemas (draft 2020-12) of a namespace's values, whose cost is known before they are used.

The validator is compiled code that nothing can interrupt, and takes up to a microsecond for each step. So a schema is
refused if it needs many steps for one value of a document, or if it could take exponentially many; and a document is
refused if it needs too many in all. Patterns run in linear time: the engine has no backreferences and no lookaround.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import jsonschema_rs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runtime.domain.entries import Json

LARGEST_BYTES = 64 * 1024
MOST_VALUES = 2_000
MOST_DEPTH = 100
"""The levels of a document, as of the body that it comes in."""

MOST_STEPS_EACH = 2_500
"""The most steps that a schema may need for the values on one path into a document."""

MOST_STEPS = 250_000
"""The most steps for one document: a quarter of a second at worst."""

MOST_STEPS_LISTED = 10_000
"""The most steps for which every violation is listed, and not the first alone: listing one takes 25 microseconds."""

MOST_VIOLATIONS = 20
PATTERN_BYTES = 64 * 1024
"""The largest compiled pattern: of a text of 1 MiB it takes 30 milliseconds at most."""

PATTERN_STEP_BYTES = 64
LONGEST_MESSAGE = 200
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_IN_PLACE = frozenset({"not", "if", "then", "else"})
_IN_PLACE_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_OF_ALL = ("propertyNames", "contains")
_OF_REST = ("additionalProperties", "items")
_UNEVALUATED = ("unevaluatedProperties", "unevaluatedItems")
_REFUSED = frozenset({"$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor", "$recursiveRef", "$vocabulary"})

Schema_: TypeAlias = "dict[str, Any] | bool"


class InvalidSchemaError(Exception):
    """A document is no JSON Schema, or one that could cost too much; the message holds a JSON pointer into it."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A part of a document, at a JSON pointer, that a keyword of the schema does not allow."""

    pointer: str
    keyword: str
    message: str


@dataclass(frozen=True, slots=True)
class Violations:
    """The first violations of a document; ``complete`` is whether there are no others."""

    found: tuple[Violation, ...]
    complete: bool


class Schema:
    """A compiled schema; raises :class:`InvalidSchemaError`."""

    def __init__(self, text: str) -> None:
        if len(text) > LARGEST_BYTES:
            raise InvalidSchemaError(f"a schema has at most {LARGEST_BYTES} bytes")
        document = _plain(text)
        try:
            walk = _Walk(document)
        except RecursionError:
            raise InvalidSchemaError("the schema refers to itself through too many others") from None
        self.steps = walk.steps()
        self._patterns = walk.patterns
        try:
            self._validator = jsonschema_rs.Draft202012Validator(
                document,
                mask="the value",
                offline=True,
                validate_formats=True,
                pattern_options=jsonschema_rs.RegexOptions(PATTERN_BYTES, 1024 * 1024),
            )
        except jsonschema_rs.ValidationError as error:
            message = str(error).partition("\n")[0]
            if '"regex"' in message:
                message = "the pattern has a lookaround or a backreference, is too large, or is no regular expression"
            raise InvalidSchemaError(f"{pointer(error.instance_path) or '/'}: {message}") from None

    def violations(self, value: Json) -> Violations | None:
        """Return the violations of a document, or None if it has none."""
        steps = _values(value) * self.steps + len(value) // PATTERN_STEP_BYTES * self._patterns
        if steps > MOST_STEPS:
            message = f"the document is too large for the schema: {steps} steps are above {MOST_STEPS}"
            return Violations((Violation("", "$schema", message),), complete=False)
        document = _plain(value)
        if self._validator.is_valid(document):
            return None
        if steps > MOST_STEPS_LISTED:
            return Violations((self._first(document),), complete=False)
        found = [_violation(error) for error in islice(self._validator.iter_errors(document), MOST_VIOLATIONS + 1)]
        return Violations(tuple(found[:MOST_VIOLATIONS]), complete=len(found) <= MOST_VIOLATIONS)

    def _first(self, document: Any) -> Violation:
        try:
            self._validator.validate(document)
        except jsonschema_rs.ValidationError as error:
            return _violation(error)
        raise AssertionError("an invalid document has a violation")


class _Walk:
    """The schemas that a document's root refers to, and what they cost."""

    def __init__(self, root: Schema_) -> None:
        self._root = root
        self._plain: dict[int, tuple[list[Schema_], list[list[Schema_]], int, int]] = {}
        self._order: list[int] = []
        self.patterns = 0
        if _count(root) > MOST_VALUES:
            raise InvalidSchemaError(f"a schema has at most {MOST_VALUES} values")
        self._visit(root, "", ())

    def steps(self) -> int:
        """Return the most steps on one path into a document; refuse more than ``MOST_STEPS_EACH``."""
        last = dict.fromkeys(self._order, 0)
        for _ in range(MOST_DEPTH):
            now: dict[int, int] = {}
            for name in self._order:  # what is applied in place comes before what applies it
                in_place, children, weight, factor = self._plain[name]
                below = max((sum(last[id(each)] for each in group) for group in children), default=0)
                now[name] = weight + factor * sum(now[id(each)] for each in in_place) + below
            if now[id(self._root)] > MOST_STEPS_EACH:
                raise InvalidSchemaError(
                    f"the schema may need more than {MOST_STEPS_EACH} steps for one value: repeat less below anyOf,"
                    " oneOf, allOf, unevaluatedProperties and recursive references"
                )
            if now == last:
                break
            last = now
        return max(1, last[id(self._root)])

    def _visit(self, schema: Schema_, at: str, within: tuple[int, ...]) -> None:
        if id(schema) in within:
            raise InvalidSchemaError(f"{at}: the schema applies itself to the same value, without end")
        if id(schema) in self._plain:
            return
        if not isinstance(schema, dict):
            self._plain[id(schema)] = ([], [], 1, 1)
            self._order.append(id(schema))
            return
        self._check(schema, at)
        in_place = list(self._applied_in_place(schema, at))
        for place, each in in_place:
            self._visit(each, place, (*within, id(schema)))
        groups = list(_groups(schema))
        factor = 4 if any(name in schema for name in _UNEVALUATED) else 1
        self.patterns += ("pattern" in schema) + len(_mapping(schema, "patternProperties"))
        self._plain[id(schema)] = ([each for _, each in in_place], [], _weight(schema), factor)
        self._order.append(id(schema))
        for place, each in _children(schema, at):
            self._visit(each, place, ())
        self._plain[id(schema)] = ([each for _, each in in_place], groups, _weight(schema), factor)

    def _check(self, schema: dict[str, Any], at: str) -> None:
        refused = sorted((_REFUSED | ({"$id", "$schema"} if at else set())) & schema.keys())
        if refused:
            raise InvalidSchemaError(f"{at or '/'}: {refused[0]} is not supported here: refer by $ref to #/$defs")
        if schema.get("$schema", DIALECT) != DIALECT:
            raise InvalidSchemaError(f"/$schema: the dialect is {DIALECT}")

    def _applied_in_place(self, schema: dict[str, Any], at: str) -> Iterator[tuple[str, Schema_]]:
        for name, value in schema.items():
            if name in _IN_PLACE and isinstance(value, dict | bool):
                yield f"{at}/{name}", value
            elif name in _IN_PLACE_LISTS and isinstance(value, list):
                yield from ((f"{at}/{name}/{index}", each) for index, each in enumerate(value) if _is_schema(each))
            elif name == "dependentSchemas":
                yield from ((f"{at}/{name}", each) for each in _mapping(schema, name).values() if _is_schema(each))
            elif name == "$ref":
                yield f"{at}/$ref", self._referred(value, f"{at}/$ref")

    def _referred(self, reference: Any, at: str) -> Schema_:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise InvalidSchemaError(f"{at}: a reference is local: # or #/$defs/...")
        found: Any = self._root
        for part in reference.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            found = found.get(name) if isinstance(found, dict) else None
        if not _is_schema(found):
            raise InvalidSchemaError(f"{at}: there is no schema at {reference}")
        return found  # type: ignore[no-any-return]  # which the line above judges


def pointer(path: list[str | int]) -> str:
    """Return a path as JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _children(schema: dict[str, Any], at: str) -> Iterator[tuple[str, Schema_]]:
    """Yield the schemas that are applied to children of the value, with their places."""
    for name, value in schema.items():
        if name in ("properties", "patternProperties"):
            found = [(f"{at}/{name}/{key}", each) for key, each in _mapping(schema, name).items()]
        elif name == "prefixItems" and isinstance(value, list):
            found = [(f"{at}/{name}/{index}", each) for index, each in enumerate(value)]
        elif name in (*_OF_ALL, *_OF_REST, *_UNEVALUATED):
            found = [(f"{at}/{name}", value)]
        else:
            continue
        yield from ((place, each) for place, each in found if _is_schema(each))


def _groups(schema: dict[str, Any]) -> Iterator[list[Schema_]]:
    """Yield the schemas that are applied together to one child of the value, for each kind of child."""
    named = _mapping(schema, "properties").values()
    placed = value if isinstance(value := schema.get("prefixItems"), list) else []
    every = [
        *_mapping(schema, "patternProperties").values(),
        *(schema[name] for name in (*_OF_ALL, *_UNEVALUATED) if name in schema),
    ]
    rest = [schema[name] for name in _OF_REST if name in schema]
    for group in ([*rest, *every], *([each, *every] for each in (*named, *placed))):
        yield [each for each in group if _is_schema(each)]


def _weight(schema: dict[str, Any]) -> int:
    """Return the steps of a schema's own keywords: a step for each thing that a value is compared with."""
    compared = _count(schema.get("enum")) + _count(schema.get("const")) + len(_mapping(schema, "properties"))
    required = schema.get("required")
    return len(schema) + compared + (len(required) if isinstance(required, list) else 0)


def _mapping(schema: dict[str, Any], name: str) -> dict[str, Any]:
    value = schema.get(name)
    return value if isinstance(value, dict) else {}


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict | bool)


def _count(document: Any) -> int:
    if isinstance(document, dict):
        return 1 + sum(map(_count, document.values()))
    return 1 + sum(map(_count, document)) if isinstance(document, list) else 1


def _values(text: str) -> int:
    """Return how many values a document has at most, without parsing it."""
    return 1 + text.count(",") + text.count("[") + text.count("{")


def _plain(text: str) -> Any:
    """Return a document with numbers as the validator knows them: integers of 100 digits, other ones as doubles."""
    return json.loads(text, parse_int=_integer)


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= 100 else float(text)


def _violation(error: jsonschema_rs.ValidationError) -> Violation:
    message = error.message if len(error.message) <= LONGEST_MESSAGE else f"{error.message[:LONGEST_MESSAGE]}..."
    return Violation(pointer(error.instance_path), error.kind.name, message)
