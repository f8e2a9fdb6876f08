"""Units of time: durations, rates and schedules."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from compiler.diagnostics import Code
from compiler.model.units.base import Unit, refuse

_DURATION = re.compile(r"(0|[1-9][0-9]{0,8}) ?([a-z]+)")
_SECONDS = {
    **dict.fromkeys(("s", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
}
_NAMES = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
# Buckets count in parts of 1/60,000,000 request, and Redis computes with integers below 2^53.
_LARGEST_RATE = 100_000_000
_RATE = re.compile(r"(0|[1-9][0-9]{0,8})(?: req)?/(s|min|h)")


@dataclass(frozen=True, order=True, slots=True)
class Duration(Unit):
    """A duration: a whole number of seconds, minutes, hours or days. Policies see whole seconds.

    The units are s, second, m, min, minute, h, hour, d and day; words may be in the plural.
    """

    seconds: int
    code = Code.SPEC013
    spelling = rf"[1-9][0-9]{{0,8}} ?({'|'.join(_SECONDS)})"
    advice = 'write a whole number and a unit: "30 seconds", "5m", "1 hour" or "30 days"'
    examples = ("30 seconds", "5m", "1 hour", "30 days")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the duration that the text states (SPEC013 where it states none, or zero)."""
        match = _DURATION.fullmatch(text)
        scale = _SECONDS.get(match[2]) if match else None
        if match is None or scale is None:
            raise refuse(cls.code, f"'{text}' is not a duration", cls.advice)
        if not int(match[1]):
            raise refuse(cls.code, "a duration is more than nothing", 'write at least "1 second"')
        return cls(int(match[1]) * scale)

    def __add__(self, other: Duration) -> Duration:
        return Duration(self.seconds + other.seconds)

    def __mul__(self, times: int) -> Duration:
        return Duration(self.seconds * times)

    def __floordiv__(self, parts: int) -> Duration:
        return Duration(self.seconds // parts)

    def number(self) -> int:
        """Return the seconds."""
        return self.seconds

    def __str__(self) -> str:
        seconds, name = next(unit for unit in _NAMES if self.seconds % unit[0] == 0)
        count = self.seconds // seconds
        return f"{count} {name}" if count == 1 else f"{count} {name}s"


@dataclass(frozen=True, order=True, slots=True)
class Rate(Unit):
    """Requests over a second, a minute or an hour (s, min, h). Policies see whole requests per minute."""

    per_minute: int
    code = Code.SPEC014
    spelling = r"[1-9][0-9]{0,8}( req)?/(s|min|h)"
    advice = 'write requests over time, as "1000 req/min"'
    examples = ("1000 req/min", "10/s", "600/h")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the rate that the text states (SPEC014 where it states none, or no whole number per minute)."""
        match = _RATE.fullmatch(text)
        if match is None:
            raise refuse(cls.code, f"'{text}' is not a rate", cls.advice)
        per_hour = int(match[1]) * {"s": 3600, "min": 60, "h": 1}[match[2]]
        if not per_hour or per_hour % 60:
            raise refuse(cls.code, f"'{text}' is not a whole number of requests a minute", 'write "1 req/min" or more')
        if per_hour > 60 * _LARGEST_RATE:
            help_ = f'write at most "{_LARGEST_RATE} req/min"'
            raise refuse(cls.code, f"'{text}' is more than can be counted exactly", help_)
        return cls(per_hour // 60)

    def number(self) -> int:
        """Return the requests per minute."""
        return self.per_minute

    def __str__(self) -> str:
        return f"{self.per_minute} req/min"


class Schedule(StrEnum):
    """A frequency, in one word. Policies see the word."""

    HOURLY = "Hourly"
    DAILY = "Daily"
    WEEKLY = "Weekly"
    MONTHLY = "Monthly"
    QUARTERLY = "Quarterly"
