"""The monitors of one worker: memory, threads, background tasks, connections and the lag of its event loop.

Source: ``limits``. They gate nothing but what :class:`runtime.services.shedding.Shedding` does at critical memory.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread

from runtime.services.levels import Monitor
from runtime.settings import Levels

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.ports.availability import Pool
    from runtime.ports.machine import MemoryReader
    from runtime.services.background import Background
    from runtime.services.shedding import Shedding
    from runtime.settings import Settings
    from runtime.telemetry import Telemetry

TICK_SECONDS = 0.1
TICKS = 10
"""The ticks of one sample: a use is the mean of them, so that a moment is no alarm."""


@dataclass(slots=True)
class Sums:
    """The sums of what the ticks of one sample measured: shares of 1, and seconds of lag."""

    ticks: int = 0
    threads: float = 0.0
    background: float = 0.0
    connections: float = 0.0
    lag: float = 0.0


class Monitors:
    """The levels of a worker's resources; ``pools`` are those of the store."""

    def __init__(
        self,
        settings: Settings,
        memory: MemoryReader,
        background: Background,
        pools: Callable[[], Mapping[str, Pool]],
        shedding: Shedding,
        telemetry: Telemetry,
    ) -> None:
        stated = settings.monitors
        self._workers = settings.process.workers
        self._container_bytes = stated.memory.container_bytes
        self._critical_lag = stated.event_loop.critical_milliseconds / 1000
        self._memory_reader = memory
        self._background_tasks = background
        self._pools = pools
        self._shedding = shedding
        self._telemetry = telemetry
        # A lag is a percentage of the critical one, so that all monitors are of one kind.
        warning = max(1, stated.event_loop.warning_milliseconds * 100 // stated.event_loop.critical_milliseconds)
        lag = Levels(warning_percent=min(100, warning), critical_percent=100)
        self.memory = Monitor("memory", stated.memory.levels)
        self.threads = Monitor("threads", stated.threads)
        self.background = Monitor("background_tasks", stated.threads)
        self.connections = Monitor("connections", stated.connections)
        self.event_loop = Monitor("event_loop", lag)
        self._sums = Sums()

    @property
    def all(self) -> tuple[Monitor, ...]:
        """Every monitor."""
        return self.memory, self.threads, self.background, self.connections, self.event_loop

    @property
    def details(self) -> dict[str, object]:
        """The level and the use of each resource, and its thresholds, in percent."""
        return {
            each.resource: {
                "state": each.level,
                "percent": round(each.percent, 1),
                "warning_percent": each.thresholds.warning_percent,
                "critical_percent": each.thresholds.critical_percent,
            }
            for each in self.all
        }

    async def repeat(self) -> None:
        """Tick and sample until cancelled."""
        while True:
            due = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            self.tick(time.monotonic() - due)
            if self._sums.ticks >= TICKS:
                self.sample()

    def tick(self, lag_seconds: float) -> None:
        """Measure the present use of everything but memory; the event loop was so many seconds late."""
        limiter, sums = anyio.to_thread.current_default_thread_limiter(), self._sums
        sums.ticks += 1
        sums.threads += limiter.borrowed_tokens / limiter.total_tokens
        sums.background += self._background_tasks.use
        sums.connections += max((pool.in_use / pool.size for pool in self._pools().values()), default=0.0)
        sums.lag += max(0.0, lag_seconds)

    def sample(self) -> None:
        """Judge what was measured since the last sample, and the memory, and act on it."""
        sums, self._sums = self._sums, Sums()
        count = max(1, sums.ticks)
        self.threads.observe(100 * sums.threads / count)
        self.background.observe(100 * sums.background / count)
        self.connections.observe(100 * sums.connections / count)
        self.event_loop.observe(100 * sums.lag / count / self._critical_lag)
        private = self._memory_reader.private_bytes()
        # Without a limit of the container a worker knows itself alone, and compares itself with its share.
        use = self._memory_reader.container()
        used, limit = (private, self._container_bytes // self._workers) if use is None else (use.used, use.limit)
        self.memory.observe(100 * used / max(1, limit))
        self._shedding.judge(self.memory.level, private)
        self._telemetry.shed_step.set(self._shedding.step)
        self._telemetry.memory_used.set(used)
        self._telemetry.memory_limit.set(limit)
        self._telemetry.heap_bytes.set(private)
        self._telemetry.event_loop_lag.set(sums.lag / count)
        for each in self.all:
            self._telemetry.utilization.labels(each.resource).set(each.percent / 100)
            self._telemetry.levels.labels(each.resource).set(each.level.rank)
            for level, percent in (
                ("warning", each.thresholds.warning_percent),
                ("critical", each.thresholds.critical_percent),
            ):
                self._telemetry.thresholds.labels(each.resource, level).set(percent / 100)
