"""An event loop on a simulated clock: waiting moves the clock, so that a schedule of minutes runs in milliseconds.

Callbacks run in asyncio's own order, as in the service. What differs from one schedule to the next is time: latencies,
pauses of clients and the moments of faults, all drawn from the seed.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar
from unittest import mock

import structlog

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

T = TypeVar("T")

START_SECONDS = 1000.0


class StuckError(Exception):
    """No timer is left that could wake a task: what the schedule waits for will never come."""


class _Timers:
    """A selector without files."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[object]:
        """Move the clock to the next timer, ``timeout`` seconds ahead."""
        if timeout is None:
            raise StuckError
        self._loop.seconds += timeout
        return []


class SimulatedLoop(asyncio.BaseEventLoop):
    """An event loop whose time is ``seconds``; it has no sockets, threads or signals."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = START_SECONDS
        self._selector = _Timers(self)

    def time(self) -> float:
        """Return the simulated time in seconds."""
        return self.seconds

    def nanoseconds(self) -> int:
        """Return the simulated time in nanoseconds."""
        return int(self.seconds * 1_000_000_000)

    def _process_events(self, event_list: list[object]) -> None:
        """Handle the events of the selector, which has none."""

    def _write_to_self(self) -> None:
        """Wake the selector, which never sleeps."""


@contextmanager
def _simulated_time(loop: SimulatedLoop) -> Iterator[None]:
    with (
        mock.patch.object(time, "monotonic", loop.time),
        mock.patch.object(time, "monotonic_ns", loop.nanoseconds),
    ):
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the service's warnings about simulated faults out of the output."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


def run(seed: str, main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a simulated clock and return its result; nothing that it started outlives it."""
    loop = SimulatedLoop()
    state = random.getstate()
    random.seed(seed)  # the service draws its own pauses
    try:
        with _simulated_time(loop), _quiet():
            try:
                return loop.run_until_complete(main)
            finally:
                loop.run_until_complete(_end())
    finally:
        random.setstate(state)
        loop.close()


async def _end() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
