"""Prometheus metrics of one worker, and the exposition of all workers' metrics.

With several workers prometheus-client stores the numbers in files of ``PROMETHEUS_MULTIPROC_DIR``, one set per process,
and the worker that is scraped adds them up; counts of the other workers from the last second may be missing. Label
values are route templates, names of subscribers and fixed words, never a client's text.
"""

from __future__ import annotations

import collections
import os
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from runtime.domain.deliveries import Subscriber

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Tally:
    """A counter that buffers its counts in memory: each write to the file would cost as much as a cache lookup."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...], registry: CollectorRegistry) -> None:
        self._counter = Counter(name, text, labels, registry=registry)
        self._unwritten: defaultdict[tuple[str, ...], int] = defaultdict(int)

    def count(self, *labels: str, times: int = 1) -> None:
        """Add ``times`` to the count of these label values."""
        self._unwritten[labels] += times

    def write(self) -> None:
        """Write the buffered counts for scrapes."""
        unwritten, self._unwritten = self._unwritten, defaultdict(int)  # other threads may go on counting
        for labels, times in unwritten.items():
            self._counter.labels(*labels).inc(times)


class Durations:
    """A histogram of durations in seconds that buffers them in memory, as a :class:`Tally` does."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...], registry: CollectorRegistry) -> None:
        self._histogram = _Histogram(name, text, labels, buckets=SECONDS, registry=registry)
        self._unwritten: defaultdict[tuple[str, ...], list[float]] = defaultdict(list)

    def observe(self, seconds: float, *labels: str) -> None:
        """Add a duration to those of these label values."""
        self._unwritten[labels].append(seconds)

    def write(self) -> None:
        """Write the buffered durations for scrapes."""
        unwritten, self._unwritten = self._unwritten, defaultdict(list)
        for labels, durations in unwritten.items():
            self._histogram.labels(*labels).observe_all(durations)


class _Histogram(Histogram):
    """A histogram that is given many amounts at once."""

    def observe_all(self, amounts: Collection[float]) -> None:
        """Observe amounts, with one write to the file for the sum, and one for each bucket that has some of them."""
        self._sum.inc(sum(amounts))
        buckets = collections.Counter(bisect_left(self._upper_bounds, amount) for amount in amounts)
        for index, times in buckets.items():
            self._buckets[index].inc(times)


class Telemetry:
    """The metrics of the service; call :meth:`write` regularly, and before a scrape."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._registry = registry = CollectorRegistry()
        self._tallies: list[Tally] = []
        self.requests = self._tally("http_requests", "Answered requests.", "method", "route", "status")
        self.durations = Durations(
            "http_request_duration_seconds",
            "Time from the request's head to the last byte of the answer.",
            ("method", "route"),
            registry,
        )
        self.proofs = self._tally("authentications", "Proofs of identity that were examined, by outcome.", "outcome")
        self.forbidden = self._tally(
            "authorization_refusals", "Requests without a right, by what is missing.", "missing"
        )
        self.decisions = self._tally("throttle_decisions", "Requests judged, by outcome.", "outcome")
        self.denials = self._tally("throttle_denials", "Denials, by the bucket that was empty.", "bucket")
        self.unknown_clients = self._tally(
            "clients_unknown", "Requests whose client is not known, by reason.", "reason"
        )
        self.refusals = self._tally("intake_refusals", "Requests refused by a bound of what is in progress.", "bound")
        self.dropped_lines = self._tally("log_lines_dropped", "Log lines that standard output did not take.", "reason")
        self.alone = self._tally(
            "throttle_alone", "Requests judged by a worker's own share, without the shared buckets.", "outcome"
        )
        self.faults = self._tally("throttle_faults", "Failed calls to the shared buckets, by reason.", "fault")
        self.losses = self._tally("throttle_losses", "Losses of the shared buckets, by the last reason.", "fault")
        self.redis_calls = self._tally("throttle_redis_calls", "Calls to the shared buckets.", "operation")
        self.audit_refusals = self._tally("audit_refusals", "Requests refused, by status.", "status")
        self.audit_dropped = self._tally("audit_notes_dropped", "Notes that the audit trail has not got.", "reason")
        self.audit_length = _gauge("audit_length", "Records in the chain of the audit trail.", "livemax", registry)
        self.audit_unsealed = _gauge(
            "audit_unsealed_age_seconds", "Age of the oldest change or note that is not sealed.", "livemax", registry
        )
        self.audit_unanchored = _gauge(
            "audit_unanchored_age_seconds", "Age of the oldest record that no anchor covers.", "livemax", registry
        )
        self.deliveries = self._tally(
            "queue_deliveries", "Deliveries that were tried, by what became of them.", "outcome"
        )
        self._subscribers = {
            name: Gauge(f"queue_{name}", text, ("subscriber",), registry=registry, multiprocess_mode="livemax")
            for name, text in (
                ("lag", "Changes that a subscriber has not received."),
                ("waiting", "Deliveries to a subscriber that wait, or are being made."),
                ("oldest_age_seconds", "Age of the oldest change that a subscriber has not received."),
                ("dead_letters", "Deliveries to a subscriber that were given up."),
                ("missed", "Changes that retention dropped before a subscriber received them."),
            )
        }
        self.in_flight = 0
        self._in_flight = _gauge("http_requests_in_flight", "Requests being served.", "livesum", registry)
        self.degraded = _gauge(
            "throttle_degraded", "1 while a worker throttles alone, without the shared buckets.", "livemax", registry
        )
        self.emergencies = _gauge("emergency_rights", "Rights of an emergency that are in force.", "livemax", registry)
        self.pool_size = _gauge("database_pool_size", "Connections that the pools may open.", "livesum", registry)
        self.pool_in_use = _gauge("database_pool_in_use", "Connections lent to requests.", "livesum", registry)
        self.pool_waiting = _gauge("database_pool_waiting", "Calls that wait for a connection.", "livesum", registry)
        self.ready = _gauge("ready", "1 while every worker is ready.", "livemin", registry)
        self.database_suspected = _gauge(
            "database_suspected",
            "1 while a worker suspects that the database does not answer reads.",
            "livemax",
            registry,
        )
        self.changes_suspected = _gauge(
            "database_changes_suspected",
            "1 while a worker suspects that the database makes no changes.",
            "livemax",
            registry,
        )
        self.standby_suspected = _gauge(
            "database_standby_suspected",
            "1 while a worker suspects that standbys answer no reads.",
            "livemax",
            registry,
        )
        self.memory_age = _gauge(
            "memory_age_seconds", "Age of what the worker furthest behind has in memory.", "livemax", registry
        )
        self.memory_bound = _gauge(
            "memory_bound_seconds", "Age after which memory answers no reads.", "livemax", registry
        )
        self.migrations_missing = _gauge(
            "database_migrations_missing", "Migrations of this release that the database has not.", "livemax", registry
        )
        self.cache_reads = self._tally("cache_reads", "Reads of one entry, by whether memory held it.", "outcome")
        self.cache_bytes = _gauge("cache_bytes", "Memory that the kept entries take.", "livesum", registry)
        self.cache_live = _gauge(
            "cache_live", "1 while every worker hears of changes, and so reads from memory.", "livemin", registry
        )
        self.cache_revision = _gauge(
            "cache_revision", "The last change that the worker furthest behind has heard of.", "livemin", registry
        )

    def subscriber(self, state: Subscriber) -> None:
        """Set the metrics of a subscriber of the event bus."""
        for name, value in (
            ("lag", state.lag),
            ("waiting", state.waiting),
            ("oldest_age_seconds", state.oldest_seconds),
            ("dead_letters", state.dead_letters),
            ("missed", state.missed),
        ):
            self._subscribers[name].labels(state.name).set(value)

    def write(self) -> None:
        """Write the buffered counts and durations, and the number of requests in flight for scrapes."""
        for tally in self._tallies:
            tally.write()
        self.durations.write()
        self._in_flight.set(self.in_flight)

    def exposition(self) -> bytes:
        """Return every worker's metrics in the text format, without the gauges of ended workers."""
        if self._directory is None:
            return generate_latest(self._registry)
        for pid in _dead(self._directory):
            multiprocess.mark_process_dead(pid, str(self._directory))  # type: ignore[no-untyped-call]  # not annotated upstream
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, str(self._directory))  # type: ignore[no-untyped-call]  # not annotated upstream
        return generate_latest(registry)

    def _tally(self, name: str, text: str, *labels: str) -> Tally:
        tally = Tally(name, text, labels, self._registry)
        self._tallies.append(tally)
        return tally


def _gauge(name: str, text: str, mode: str, registry: CollectorRegistry) -> Gauge:
    return Gauge(name, text, multiprocess_mode=mode, registry=registry)  # type: ignore[arg-type]  # one of its literals


def _dead(directory: Path) -> set[int]:
    # Files are named <type>_<pid>.db. Files of counters stay: a total must not fall when a worker is replaced.
    pids = {int(path.stem.rpartition("_")[2]) for path in directory.glob("gauge_live*_*.db")}
    return {pid for pid in pids if not _runs(pid)}


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
