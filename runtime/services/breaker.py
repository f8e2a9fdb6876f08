"""A circuit breaker: after failures a server is not asked, until probes have succeeded several times in a row.

It has hysteresis both ways. One slow answer, or many at one moment, opens nothing; a server that comes and goes has to
succeed for longer each time before it is asked again.
"""

from __future__ import annotations

from collections import deque

FAILURES = 3
"""The failures within ``WINDOW_MICROSECONDS`` that open the breaker."""

WINDOW_MICROSECONDS = 5_000_000
APART_MICROSECONDS = 100_000
"""Failures that are closer together than this are one: a single pause of a server fails every request that waits."""

SUCCESSES = 3
"""The successes in a row that close the breaker for the first time; twice as many after each relapse."""

MOST_SUCCESSES = 48
STEADY_MICROSECONDS = 60_000_000
"""The time after a return from which on another loss is no relapse."""


class Breaker:
    """A breaker of one server; times are monotonic microseconds.

    A server that has never succeeded opens it with its first failure, and closes it with its first success.
    """

    def __init__(self) -> None:
        self.open = False
        self._proven = False
        self._failures: deque[int] = deque(maxlen=FAILURES)
        self._successes = 0
        self._needed = 1
        self._closed_at = -STEADY_MICROSECONDS

    @property
    def suspicious(self) -> bool:
        """Whether the breaker is open, or failures count against the server."""
        return self.open or bool(self._failures)

    def failed(self, now: int) -> bool:
        """Count a failure; return whether it opened the breaker."""
        self._successes = 0
        if self.open or (self._failures and now - self._failures[-1] < APART_MICROSECONDS):
            return False
        self._failures.append(now)
        if self._proven and (len(self._failures) < FAILURES or now - self._failures[0] > WINDOW_MICROSECONDS):
            return False
        self._open(now)
        return True

    def succeeded(self, now: int) -> bool:
        """Count a success; return whether it closed the breaker."""
        if self._failures and now - self._failures[-1] > WINDOW_MICROSECONDS:
            self._failures.clear()
        self._proven = True
        self._successes += 1
        if not self.open or self._successes < self._needed:
            return False
        self.open = False
        self._closed_at = now
        return True

    def _open(self, now: int) -> None:
        self.open = True
        self._failures.clear()
        if self._proven:
            relapsed = now - self._closed_at < STEADY_MICROSECONDS
            self._needed = min(max(SUCCESSES, self._needed * 2 if relapsed else 0), MOST_SUCCESSES)
