"""Order of values: whether a number, a quantity, a period or a cron schedule is lower than another one."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from compiler.policy.quantities import amount

_POWERS = {"kB": 1, "MB": 2, "GB": 3, "TB": 4}
"""The units of memory in PostgreSQL: https://www.postgresql.org/docs/18/config-setting.html."""
_SIZE = re.compile(rf"([0-9]+)({'|'.join(_POWERS)})")
_DAYS = {"d": 1, "w": 7, "m": 30}
"""The units of a retention: https://cloudnative-pg.io/plugin-barman-cloud/docs/retention/."""
_CRON = (60, 24, 30, 12)
"""The runs in an hour, a day, a month and a year where a field of a schedule is ``*``."""
_WEEKS = 4
"""The runs in a month of a schedule on one day of the week."""


def lower(before: Any, after: Any) -> bool | None:
    """Return whether a value is lower than the one before it; None where the two cannot be compared."""
    one, other = _number(before), _number(after)
    return None if one is None or other is None else other < one


def fewer_days(before: Any, after: Any) -> bool | None:
    """Return whether a retention is shorter than the one before it, as ``30d`` and ``4w`` are written."""
    one, other = _days(before), _days(after)
    return None if one is None or other is None else other < one


def less_often(before: Any, after: Any) -> bool | None:
    """Return whether a cron schedule of five or six fields runs less often than the one before it."""
    one, other = _runs(before), _runs(after)
    return None if one is None or other is None else other < one


def _number(value: Any) -> Fraction | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if (found := amount(str(value))) is not None:
        return found
    match = _SIZE.fullmatch(str(value))
    return int(match[1]) * Fraction(1024) ** _POWERS[match[2]] if match else None


def _days(value: Any) -> int | None:
    match = re.fullmatch(r"([0-9]+)([dwm])", str(value))
    return int(match[1]) * _DAYS[match[2]] if match else None


def _runs(schedule: Any) -> int | None:
    """Return the runs of a year, in months of thirty days; None for what the compiler does not write."""
    fields = str(schedule).split()[-5:]
    if len(fields) < len(_CRON) + 1:
        return None
    runs = 1
    for text, number in zip(fields, _CRON, strict=False):
        runs *= number if text == "*" else 1
    weekday = fields[-1] != "*"
    return runs // _CRON[2] * _WEEKS if weekday and fields[2] == "*" else runs
