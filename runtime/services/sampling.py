"""A sampler that regularly writes the metrics of cache, pools and health, and the counts in memory, for scrapes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from runtime.ports.availability import CircuitState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.ports.availability import Pool
    from runtime.ports.external import ExternalPool
    from runtime.services.health import Health
    from runtime.telemetry import Telemetry

SAMPLE_SECONDS = 1.0
STATES = (CircuitState.CLOSED, CircuitState.HALF_OPEN, CircuitState.OPEN)
"""The states of a circuit by their numbers in the metric: the largest of all workers is the worst."""


class Sampling:
    """A sampler of a worker's ``health``, its ``pools`` to the store and to ``external`` services, and its counts."""

    def __init__(
        self,
        health: Health,
        pools: Callable[[], Mapping[str, Pool]],
        external: Mapping[str, ExternalPool],
        telemetry: Telemetry,
    ) -> None:
        self._health = health
        self._pools = pools
        self._external = external
        self._refused: dict[str, int] = {}
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
        self._sample_pools(self._pools())
        self._telemetry.write()

    def _sample_pools(self, pools: Mapping[str, Pool]) -> None:
        self._telemetry.pool_size.set(sum(pool.size for pool in pools.values()))
        self._telemetry.pool_in_use.set(sum(pool.in_use for pool in pools.values()))
        self._telemetry.pool_waiting.set(sum(pool.waiting for pool in pools.values()))
        for name, pool in pools.items():
            self._telemetry.pool_refused.count(name, times=pool.refused - self._refused.get(name, 0))
            self._refused[name] = pool.refused

    async def repeat(self) -> None:
        """Sample every ``SAMPLE_SECONDS`` until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)
