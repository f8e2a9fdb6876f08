"""The plan of a schedule, drawn from its seed: the servers, the faults and what each client does."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

SECONDS = 14.0
"""The time in which clients send requests and faults happen."""

MOST_STEPS = 40
"""The most requests of a client."""

NAMES = (("payments", "limit"), ("payments", "currency"), ("login", "retries"))


class Trouble(StrEnum):
    """A kind of fault."""

    PARTITION = "a worker reaches no database"
    FREEZE = "the primary is stopped, and goes on"
    CUT = "the connections of a worker break"
    SILENCE = "the connections of a worker are half-open"
    KILL = "a worker is killed and started again"
    CRASH = "the primary crashes and starts again"
    PROMOTE = "the standby is promoted"
    LOSE = "the primary comes back with an earlier state of its disk"
    RESTORE = "a backup is restored"
    STALL = "the standby receives nothing"
    REDIS_AWAY = "Redis is away"
    REDIS_EMPTY = "Redis forgets everything"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that begins after ``pause`` seconds and lasts ``seconds``; ``extent`` is what is lost, in changes."""

    kind: Trouble
    pause: float
    seconds: float
    worker: int
    extent: int


@dataclass(frozen=True, slots=True)
class Step:
    """A request of a client after ``pause`` seconds: its kind, its name, and the worker that receives it."""

    pause: float
    kind: str
    name: int
    worker: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A schedule, up to the latencies."""

    seed: str
    workers: int
    lossless: bool
    standby: bool
    loss: float
    slowest: float
    stale_seconds: int
    faults: tuple[tuple[Fault, ...], ...]
    """The faults of the database, of the workers and of Redis: each sequence by itself."""
    clients: tuple[tuple[Step, ...], ...]

    def draw(self, purpose: str) -> random.Random:
        """Return a source of random numbers of its own, so that other parts draw the same as before."""
        return source(f"{self.seed} {purpose}")


_DATABASE = {
    Trouble.FREEZE: 3,
    Trouble.CRASH: 2,
    Trouble.PROMOTE: 4,
    Trouble.LOSE: 4,
    Trouble.RESTORE: 3,
    Trouble.STALL: 3,
}
_WORKERS = {Trouble.PARTITION: 4, Trouble.CUT: 1, Trouble.SILENCE: 2, Trouble.KILL: 2}
_REDIS = {Trouble.REDIS_AWAY: 2, Trouble.REDIS_EMPTY: 1}
_READS = {"read": 10, "unmodified": 4, "at_least": 3}
_CHANGES = {"create": 3, "replace": 6, "force": 2, "remove": 2}


def source(seed: str) -> random.Random:
    """Return a source of random numbers that are the same for the same seed, on every machine."""
    return random.Random(seed)  # noqa: S311  # no secret


def plan(seed: str) -> Plan:
    """Return the plan of a seed."""
    draw = source(seed)
    workers = draw.choice((1, 2, 2, 3))
    names = draw.choice((1, 1, 2, 3))
    redis = _faults(draw, _REDIS, workers, draw.choice((0, 0, 0, 1)))
    database = {kind: weight for kind, weight in _DATABASE.items() if not (redis and kind is Trouble.LOSE)}
    kinds = _READS | {kind: weight * draw.choice((0.2, 0.5, 1.3)) for kind, weight in _CHANGES.items()}
    return Plan(
        seed=seed,
        workers=workers,
        lossless=draw.random() < 0.5,
        standby=draw.random() < 0.5,
        loss=draw.choice((0.0, 0.0, 0.1, 1.0)),
        slowest=draw.choice((0.002, 0.02, 0.2, 0.7)),
        stale_seconds=draw.choice((4, 60)),
        faults=(
            _faults(draw, database, workers, draw.choice((0, 1, 1, 2))),
            _faults(draw, _WORKERS, workers, draw.choice((0, 1, 1, 2))),
            redis,
        ),
        clients=tuple(_steps(draw, kinds, workers, names) for _ in range(draw.choice((2, 3, 4)))),
    )


def _faults(draw: random.Random, kinds: dict[Trouble, int], workers: int, number: int) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            kind=draw.choices(*_weighed(kinds))[0],
            pause=draw.uniform(0.2, SECONDS / (number + 1)),
            seconds=draw.choice((draw.uniform(0, 0.5), draw.uniform(0.5, 4), draw.uniform(4, 9))),
            worker=draw.randrange(workers),
            extent=draw.choice((1, 1, 2, 3, 5)),
        )
        for _ in range(number)
    )


def _steps(draw: random.Random, kinds: dict[str, float], workers: int, names: int) -> tuple[Step, ...]:
    longest = draw.choice((0.2, 0.6, 1.2))
    steps: list[Step] = []
    at = 0.0
    while at < SECONDS and len(steps) < MOST_STEPS:
        pause = draw.uniform(0, longest) if draw.random() < 0.95 else draw.uniform(0, 4)
        at += pause
        steps.append(Step(pause, draw.choices(*_weighed(kinds))[0], draw.randrange(names), draw.randrange(workers)))
    return tuple(steps)


def _weighed(kinds: Mapping[T, float]) -> tuple[tuple[T, ...], tuple[float, ...]]:
    return tuple(kinds), tuple(kinds.values())
