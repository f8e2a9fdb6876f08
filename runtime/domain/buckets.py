"""Arithmetic of token buckets in integers.

A level is counted in parts of a token, so that one microsecond adds a whole number of parts: at ``refill`` tokens a
minute a microsecond adds ``refill`` parts of 1/60,000,000 token. Nothing is rounded, so no error accumulates.
"""

from __future__ import annotations

from dataclasses import dataclass

MICROSECONDS_PER_MINUTE = 60_000_000

LARGEST = 100_000_000
"""The largest capacity and refill in tokens: a full bucket in parts stays below 2**53, so that Lua counts exactly."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One of ``shares`` equal parts of a bucket of ``capacity`` tokens that gains ``refill`` tokens a minute.

    Up to ``lag`` microseconds pass between the debit of a token and its use. The bucket holds so much less than its
    capacity that every window still admits at most the capacity and the window's refill: the proof is in
    ``docs/decisions/0045-every-window-holds.md``.
    """

    capacity: int
    refill: int
    shares: int = 1
    lag: int = 0

    @property
    def token(self) -> int:
        """One token, in parts."""
        return MICROSECONDS_PER_MINUTE * self.shares

    @property
    def full(self) -> int:
        """The level of a full bucket, in parts; at least one token, since a smaller one would admit no request."""
        level = self.capacity * MICROSECONDS_PER_MINUTE
        if self.lag:
            level = min(level, level + MICROSECONDS_PER_MINUTE - 1 - self.lag * self.refill)
        return max(level, self.token)


@dataclass(frozen=True, slots=True)
class State:
    """The level of a bucket (``level``, in parts) at a time (``at``, in microseconds)."""

    level: int
    at: int


def filled(shape: Shape, now: int) -> State:
    """Return a full bucket."""
    return State(shape.full, now)


def refilled(shape: Shape, state: State, now: int) -> State:
    """Return the bucket at ``now``; a clock that was set back adds nothing."""
    gained = max(0, now - state.at) * shape.refill
    return State(min(shape.full, state.level + gained), now)


def wait_microseconds(shape: Shape, state: State) -> int:
    """Return the time until the bucket holds a token; 0 when it holds one."""
    missing = shape.token - state.level
    return max(0, -(-missing // shape.refill))


def debited(shape: Shape, state: State, tokens: int) -> State:
    """Return the bucket without ``tokens``; it must hold that many."""
    return State(state.level - tokens * shape.token, state.at)
