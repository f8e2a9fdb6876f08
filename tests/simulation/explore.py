"""A search for schedules that fail, and the smallest plan that still does."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.simulation import schedule, throttle
from tests.simulation.plan import plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.simulation.plan import Plan
    from tests.simulation.schedule import Report

KINDS: dict[str, Callable[[str], Report]] = {"store": lambda seed: schedule.run(plan(seed)), "throttle": throttle.run}
"""What runs the schedule of a seed, by the kind of schedule."""


def seeds() -> Iterator[str]:
    """Return seeds that no run had before."""
    first = secrets.token_hex(4)
    number = 0
    while True:
        yield f"{first}-{number}"
        number += 1


def explore(kind: str, seconds: float, schedules: int, names: Iterator[str]) -> tuple[int, str | None]:
    """Run ``schedules``, or, if that is 0, for ``seconds``; return how many ran, and the seed of one that failed."""
    end = time.perf_counter() + seconds
    ran = 0
    for seed in names:
        if ran == schedules if schedules else time.perf_counter() >= end:
            break
        ran += 1
        if KINDS[kind](seed).violation is not None:
            return ran, seed
    return ran, None


def explain(kind: str, seed: str) -> str:
    """Return the events of a schedule that fails, made as small as possible, and how to repeat it."""
    report, setting = KINDS[kind](seed), ""
    if kind == "store":
        small = smallest(plan(seed))
        report, setting = schedule.run(small), f"{small.workers} workers, latency {small.slowest} s"
        setting += f", standby {small.standby}, lossless {small.lossless}"
    return "\n".join(
        (
            f"seed {seed}: {report.violation}",
            setting,
            *report.log,
            "",
            f"repeat it: python -m tests.simulation --kind {kind} --seed {seed}",
            "once it is understood, add the seed to tests/simulation/seeds.py, with the reason",
        )
    )


def smallest(failing: Plan) -> Plan:
    """Return a plan with as few faults, clients and requests as possible that still fails, if it does."""
    tried = True
    while tried:
        tried = False
        for smaller in _smaller(failing):
            if schedule.run(smaller).violation is not None:
                failing, tried = smaller, True
                break
    return failing


def _smaller(plan: Plan) -> Iterator[Plan]:
    for index, faults in enumerate(plan.faults):
        for each in range(len(faults)):
            fewer = faults[:each] + faults[each + 1 :]
            yield replace(plan, faults=(*plan.faults[:index], fewer, *plan.faults[index + 1 :]))
    for index, steps in enumerate(plan.clients):
        if len(plan.clients) > 1:
            yield replace(plan, clients=plan.clients[:index] + plan.clients[index + 1 :])
        for shorter in (steps[: len(steps) // 2], steps[:-1]):
            if shorter != steps:
                yield replace(plan, clients=(*plan.clients[:index], shorter, *plan.clients[index + 1 :]))
