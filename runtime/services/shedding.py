"""Shedding of memory and load, step by step, while the memory of the container is critical.

First the cache: it is halved with each sample down to a part of its capacity, and takes nothing new. Then load: changes
and lists, then every request that needs a store, at last also reads that memory could answer. Health and metrics are
always answered. Each step has to have lasted before the next one follows, and the last one is taken back first.

A worker that alone holds more than its share of the heap for a while, although its cache is gone, is replaced:
neither is given back otherwise (``docs/decisions/0073-memory-is-given-up-in-steps.md``).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import structlog

from runtime.services.levels import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.ports.machine import MemoryReader

STEP_SAMPLES = 5
"""The samples for which a step lasts before the next one: what was freed has to be seen."""

SMALLEST = 8
"""The part of its capacity to which the cache is shed, as a divisor: what is read most stays, and costs no store."""

PATIENCE_SAMPLES = 30
"""The samples for which a worker may hold more than its share of the heap before it is replaced."""

_log = structlog.get_logger(__name__)


class ShedError(Exception):
    """The request is refused, since memory is critical."""

    def __init__(self) -> None:
        super().__init__("the memory of this process is nearly used up, so it answers less than usual")


class Step(IntEnum):
    """What is given up; each step includes those before it."""

    NOTHING = 0
    CACHE = 1
    LISTS_AND_CHANGES = 2
    STORE = 3
    EVERYTHING = 4


class Shrinkable(Protocol):
    """A cache that can be made smaller for a while."""

    def shrink(self, divisor: int) -> None:
        """Keep at most a part of the capacity, and take nothing new; 1 ends that."""


class Shedding:
    """The present step.

    ``heap_share`` is the most private memory of this worker, beyond which ``replace`` is called; ``count_refusal`` is
    called with the present step for each refused request.
    """

    def __init__(
        self,
        cache: Shrinkable,
        memory: MemoryReader,
        heap_share: int,
        replace: Callable[[], None],
        count_refusal: Callable[[str], None],
    ) -> None:
        self._count_refusal = count_refusal
        self.step = Step.NOTHING
        self._cache = cache
        self._memory = memory
        self._heap_share = heap_share
        self._replace = replace
        self._lasted = 0
        self._divisor = 1
        self._over = 0

    def judge(self, level: Level, private_bytes: int) -> None:
        """Learn the level of the container's memory, and this worker's private memory, of one sample."""
        over = private_bytes > self._heap_share
        self._over = self._over + 1 if over else 0
        if level is Level.CRITICAL:
            self._go(1)
        elif over:  # only what this worker alone holds too much of
            self._go(1, most=Step.CACHE)
        elif self.step > Step.CACHE or level is Level.NORMAL:  # the cache stays small while there is a warning
            self._go(-1)
        if self.step >= Step.CACHE and self._divisor < SMALLEST:
            self._divisor *= 2
            self._cache.shrink(self._divisor)
            self._memory.give_back()
        if self._over >= PATIENCE_SAMPLES:
            self._over = 0
            _log.error("this worker holds more than its share of the heap, and is replaced", bytes=private_bytes)
            self._replace()

    def require(self, step: Step) -> None:
        """Raise :class:`ShedError` if requests of this step are refused."""
        if self.step >= step:
            self._count_refusal(self.step.name.lower())
            raise ShedError

    def require_store(self) -> None:
        """Raise :class:`ShedError` if requests that need a store are refused."""
        self.require(Step.STORE)

    def _go(self, direction: int, most: Step = Step.EVERYTHING) -> None:
        self._lasted += 1
        target = Step(min(max(self.step + direction, Step.NOTHING), max(most, self.step)))
        if target == self.step or (self.step is not Step.NOTHING and self._lasted < STEP_SAMPLES):
            return
        self._lasted = 0
        self.step = target
        say = _log.warning if direction > 0 else _log.info
        say("memory is shed" if direction > 0 else "memory is shed no further", step=target.name.lower())
        if target is Step.NOTHING:
            self._divisor = 1
            self._cache.shrink(1)
