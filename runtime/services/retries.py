"""Retries: their pauses, their number, and a budget that keeps them from multiplying an outage.

Source: ``fault_tolerance.retry_policies``, ``connections.database.retry``.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.settings import Backoff, Retry

LARGEST_DOUBLINGS = 53
"""The doublings after which every pause is the longest: the settings hold no number above 2**53."""


class Retries:
    """The retries of one worker to one target.

    Of any ``n`` calls at most ``budget_retries + n * budget_percent / 100`` are repetitions. A repetition is only for a
    call that changed nothing, or that the target makes at most once.
    """

    def __init__(self, settings: Retry) -> None:
        self._settings = settings
        self._full = settings.budget_retries * 100
        self._level = self._full

    def earn(self) -> None:
        """Count a call, whose share is added to the budget."""
        self._level = min(self._full, self._level + self._settings.budget_percent)

    def permits(self, failures: int) -> bool:
        """Return whether a call may be repeated after a number of failures, and take the repetition out of the budget.

        ``budget_retries`` are in a full budget.
        """
        attempts = self._settings.attempts
        if (attempts is not None and failures >= attempts) or self._level < 100:
            return False
        self._level -= 100
        return True

    def pause_seconds(self, failures: int) -> float:
        """Return the pause after a number of failures, as the function of this name does."""
        return pause_seconds(self._settings, failures)


def pause_seconds(settings: Backoff, failures: int) -> float:
    """Return the pause after a number of failures, from 1.

    The first repetition comes at once, because the usual cause is a connection that was closed while idle. The pauses
    after it double up to the longest, or are all the first one; with jitter each is a random part of that.
    """
    if failures == 1:
        return 0
    doublings = min(failures - 2, LARGEST_DOUBLINGS) if settings.exponential else 0
    longest = min(settings.maximum_milliseconds, settings.initial_milliseconds * 2**doublings) / 1000
    return random.uniform(0, longest) if settings.jitter else longest  # noqa: S311 - no secret
