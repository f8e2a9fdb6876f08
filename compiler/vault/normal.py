"""One form for what a plan and a server write differently: durations, the order of lists, and what was left empty.

Vault reads a duration as ``720h`` and says 2592000 or ``720h0m0s`` of it, sorts some lists, and says null, an empty
text or an empty list where nothing was set. Whole numbers that are no durations, flags and texts are left alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

_DURATION_FIELD = re.compile(r"(.*_)?(ttl|period|after|leeway)")
_PART = re.compile(r"([0-9]+)([smhd])")
_DURATION = re.compile(r"([0-9]+[smhd])+")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def seconds(value: object) -> int | None:
    """Return a duration of Vault, whole seconds or parts as ``1h30m``, in seconds; None for anything else.

    Source: https://openbao.org/docs/concepts/duration-format/
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        return None
    if re.fullmatch(r"[0-9]+", value):
        return int(value)
    if _DURATION.fullmatch(value):
        return sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(value))
    return None


def is_duration(field: str) -> bool:
    """Return whether a field of Vault's API holds a duration, by its name."""
    return _DURATION_FIELD.fullmatch(field) is not None


def normal(value: Any, field: str = "") -> Any:
    """Return a value of a field in the one form in which equal ones are equal."""
    if isinstance(value, Mapping):
        return {name: normal(item, name) for name, item in value.items()} or None
    if isinstance(value, list | tuple):
        items = {json.dumps(item, sort_keys=True): item for item in (normal(item) for item in value)}
        return [items[text] for text in sorted(items)] or None
    if is_duration(field) and (number := seconds(value)) is not None:
        return number
    return None if value == "" else value


def differing(planned: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of a plan's document that a server says otherwise; it may say more."""
    return tuple(field for field, value in planned.items() if _text(value, field) != _text(found.get(field), field))


def _text(value: Any, field: str) -> str:
    """As JSON, in which a flag is no number, as it is in Python."""
    return json.dumps(normal(value, field), sort_keys=True)
