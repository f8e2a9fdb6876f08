"""Pauses between attempts: exponential backoff with full jitter, as the settings say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.settings import Retry

LARGEST_DOUBLINGS = 53
"""The doublings after which every pause is the longest: the settings hold no number above 2**53."""


def pause_seconds(retry: Retry, failures: int) -> float:
    """Return the pause after a number of failures, from 1.

    The first repetition comes at once, because the usual cause is a connection that was closed while idle.
    """
    if failures == 1:
        return 0
    doublings = min(failures - 2, LARGEST_DOUBLINGS)
    longest = min(retry.maximum_milliseconds, retry.initial_milliseconds * 2**doublings) / 1000
    return random.uniform(0, longest) if retry.jitter else longest  # noqa: S311  # no secret
