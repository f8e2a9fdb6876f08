"""Metrics that are buffered in memory are those that prometheus-client would have written one by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from runtime.metrics import SECONDS, Durations

DURATIONS = st.one_of(st.sampled_from([*SECONDS, 0.0, 31.0]), st.floats(0, 60)).map(lambda each: round(each, 6))


@given(st.lists(st.lists(st.tuples(DURATIONS, st.sampled_from(["GET", "PUT"])))))
def test_buffered_durations_are_exposed_as_if_each_had_been_observed(writes: list[list[tuple[float, str]]]) -> None:
    buffered, plain = CollectorRegistry(), CollectorRegistry()
    durations = Durations("seconds", "text", ("method",), buffered)
    histogram = Histogram("seconds", "text", ("method",), buckets=SECONDS, registry=plain)
    for observed in writes:
        for seconds, method in observed:
            durations.observe(seconds, method)
            histogram.labels(method).observe(seconds)
        durations.write()
    assert _samples(buffered) == pytest.approx(_samples(plain))


def _samples(registry: CollectorRegistry) -> dict[str, float]:
    """Return the exposed values by name and labels, without the times at which they were made."""
    lines = [line.rpartition(" ") for line in generate_latest(registry).decode().splitlines() if line[0] != "#"]
    return {name: float(value) for name, _, value in lines if "_created" not in name}
