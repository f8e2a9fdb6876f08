"""Admission of calls to a server that makes a bounded number of them at once: what an overload adds is refused soon.

A burst may wait for as long as a request can. A queue that has not been empty for a while is no burst: more arrives
than is served, and whoever waits in it is answered late, or is gone by then. From then on a caller waits for about as
long as a few calls take, and the rest are refused, so that the server works for those who still want the answer.

Sources: Nichols and Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012; Maurer, "Fail at Scale", ACM Queue
13(8), 2015, which has the two bounds and the test of emptiness.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NoReturn

from runtime.ports.availability import OverloadedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATIENCE_SECONDS = 1.0
"""The longest that a read waits in a burst: half of the time that it has."""

INTERVAL_SECONDS = 0.5
"""A queue that has not been empty for so long is an overload, if calls ended all the while: a server may pause."""

CALLS = 3
"""The longest wait in an overload, in calls."""

LEAST_SECONDS = 0.02
"""The shortest wait in an overload: an event loop may be late by as much."""

_WEIGHT = 0.1
"""The weight of the last call in the mean of their durations."""


class Delay:
    """The longest that a caller may wait in a queue: ``patience_seconds``, and less in an overload."""

    def __init__(self, patience_seconds: float = math.inf) -> None:
        self._patience_seconds = patience_seconds
        self._since = self._ended_at = time.monotonic()
        self._refused_at = -math.inf
        self._mean = 0.0

    def emptied(self) -> None:
        """Learn that nobody waits; right after refusals that says nothing, since they emptied the queue."""
        now = time.monotonic()
        if now - self._refused_at >= INTERVAL_SECONDS:
            self._since = now

    def refused(self) -> None:
        """Learn that a caller had waited for too long."""
        self._refused_at = time.monotonic()

    def took(self, seconds: float) -> None:
        """Learn that a call ended, and how long it took."""
        now = time.monotonic()
        if now - self._ended_at >= INTERVAL_SECONDS and not self.overloaded:
            self._since = now
        self._ended_at = now
        self._mean += _WEIGHT * (seconds - self._mean)

    @property
    def overloaded(self) -> bool:
        """Whether more arrives than is served."""
        return self._ended_at - self._since >= INTERVAL_SECONDS

    @property
    def allowed_seconds(self) -> float:
        """The longest wait."""
        short = max(LEAST_SECONDS, CALLS * self._mean) if self.overloaded else math.inf
        return min(short, self._patience_seconds)


class _Line:
    """The callers of one kind that wait, in the order in which they came."""

    def __init__(self) -> None:
        self.delay = Delay(PATIENCE_SECONDS)
        self.waiting = 0
        self._turns: deque[tuple[asyncio.Future[None], float]] = deque()

    def join(self) -> asyncio.Future[None]:
        """Return the turn of a caller who waits from now on."""
        self.waiting += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.append((turn, time.monotonic()))
        return turn

    def admit(self) -> bool:
        """Give a turn to the first who has not waited for too long; return whether there is one."""
        oldest = time.monotonic() - self.delay.allowed_seconds
        while self._turns:
            turn, since = self._turns.popleft()
            if turn.done():
                continue
            self.waiting -= 1
            if since >= oldest:
                turn.set_result(None)
                return True
            self.delay.refused()
            turn.set_exception(OverloadedError())
        return False


class Admission:
    """Admits ``capacity`` calls at once, in the order in which they came, and those that can wait after all others."""

    def __init__(self, capacity: int) -> None:
        self.in_use = 0
        self.refused = 0
        self._capacity = capacity
        self._lines = _Line(), _Line()

    @property
    def waiting(self) -> int:
        """The callers that wait for a turn."""
        return sum(line.waiting for line in self._lines)

    @property
    def full(self) -> bool:
        """Whether a caller would have to wait."""
        return self.in_use >= self._capacity

    @asynccontextmanager
    async def turn(self, *, deferrable: bool = False) -> AsyncIterator[None]:
        """Wait for a turn and hold it; one that is ``deferrable`` comes after those that are not.

        Raises :class:`runtime.ports.availability.OverloadedError`.
        """
        line = self._lines[deferrable]
        if not line.waiting:
            line.delay.emptied()
        if self.full:
            if line.delay.overloaded and line.waiting >= CALLS * self._capacity:
                self._refuse(line)
            await self._wait(line)
        else:
            self.in_use += 1
        began = time.monotonic()
        try:
            yield
        finally:
            seconds = time.monotonic() - began
            for each in self._lines:
                each.delay.took(seconds)
            self._pass_on()

    async def _wait(self, line: _Line) -> None:
        turn = line.join()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await turn
        except TimeoutError:
            self._leave(line, turn)
            self.refused += 1
            raise OverloadedError from None
        except OverloadedError:
            self.refused += 1
            raise
        except asyncio.CancelledError:
            self._leave(line, turn)
            raise

    def _refuse(self, line: _Line) -> NoReturn:
        """Refuse a caller who would wait for too long; at once, since that costs less than a refusal after a wait."""
        line.delay.refused()
        self.refused += 1
        raise OverloadedError

    def _leave(self, line: _Line, turn: asyncio.Future[None]) -> None:
        """Leave a queue, or pass a turn on that was given at the moment when its caller left."""
        if turn.cancelled():
            line.waiting -= 1
        elif turn.done() and turn.exception() is None:
            self._pass_on()

    def _pass_on(self) -> None:
        if not any(line.admit() for line in self._lines):
            self.in_use -= 1
