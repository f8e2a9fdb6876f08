"""The level of a resource: normal, warning or critical, with hysteresis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from runtime.settings import Levels

BELOW_PERCENT = 5.0
"""How far below its threshold a use has to be before its level falls."""

STEADY_SAMPLES = 5
"""The samples in a row for which it has to be so: a level that falls at once is logged again and again."""

_log = structlog.get_logger(__name__)


class Level(StrEnum):
    """The level of a resource, in one word."""

    NORMAL = "normal"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for normal, 1 for warning, 2 for critical."""
        return list(Level).index(self)


@dataclass(slots=True)
class Monitor:
    """A monitor of one resource, in percent of what there is of it: its level rises at once, and falls slowly.

    Each change of the level is one line of the log.
    """

    resource: str
    thresholds: Levels
    level: Level = Level.NORMAL
    percent: float = 0.0
    _lower: int = 0

    def observe(self, percent: float) -> None:
        """Learn the present use."""
        self.percent = percent
        now = self._level_of(percent)
        if now.rank > self.level.rank:
            self._change(now)
            return
        calm = self._level_of(percent + BELOW_PERCENT)
        self._lower = self._lower + 1 if calm.rank < self.level.rank else 0
        if self._lower >= STEADY_SAMPLES:
            self._change(calm)

    def _level_of(self, percent: float) -> Level:
        if percent >= self.thresholds.critical_percent:
            return Level.CRITICAL
        return Level.WARNING if percent >= self.thresholds.warning_percent else Level.NORMAL

    def _change(self, level: Level) -> None:
        before, self.level, self._lower = self.level, level, 0
        say = _log.warning if level.rank > before.rank else _log.info
        say(f"the use of {self.resource} is {level}", before=before.value, percent=round(self.percent, 1))
