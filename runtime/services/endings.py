"""Ends of deliveries: those of a few milliseconds are recorded by one statement, each with its own outcome.

A lane goes on with its next delivery meanwhile. Where the ends are not recorded, because the worker is killed or the
database is away, the deliveries are made again, and their receivers know the ids.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from runtime.ports.availability import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.deliveries import Delivery
    from runtime.ports.queue import DeliveryQueue
    from runtime.telemetry import Telemetry

GATHER_SECONDS = 0.01
"""The time for which ends wait for others."""

MOST_TOGETHER = 256
_log = structlog.get_logger(__name__)


class Endings:
    """The ends of the deliveries of one worker; one statement is under way at a time."""

    def __init__(self, queue: DeliveryQueue, telemetry: Telemetry) -> None:
        self._queue = queue
        self._telemetry = telemetry
        self._waiting: list[tuple[Delivery, asyncio.Future[bool]]] = []
        self._recording: asyncio.Task[None] | None = None

    def end(self, delivery: Delivery) -> asyncio.Future[bool]:
        """End a delivery that was made; the result is whether that is recorded, and its claim still held it."""
        ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, ended))
        if self._recording is None:
            self._recording = asyncio.create_task(self._record_all())
        return ended

    async def recorded(self) -> None:
        """Return when every end so far is recorded, or could not be."""
        if self._recording is not None:
            await asyncio.wait({self._recording})

    async def _record_all(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER_SECONDS)
                together, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                outcomes = await self._record([delivery for delivery, _ in together])
                for (_, ended), outcome in zip(together, outcomes, strict=True):
                    if not ended.cancelled():
                        ended.set_result(outcome)
        finally:
            self._recording = None

    async def _record(self, deliveries: Sequence[Delivery]) -> Sequence[bool]:
        try:
            outcomes = await self._queue.done(deliveries)
        except UnavailableError as error:  # the claims run out
            _log.warning("the ends of deliveries are not recorded: they are made again", text=str(error))
        except Exception:  # a defect must not end the lanes: the age of the oldest change tells of it
            _log.exception("the ends of deliveries are not recorded: they are made again")
        else:
            for held in outcomes:
                self._telemetry.deliveries.count("delivered" if held else "lost")
            return outcomes
        return [False] * len(deliveries)
