"""The record of a drill: a takeover that people practised, with the time of each step."""

from __future__ import annotations

from enum import StrEnum

from compiler.model.base import Model
from compiler.model.units import Whole
from compiler.model.waiver import Day


class Outcome(StrEnum):
    """How a step of a drill ended."""

    DONE = "done"
    NOT_NEEDED = "not needed"
    FAILED = "failed"
    NOT_DONE = "not done"
    """The drill ended before it, or with it."""


class DrillStep(Model):
    """One step: its share of the recovery time objective, the time that it took, and how it ended."""

    title: str
    share_seconds: Whole
    took_seconds: Whole
    outcome: Outcome


class Drill(Model):
    """A drill: ``cluster`` took over from ``former``, or was to, on a day (UTC)."""

    cluster: str
    former: str
    day: Day
    objective_seconds: Whole
    """The recovery time objective that was stated then (``recovery.rto.target``)."""
    steps: tuple[DrillStep, ...]

    @property
    def took_seconds(self) -> int:
        """The time of all steps together."""
        return sum(step.took_seconds for step in self.steps)

    @property
    def shown(self) -> bool:
        """Whether it showed the objective: every step that was needed was done, within the time."""
        ended = all(step.outcome in (Outcome.DONE, Outcome.NOT_NEEDED) for step in self.steps)
        return ended and self.took_seconds <= self.objective_seconds


class DrillFile(Model):
    """The file of one drill."""

    drill: Drill
