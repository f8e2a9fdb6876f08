"""Background tasks of one worker: a bounded number of tasks that outlive the request that began them.

Source: ``limits.threads.background``.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class Background:
    """At most ``most`` tasks at a time; 0 is none at all."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.running = 0

    @property
    def full(self) -> bool:
        """Whether no further task may be started."""
        return self.running >= self.most

    @property
    def use(self) -> float:
        """The running tasks as a part of the most; 0 where there may be none."""
        return self.running / self.most if self.most else 0.0

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task; raise :class:`RuntimeError` when there are as many as there may be: see :attr:`full`."""
        if self.full:
            work.close()
            raise RuntimeError("there are as many background tasks as there may be")
        task = asyncio.create_task(work)
        self.running += 1
        task.add_done_callback(self._ended)
        return task

    def _ended(self, _: asyncio.Task[Any]) -> None:
        self.running -= 1
