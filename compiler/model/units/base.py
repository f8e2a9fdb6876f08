"""The base of all units: a unit is parsed from text, and serialised as one whole number for the policies."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from compiler.diagnostics import Code
from compiler.model.keywords import spelt

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, JsonValue


def refuse(code: Code, message: str, help_: str, entry: int | None = None) -> PydanticCustomError:
    """Return the error of a value, for a validator to raise: a diagnostic code, the message, and the advice.

    ``entry`` is the index of the wrong entry, where the value is a list.
    """
    return PydanticCustomError("cbp", "{message}", {"code": code, "message": message, "help": help_, "entry": entry})


class Unit:
    """A quantity that pydantic parses with :meth:`parse` and serialises as the integer that policies see.

    ``spelling`` is a regular expression that matches every text that :meth:`parse` accepts; ``parse`` may refuse more,
    since a pattern cannot tell a number that is out of bounds. An editor shows the class's docstring.
    """

    code: ClassVar[Code]
    spelling: ClassVar[str]
    advice: ClassVar[str]
    examples: ClassVar[tuple[str, ...]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the quantity that the text states.

        Raises:
            PydanticCustomError: the text states no such quantity.
        """
        raise NotImplementedError

    def like(self, text: str) -> str:
        """Return the quantity in the unit of a text, such as ``30 seconds``, or canonically where that is not whole."""
        unit = text.lstrip("0123456789.")
        try:
            number, rest = divmod(self.number(), self.parse(f"1{unit}").number())
        except PydanticCustomError:
            return str(self)
        return str(self) if rest or number <= 1 else f"{number}{unit}"

    def number(self) -> int:
        """Return the quantity as the whole number that policies see, in the unit's base."""
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
