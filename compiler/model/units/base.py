"""What every unit shares: it is parsed from text at the edge, and it is one whole number for the policies."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from compiler.diagnostics import Code
from compiler.model.keywords import spelt

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue


def refuse(code: Code, message: str, help_: str, entry: int | None = None) -> PydanticCustomError:
    """Return the error that a model reports for one value: a code of the catalogue, what is wrong, what to do.

    ``entry`` is the index of the entry that is wrong in a list that is not.
    """
    return PydanticCustomError("cbp", "{message}", {"code": code, "message": message, "help": help_, "entry": entry})


class Unit:
    """A quantity that pydantic parses with :meth:`parse` and serialises as the integer that policies see.

    ``spelling`` is a regular expression of every text that :meth:`parse` takes, which may refuse more than that: a sum
    that is out of bounds has no pattern. The class's docstring is what an editor shows.
    """

    code: ClassVar[Code]
    spelling: ClassVar[str]
    advice: ClassVar[str]
    examples: ClassVar[tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the quantity that the text states.

        Raises:
            PydanticCustomError: the text is not such a quantity.
        """
        raise NotImplementedError

    def number(self) -> int:
        """Return the quantity as the whole number that policies see, in the unit's own base."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls._validate, serialization=core_schema.plain_serializer_function_ser_schema(cls.number)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, JsonValue]:
        return spelt(cls.spelling, inspect.getdoc(cls) or "", cls.advice, examples=list(cls.examples))

    @classmethod
    def _validate(cls, value: object) -> Self:
        if isinstance(value, cls):
            return value
        if isinstance(value, str):
            return cls.parse(value)
        raise refuse(Code.SPEC004, "a single value is expected here", "write one value behind the key")
