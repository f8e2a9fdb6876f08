"""The metrics of one worker, and how a scrape sees those of every worker.

With several workers prometheus-client keeps the numbers in files of ``PROMETHEUS_MULTIPROC_DIR``, one set per process,
and the worker that is scraped adds them up. Label values are route templates and fixed words, never what a client sent.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Telemetry:
    """Every metric of the service. ``labels()`` costs more than counting does, so the children are kept."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._registry = registry = CollectorRegistry()
        requests = Counter("http_requests", "Answered requests.", ("method", "route", "status"), registry=registry)
        duration = Histogram(
            "http_request_duration_seconds",
            "Time from the request's head to the last byte of the answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=registry,
        )
        decisions = Counter("throttle_decisions", "Requests judged, by outcome.", ("outcome",), registry=registry)
        denials = Counter("throttle_denials", "Denials, by the bucket that was empty.", ("bucket",), registry=registry)
        calls = Counter("throttle_redis_calls", "Calls to the shared buckets.", ("operation",), registry=registry)
        self.requests = cache(requests.labels)
        self.duration = cache(duration.labels)
        self.decisions = cache(decisions.labels)
        self.denials = cache(denials.labels)
        self.redis_calls = cache(calls.labels)
        self.in_flight = _gauge("http_requests_in_flight", "Requests being served.", "livesum", registry)
        self.degraded = _gauge(
            "throttle_degraded", "1 while a worker throttles alone, without the shared buckets.", "livemax", registry
        )
        self.pool_size = _gauge("database_pool_size", "Connections that the pools may open.", "livesum", registry)
        self.pool_in_use = _gauge("database_pool_in_use", "Connections lent to requests.", "livesum", registry)

    def exposition(self) -> bytes:
        """Return the text format of every worker's metrics, after forgetting the gauges of workers that have ended."""
        if self._directory is None:
            return generate_latest(self._registry)
        for pid in _dead(self._directory):
            multiprocess.mark_process_dead(pid, str(self._directory))  # type: ignore[no-untyped-call]  # not annotated upstream
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, str(self._directory))  # type: ignore[no-untyped-call]  # not annotated upstream
        return generate_latest(registry)


def _gauge(name: str, text: str, mode: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, text, multiprocess_mode=mode, registry=registry)  # type: ignore[arg-type]  # one of its literals


def _dead(directory: Path) -> set[int]:
    # Files are named <type>_<pid>.db. Those of counters stay, since a total must not fall when a worker is replaced.
    pids = {int(path.stem.rpartition("_")[2]) for path in directory.glob("gauge_live*_*.db")}
    return {pid for pid in pids if not _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
