"""The store holds its promises under every schedule that is tried: faults, latencies and clients drawn from seeds."""

from __future__ import annotations

import os

import pytest

from tests.simulation.explore import KINDS, explain, explore, seeds
from tests.simulation.seeds import SEEDS

SECONDS = 15.0
SCHEDULES = int(os.environ.get("CBP_SIMULATION_SCHEDULES", "0"))
"""The number of new schedules; 0: as many as run in ``SECONDS``."""


@pytest.mark.parametrize(("kind", "seed"), [(kind, seed) for kind, known in SEEDS.items() for seed in known])
def test_schedules_that_failed_once_hold(kind: str, seed: str) -> None:
    report = KINDS[kind](seed)
    assert report.violation is None, "\n".join((SEEDS[kind][seed], *report.log))


@pytest.mark.timeout(0)  # as long as the schedules that are asked for take
@pytest.mark.parametrize("kind", KINDS)
def test_new_schedules_hold(kind: str) -> None:
    ran, failing = explore(kind, SECONDS, SCHEDULES, seeds())
    assert failing is None, explain(kind, failing)
    assert ran


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_schedule_each_time(kind: str) -> None:
    first, second = KINDS[kind]("replayed"), KINDS[kind]("replayed")
    assert first.log == second.log
    assert len(first.log) > 10
