"""Values that the API server or an operator writes in another way than they were compiled."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from compiler.policy.quantities import amount

_AMOUNTS = {"limits", "requests", "hard", "max", "min", "default", "defaultRequest"}
_AMOUNT = {"size", "storage", "sizeLimit", "averageValue", "tolerance", "divisor"}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:h|ms|m|s))+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(h|ms|m|s)")
_SECONDS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
_OPAQUE = {"data", "binaryData", "env", "args", "command"}
"""Fields whose texts mean what they say, letter by letter."""


def same(compiled: Any, live: Any, keys: tuple[str, ...]) -> bool:
    """Return whether two values are the same: numbers in quantities, and durations, in any spelling.

    ``keys`` are the names of the fields that lead to the values.
    """
    if type(compiled) is type(live) and compiled == live:
        return True
    if _OPAQUE.intersection(keys):
        return False
    last = keys[-1] if keys else ""
    if (last in _AMOUNT or _AMOUNTS.intersection(keys[-2:-1])) and not isinstance(compiled, bool):
        amounts = amount(str(compiled)), amount(str(live))
        return amounts[0] is not None and amounts[0] == amounts[1]
    return isinstance(compiled, str) and isinstance(live, str) and _seconds(compiled) == _seconds(live) is not None


def _seconds(text: str) -> Fraction | None:
    """Return the seconds of a duration as Go writes it (``15m``, ``1h30m0s``); None for anything else."""
    if not _DURATION.fullmatch(text):
        return None
    return sum((Fraction(number) * _SECONDS[unit] for number, unit in _PART.findall(text)), Fraction(0))
