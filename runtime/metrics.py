"""Declarations of metrics, and counters and histograms that buffer in memory.

Each write to a file of prometheus-client would cost as much as a read from memory, so counts are written now and then.
"""

from __future__ import annotations

import collections
from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from prometheus_client import Counter, Gauge, Histogram

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Self

    from prometheus_client import CollectorRegistry

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Tally:
    """A counter that buffers its counts in memory."""

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


M = TypeVar("M")


class Metric(Generic[M]):
    """The declaration of a metric, as an attribute of a class; :meth:`make` makes the metric of an instance.

    ``name`` is the exposed one, with the suffix of counters. ``statement`` is the path of the statement of the
    specification that bounds the metric or is measured by it; empty where there is none. ``of_workers`` says how the
    values of several workers become one.
    """

    def __init__(
        self,
        make: Callable[[CollectorRegistry], M],
        *,
        name: str,
        type_: str,
        unit: str,
        meaning: str,
        labels: tuple[str, ...],
        statement: str,
        of_workers: str = "sum",
    ) -> None:
        self.make = make
        self.name = name
        self.type = type_
        self.unit = unit
        self.meaning = meaning
        self.labels = labels
        self.statement = statement
        self.of_workers = of_workers

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> M: ...

    def __get__(self, instance: object | None, owner: type) -> Self | M:
        """Return the declaration; instances hold their own metric under the same name, which is found first."""
        if instance is not None:
            raise AttributeError(f"{owner.__name__} has not made {self.name}")
        return self


def counter(name: str, meaning: str, *labels: str, unit: str = "", statement: str = "") -> Metric[Tally]:
    """Declare a counter, exposed as ``name`` with the suffix ``_total``."""
    return Metric(
        lambda registry: Tally(name, meaning, labels, registry),
        name=f"{name}_total",
        type_="counter",
        unit=unit,
        meaning=meaning,
        labels=labels,
        statement=statement,
    )


def durations(name: str, meaning: str, *labels: str, statement: str = "") -> Metric[Durations]:
    """Declare a histogram of durations."""
    return Metric(
        lambda registry: Durations(name, meaning, labels, registry),
        name=name,
        type_="histogram",
        unit="seconds",
        meaning=meaning,
        labels=labels,
        statement=statement,
    )


_MODES = {"sum": "livesum", "most": "livemax", "least": "livemin"}


def gauge(
    name: str, meaning: str, *labels: str, unit: str = "", of_workers: str = "most", statement: str = ""
) -> Metric[Gauge]:
    """Declare a gauge, of which the ``sum``, the ``most`` or the ``least`` of all workers that run is exposed."""
    mode = _MODES[of_workers]
    return Metric(
        lambda registry: Gauge(name, meaning, labels, multiprocess_mode=mode, registry=registry),  # type: ignore[arg-type]  # one of its literals
        name=name,
        type_="gauge",
        unit=unit,
        meaning=meaning,
        labels=labels,
        statement=statement,
        of_workers=of_workers,
    )
