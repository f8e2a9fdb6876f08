"""A sampler that regularly writes the metrics of the cache and of health, and the counts in memory, for scrapes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runtime.ports import CircuitState

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runtime.ports import ExternalPool
    from runtime.services.health import Health
    from runtime.telemetry import Telemetry

SAMPLE_SECONDS = 1.0
STATES = (CircuitState.CLOSED, CircuitState.HALF_OPEN, CircuitState.OPEN)
"""The states of a circuit by their numbers in the metric: the largest of all workers is the worst."""


class Sampling:
    """A sampler of the ``health`` of a worker, its connections to ``external`` services and counts of ``telemetry``."""

    def __init__(self, health: Health, external: Mapping[str, ExternalPool], telemetry: Telemetry) -> None:
        self._health = health
        self._external = external
        self._telemetry = telemetry
        self._hits = 0
        self._misses = 0

    def sample(self) -> None:
        """Write the current values."""
        health = self._health
        contents = health.contents()
        self._telemetry.cache_reads.count("hit", times=contents.hits - self._hits)
        self._telemetry.cache_reads.count("miss", times=contents.misses - self._misses)
        self._hits, self._misses = contents.hits, contents.misses
        self._telemetry.cache_bytes.set(contents.bytes)
        self._telemetry.cache_live.set(contents.live)
        self._telemetry.cache_revision.set(0 if contents.version is None else contents.version.revision)
        self._telemetry.ready.set(health.state.ready)
        for target, circuit in health.circuits.items():
            self._telemetry.circuits.labels(target).set(STATES.index(circuit.state))
        for name, each in self._external.items():
            pool = each.pool
            self._telemetry.external_pool_size.labels(name).set(pool.size)
            self._telemetry.external_pool_in_use.labels(name).set(pool.in_use)
            self._telemetry.external_pool_waiting.labels(name).set(pool.waiting)
        self._telemetry.memory_age.set(contents.age_seconds or 0)
        self._telemetry.memory_bound.set(health.stale_seconds)
        schema = health.feed.schema
        self._telemetry.migrations_missing.set(0 if schema.found is None else max(0, schema.needed - schema.found))
        self._telemetry.write()

    async def repeat(self) -> None:
        """Sample every ``SAMPLE_SECONDS`` until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)
