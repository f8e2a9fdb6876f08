"""A normal form for values that a plan and a server write differently: durations, order of lists, empty values.

Vault takes a duration as ``720h`` and returns 2592000 or ``720h0m0s``, sorts some lists, and returns null, an empty
text or an empty list where nothing was set. Other whole numbers, flags and texts stay as they are.
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
    """Return the seconds of a duration in Vault's notation (whole seconds, or ``1h30m``); None for anything else.

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
    """Return whether a field of Vault's API holds a duration, judging by its name."""
    return _DURATION_FIELD.fullmatch(field) is not None


def normal(value: Any, field: str = "") -> Any:
    """Return a field's value in its normal form; equal values have equal forms."""
    if isinstance(value, Mapping):
        return {name: normal(item, name) for name, item in value.items()} or None
    if isinstance(value, list | tuple):
        items = {json.dumps(item, sort_keys=True): item for item in (normal(item) for item in value)}
        return [items[text] for text in sorted(items)] or None
    if is_duration(field) and (number := seconds(value)) is not None:
        return number
    return None if value == "" else value


def differing(planned: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the fields of a planned document that differ on the server, which may have more fields."""
    return tuple(field for field, value in planned.items() if _text(value, field) != _text(found.get(field), field))


def _text(value: Any, field: str) -> str:
    """Return the normal form as JSON, where ``true`` differs from 1; in Python they are equal."""
    return json.dumps(normal(value, field), sort_keys=True)
