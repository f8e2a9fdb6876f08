"""The base of all models: frozen, with unknown keys refused, and lists without duplicates."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict

from compiler.diagnostics import Code
from compiler.model.keywords import Keywords
from compiler.model.units.base import refuse


class Model(BaseModel):
    """A frozen mapping of the specification, in which all keys are known and required.

    Validators are built on first use (``defer_build``): a run parses with two models, and with no part of them alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


T = TypeVar("T")


def _distinct(items: tuple[T, ...]) -> tuple[T, ...]:
    if not items:
        raise refuse(Code.SPEC006, "the list is empty", "name at least one entry")
    seen: set[T] = set()
    for index, item in enumerate(items):
        if item in seen:
            raise refuse(Code.SPEC006, f"the list names '{item}' twice", "keep one of the two", index)
        seen.add(item)
    return items


Listed = Annotated[tuple[T, ...], AfterValidator(_distinct), Keywords(minItems=1, uniqueItems=True)]
"""A list with at least one entry and no duplicates."""

Switch = Literal["Enabled", "Disabled"]
"""A feature that is on or off, in the specification's words."""
