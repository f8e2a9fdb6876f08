"""Whole numbers, ports, percentages and flags: text in the specification, plain integers and booleans inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BeforeValidator

from compiler.diagnostics import Code
from compiler.model.keywords import Keywords, spelt
from compiler.model.units.base import Unit, refuse

if TYPE_CHECKING:
    from pydantic import JsonValue

_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_PERCENT = re.compile(r"(0|[1-9][0-9]{0,17})%(?: utilization| maximum)?")
_LARGEST = 999_999_999
_PORTS = "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
_DIGITS = "write decimal digits without a leading zero"
_PORT = "write decimal digits, as 8080"
_FLAG = "write true or false"


def _whole(value: object, least: int = 0) -> object:
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise refuse(Code.SPEC010, f"'{value}' is not a whole number", _DIGITS)
    if not least <= int(value) <= _LARGEST:
        raise refuse(Code.SPEC010, f"{value} is out of range", f"write a whole number from {least} to {_LARGEST}")
    return int(value)


def _count(value: object) -> object:
    return _whole(value, 1)


def _port(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _WHOLE.fullmatch(value):
        raise refuse(Code.SPEC018, f"'{value}' is not a port", _PORT)
    if not 1 <= int(value) <= 65535:
        raise refuse(Code.SPEC018, f"port {value} is out of range", "use a port from 1 to 65535")
    return int(value)


def _flag(value: object) -> object:
    if not isinstance(value, str):
        return value
    if value not in ("true", "false"):
        raise refuse(Code.SPEC016, f"'{value}' is neither true nor false", _FLAG)
    return value == "true"


def _number(spelling: str, noun: str, advice: str, least: int, most: int, *examples: int) -> Keywords:
    """Return the keywords of a whole number: an editor reads digits without quotes as a number, and compares it."""
    description = f"{noun} from {least} to {most}."
    shown: dict[str, JsonValue] = {"examples": [*examples]} if examples else {}
    return Keywords(
        **spelt(spelling, description, advice, type=["integer", "string"], minimum=least, maximum=most, **shown),
    )


Whole = Annotated[int, BeforeValidator(_whole), _number("0|[1-9][0-9]{0,8}", "A whole number", _DIGITS, 0, _LARGEST)]
Count = Annotated[int, BeforeValidator(_count), _number("[1-9][0-9]{0,8}", "A whole number", _DIGITS, 1, _LARGEST)]
Port = Annotated[int, BeforeValidator(_port), _number(_PORTS, "A port", _PORT, 1, 65535, 8080)]
Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    Keywords(**spelt("true|false", "``true`` or ``false``.", _FLAG, type=["boolean", "string"])),
]


@dataclass(frozen=True, order=True, slots=True)
class Percent(Unit):
    """A whole percentage from 1 to 100: ``70%``, ``70% utilization``, ``80% maximum``. Policies see the number."""

    percent: int
    code = Code.SPEC015
    spelling = "([1-9][0-9]?|100)%( utilization| maximum)?"
    advice = "write a whole number and a percent sign, as 70%"
    examples = ("70%", "70% utilization", "80% maximum")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the percentage that the text states (SPEC015 where it states none from 1 to 100)."""
        match = _PERCENT.fullmatch(text)
        if match is None:
            raise refuse(cls.code, f"'{text}' is not a percentage", cls.advice)
        if not 1 <= int(match[1]) <= 100:
            raise refuse(cls.code, f"{match[1]}% is out of range", "write a percentage from 1% to 100%")
        return cls(int(match[1]))

    def number(self) -> int:
        """Return the percentage."""
        return self.percent

    def __str__(self) -> str:
        return f"{self.percent}%"
