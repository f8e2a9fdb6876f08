"""A sampler that regularly writes the cache's metrics and the counts in memory for scrapes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.services.cache import Contents
    from runtime.telemetry import Telemetry

SAMPLE_SECONDS = 1.0


class Sampling:
    """A sampler of the cache's ``contents`` and of the counts of ``telemetry``."""

    def __init__(self, contents: Callable[[], Contents], telemetry: Telemetry) -> None:
        self._contents = contents
        self._telemetry = telemetry
        self._hits = 0
        self._misses = 0

    def sample(self) -> None:
        """Write the current values."""
        contents = self._contents()
        self._telemetry.cache_reads.count("hit", times=contents.hits - self._hits)
        self._telemetry.cache_reads.count("miss", times=contents.misses - self._misses)
        self._hits, self._misses = contents.hits, contents.misses
        self._telemetry.cache_bytes.set(contents.bytes)
        self._telemetry.cache_live.set(contents.live)
        self._telemetry.cache_revision.set(0 if contents.version is None else contents.version.revision)
        self._telemetry.write()

    async def repeat(self) -> None:
        """Sample every ``SAMPLE_SECONDS`` until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)
