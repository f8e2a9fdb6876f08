"""Fixtures of rules: an input that the rule must pass, and changes of it that the rule must deny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr

from compiler.policy.errors import Faults
from compiler.policy.files import parse
from compiler.sources.nodes import nearest

Json = Any
"""A JSON document: mappings, lists, strings, whole numbers, booleans, null."""


class Change(BaseModel):
    """A change of the must-pass input: ``value`` replaces the value ``at`` a path."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    at: Annotated[tuple[StrictStr | StrictInt, ...], Field(min_length=1)]
    value: Json


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    must_pass: Mapping[str, Json]
    must_deny: Annotated[tuple[Change, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Difference:
    """The only value in which a must-deny input differs from the must-pass input."""

    at: tuple[str | int, ...]
    passes: Json
    denied: Json


@dataclass(frozen=True, slots=True)
class Fixture:
    """The inputs of a rule's proof: one that the rule must pass, and at least one that it must deny."""

    must_pass: Json
    differences: tuple[Difference, ...]

    @property
    def must_deny(self) -> tuple[Json, ...]:
        """The inputs to deny: each is the must-pass input with one value replaced."""
        return tuple(_changed(self.must_pass, one.at, one.denied) for one in self.differences)


@cache
def fixture(text: str, name: str) -> Fixture:
    """Return the fixture that the text of a ``fixture.yaml`` describes; messages call the file by its ``name``.

    Raises:
        PolicyError: the file has another shape, or changes a path that its must-pass input lacks.
    """
    file, node = parse(_File, text, name)
    faults = Faults()
    differences = []
    for index, item in enumerate(file.must_deny):
        try:
            differences.append(Difference(item.at, _value(file.must_pass, item.at), item.value))
        except LookupError as error:
            place = nearest(node, ("must_deny", index, "at"))
            faults.add(f"{place}: must_deny changes {error}, which must_pass does not have")
    faults.refuse()
    return Fixture(file.must_pass, tuple(differences))


def _value(document: Json, at: Sequence[str | int]) -> Json:
    """Return the value of a document at a path."""
    for key in at:
        if isinstance(document, list):
            there = isinstance(key, int) and 0 <= key < len(document)
        else:
            there = isinstance(document, Mapping) and key in document
        if not there:
            raise LookupError(repr(key))
        document = document[key]
    return document


def _changed(document: Json, at: Sequence[str | int], value: Json) -> Json:
    """Return a copy of the document with the value at an existing path replaced."""
    if not at:
        return value
    key, below = at[0], at[1:]
    if isinstance(document, Mapping):
        return {**document, key: _changed(document[key], below, value)}
    index = int(key)
    return [*document[:index], _changed(document[index], below, value), *document[index + 1 :]]
