"""A rule's proof of itself: an input that it must pass, and changes of it that it must deny."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from compiler.policy.errors import PolicyError

Json = Any
"""A JSON document: mappings, lists, strings, whole numbers, booleans, null."""


class Change(BaseModel):
    """One value of the must-pass input, put in place of what stands ``at`` a path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Annotated[tuple[StrictStr | StrictInt, ...], Field(min_length=1)]
    value: Json


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    must_pass: Mapping[str, Json]
    must_deny: Annotated[tuple[Change, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Fixture:
    """Complete inputs: one that the rule must pass, and at least one that it must deny."""

    must_pass: Json
    must_deny: tuple[Json, ...]


def fixture(document: Json, path: str) -> Fixture:
    """Return the fixture that a ``fixture.yaml`` describes.

    Raises:
        PolicyError: the file has another shape, or changes what its must-pass input does not have.
    """
    try:
        file = _File.model_validate(document)
    except ValidationError as error:
        raise PolicyError(f"{path}: this is not a fixture: {error}") from error
    try:
        return Fixture(
            file.must_pass, tuple(_changed(file.must_pass, change.at, change.value) for change in file.must_deny)
        )
    except LookupError as error:
        raise PolicyError(f"{path}: must_deny changes {error}, which must_pass does not have") from error


def _changed(document: Json, at: Sequence[str | int], value: Json) -> Json:
    """Return the document with the value at a path replaced; the original stays as it is."""
    if not at:
        return value
    key, below = at[0], at[1:]
    if isinstance(document, Mapping) and key in document:
        return {**document, key: _changed(document[key], below, value)}
    if isinstance(document, list) and isinstance(key, int) and 0 <= key < len(document):
        return [*document[:key], _changed(document[key], below, value), *document[key + 1 :]]
    raise LookupError(repr(key))
