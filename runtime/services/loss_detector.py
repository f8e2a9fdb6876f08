"""A detector of the loss of the shared buckets, and of their return: after several probes in a row that succeeded.

It has hysteresis both ways. One slow answer, or many at one moment, are no loss; a server that comes and goes has to
succeed for longer each time before it is asked again. No request is refused for a loss, so that this is no circuit of
``fault_tolerance.circuit_breakers``.
"""

from __future__ import annotations

from collections import deque

FAILURES = 3
"""The failures within ``WINDOW_MICROSECONDS`` that are a loss."""

WINDOW_MICROSECONDS = 5_000_000
APART_MICROSECONDS = 100_000
"""Failures that are closer together than this are one: a single pause of a server fails every request that waits."""

SUCCESSES = 3
"""The successes in a row that are a return for the first time; twice as many after each relapse."""

MOST_SUCCESSES = 48
STEADY_MICROSECONDS = 60_000_000
"""The time after a return from which on another loss is no relapse."""


class LossDetector:
    """A detector for one server; times are monotonic microseconds.

    A server that has never succeeded is lost with its first failure, and is back with its first success.
    """

    def __init__(self) -> None:
        self.lost = False
        self._proven = False
        self._failures: deque[int] = deque(maxlen=FAILURES)
        self._successes = 0
        self._needed = 1
        self._returned_at = -STEADY_MICROSECONDS

    @property
    def suspicious(self) -> bool:
        """Whether the server is lost, or failures count against the server."""
        return self.lost or bool(self._failures)

    def failed(self, now: int) -> bool:
        """Count a failure; return whether it is a loss."""
        self._successes = 0
        if self.lost or (self._failures and now - self._failures[-1] < APART_MICROSECONDS):
            return False
        self._failures.append(now)
        if self._proven and (len(self._failures) < FAILURES or now - self._failures[0] > WINDOW_MICROSECONDS):
            return False
        self._lose(now)
        return True

    def succeeded(self, now: int) -> bool:
        """Count a success; return whether it is a return."""
        if self._failures and now - self._failures[-1] > WINDOW_MICROSECONDS:
            self._failures.clear()
        self._proven = True
        self._successes += 1
        if not self.lost or self._successes < self._needed:
            return False
        self.lost = False
        self._returned_at = now
        return True

    def _lose(self, now: int) -> None:
        self.lost = True
        self._failures.clear()
        if self._proven:
            relapsed = now - self._returned_at < STEADY_MICROSECONDS
            self._needed = min(max(SUCCESSES, self._needed * 2 if relapsed else 0), MOST_SUCCESSES)
