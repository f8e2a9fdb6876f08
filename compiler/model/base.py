"""The base of all models: frozen, with unknown keys refused, and lists without duplicates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import CoreSchema, core_schema

from compiler.diagnostics import Code
from compiler.model.keywords import Keywords
from compiler.model.units.base import refuse

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue


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


@dataclass(frozen=True, slots=True)
class Always:
    """A check in ``Annotated`` that a list names some ``words``: nothing else can be compiled, ``because`` says why."""

    words: tuple[str, ...]
    because: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._require, handler(source))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, JsonValue]:
        return {**handler(core), "allOf": [{"contains": {"const": word}} for word in self.words]}

    def _require(self, items: tuple[str, ...]) -> tuple[str, ...]:
        for word in self.words:
            if word not in items:
                raise refuse(Code.SPEC006, f"the list leaves out '{word}'", f"add it: {self.because}")
        return items


@dataclass(frozen=True, slots=True)
class Only:
    """A note in ``Annotated`` on a word that is the only one of its statement: ``because`` says why."""

    because: str


Switch = Literal["Enabled", "Disabled"]
"""A feature that is on or off, in the specification's words."""
