"""Deliveries of changes to subscribers, by each worker process.

A worker claims lanes: the deliveries of one subscriber and namespace, which it makes one after another. A delivery ends
once its receiver has taken the event; a worker that is killed before leaves it to others, when its claim has run out.
So an event is delivered at least once, and its receiver knows by the id what it has already taken.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

import structlog

from runtime.domain import traces
from runtime.domain.deliveries import DeliveryError, GoneError
from runtime.ports.availability import CircuitState, NotAskedError, UnavailableError
from runtime.ports.external import UnsignedError
from runtime.services.cloud_events import cloud_event, event_id
from runtime.services.endings import Endings
from runtime.services.retries import pause_seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runtime.domain.deliveries import Delivery, Subscription
    from runtime.ports.availability import Circuit
    from runtime.ports.external import Receiver
    from runtime.ports.queue import DeliveryQueue
    from runtime.settings import Queue
    from runtime.telemetry import Telemetry

POLL_SECONDS = 0.5
"""The pause of a worker that has found nothing to deliver."""

SAMPLE_SECONDS = 5.0
RUN = 16
"""The most deliveries of a lane that are claimed together."""

NOT_KEPT = "the event is no longer kept"
_log = structlog.get_logger(__name__)


class _Fault(NamedTuple):
    """The fault of an attempt, and the pause that the receiver asks for; without a text there was no attempt."""

    text: str | None
    pause_seconds: float = 0


_NOT_TRIED = _Fault(None)


class Deliveries:
    """The deliveries of one worker to ``receivers``; ``now`` is a monotonic clock.

    One takes at most ``timeout_seconds``. ``source`` is that of its CloudEvents. ``circuits`` are those to the
    receivers, by the names of their subscribers: nothing is claimed for one whose circuit is open, and one lane at a
    time while it is probed.
    """

    def __init__(
        self,
        queue: DeliveryQueue,
        settings: Queue,
        timeout_seconds: float,
        source: str,
        receivers: Mapping[Subscription, Receiver],
        telemetry: Telemetry,
        now: Callable[[], float] = time.monotonic,
        circuits: Mapping[str, Circuit] | None = None,
    ) -> None:
        self._queue = queue
        self._settings = settings
        self._timeout_seconds = timeout_seconds
        self._source = source
        self._receivers = {each.name: receiver for each, receiver in receivers.items()} if settings.events else {}
        self._subscriptions = [each for each in receivers if each.name in self._receivers]
        self._telemetry = telemetry
        self._now = now
        self._circuits = circuits or {}
        self._endings = Endings(queue, telemetry)
        self._lanes: dict[asyncio.Task[None], str] = {}
        self._paused: set[str] = set()
        self._not_before: dict[str, float] = {}
        self._sampled_at = -SAMPLE_SECONDS
        self._away = False

    async def repeat(self) -> None:
        """Deliver until cancelled; a worker without receivers has nothing to do."""
        if not self._receivers:
            return
        try:
            while True:
                busy = await self._turn_safely()
                pending = set(self._lanes)
                if pending:
                    await asyncio.wait(pending, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
                elif not busy:
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            for task in self._lanes:
                task.cancel()
            await self._endings.recorded()

    async def turn(self) -> bool:
        """Begin as many deliveries as this worker may make at once; return whether it began any."""
        settings = self._settings
        free = settings.concurrency - len(self._lanes)
        left = {each: self._left(each.name) for each in self._subscriptions}
        asked = [each for each, lanes in left.items() if lanes > 0]
        if free < 1 or not asked:
            return False
        lanes = min(free, *(left[each] for each in asked))
        claimed_at = self._now()
        claimed = await self._claim(asked, lanes)
        if len({each.place.lane for each in claimed}) < lanes:
            passed = [await self._fan_out(each) for each in asked]
            claimed = [*claimed, *(await self._claim(asked, lanes) if any(passed) else ())]
        for (name, _), lane in groupby(sorted(claimed, key=_in_lanes), key=lambda each: each.place.lane):
            task = asyncio.create_task(self._deliver_lane([*lane], claimed_at))
            self._lanes[task] = name
            task.add_done_callback(self._lanes.pop)
        return bool(claimed)

    def _left(self, name: str) -> int:
        """Return how many further lanes of a subscriber may be claimed."""
        if name in self._paused or self._now() < self._not_before.get(name, 0):
            return 0
        circuit = self._circuits.get(name)
        state = CircuitState.CLOSED if circuit is None else circuit.state
        if state is CircuitState.OPEN:
            return 0
        # A receiver that hangs takes no more than half of the places, unless it is the only one.
        concurrency = self._settings.concurrency
        most = concurrency if len(self._receivers) == 1 else max(1, concurrency // 2)
        taken = list(self._lanes.values()).count(name)
        return (most if state is CircuitState.CLOSED else 1) - taken

    async def drain(self) -> None:
        """Return when the deliveries that were begun have ended."""
        while self._lanes:
            await asyncio.wait(set(self._lanes))

    async def sample(self) -> None:
        """Set the metrics of the subscribers of this worker, and learn which of them are paused."""
        states = [each for each in await self._queue.states() if each.name in self._receivers]
        self._paused = {each.name for each in states if each.paused_at is not None}
        for state in states:
            self._telemetry.subscriber(state)

    async def _turn_safely(self) -> bool:
        busy = False
        try:
            if self._now() >= self._sampled_at + SAMPLE_SECONDS:
                self._sampled_at = self._now()
                await self.sample()
            busy = await self.turn()
        except UnavailableError as error:
            if not self._away:
                _log.warning("deliveries wait for the database", text=str(error))
            self._away = True
        except Exception:  # a defect must not end the worker: the age of the oldest change tells of it
            _log.exception("changes could not be delivered")
        else:
            self._away = False
        return busy

    async def _claim(self, asked: Sequence[Subscription], lanes: int) -> Sequence[Delivery]:
        return await self._queue.claim([each.name for each in asked], lanes, RUN, self._settings.visibility_seconds)

    async def _fan_out(self, subscription: Subscription) -> int:
        settings = self._settings
        delay = subscription.priority.level * settings.ageing_seconds if settings.priorities else 0
        return await self._queue.fan_out(subscription, delay, settings.waiting, settings.waiting)

    async def _deliver_lane(self, lane: Sequence[Delivery], claimed_at: float) -> None:
        """Make deliveries in order, until one fails or the claim could run out during the next."""
        last_start = claimed_at + self._settings.visibility_seconds - self._timeout_seconds
        ended: deque[asyncio.Future[bool]] = deque()
        try:
            for delivery in lane:
                while ended and ended[0].done() and ended[0].result():
                    ended.popleft()
                if ended and ended[0].done():
                    break  # others have the lane now, or will have it
                fault = _NOT_TRIED if self._now() > last_start else await self._deliver(delivery)
                if fault is not None:
                    await self._give_back(delivery, fault)
                    break
                ended.append(self._endings.end(delivery))
        except UnavailableError as error:  # the claim runs out, and the delivery is made again
            _log.warning("a delivery is not given back: it is made again", text=str(error))
        if ended:
            await asyncio.wait(ended)

    async def _deliver(self, delivery: Delivery) -> _Fault | None:
        """Return None once the receiver has taken the event, or the fault."""
        if delivery.event is None:
            return _Fault(NOT_KEPT)
        place = delivery.place
        id_ = event_id(place, delivery.event)
        event = cloud_event(self._source, id_, place, delivery.occurred_at, delivery.event)
        tracing = traces.begin(delivery.event.traceparent)
        try:
            await self._receivers[place.subscriber].deliver(id_, event)
        except NotAskedError:
            return _NOT_TRIED
        except GoneError as error:  # it is not this event that is refused
            await self._pause(place.subscriber, str(error))
            return _NOT_TRIED
        except UnsignedError as error:
            return _Fault(str(error))
        except (DeliveryError, UnavailableError) as error:
            return _Fault(str(error), self._asked_pause(place.subscriber, error.retry_after_seconds))
        finally:
            traces.end(tracing)
        return None

    def _asked_pause(self, name: str, seconds: float | None) -> float:
        """Return the pause that a receiver asks for, up to the longest one; until then none of its lanes is claimed."""
        if seconds is None:
            return 0
        pause = min(seconds, self._settings.retry.maximum_milliseconds / 1000)
        self._not_before[name] = self._now() + pause
        return pause

    async def _pause(self, name: str, reason: str) -> None:
        """Deliver nothing to a subscriber any more, in any worker, until an administrator resumes it."""
        if await self._queue.pause(name, reason):
            _log.error("a subscriber is paused: its receiver is gone", subscriber=name, reason=reason)
        self._paused.add(name)

    async def _give_back(self, delivery: Delivery, fault: _Fault) -> None:
        failures = delivery.attempts + 1
        attempts = self._settings.retry.attempts
        reason = fault.text
        exhausted = (attempts is not None and failures >= attempts) or reason == NOT_KEPT
        pause = None if exhausted else max(fault.pause_seconds, pause_seconds(self._settings.retry, failures))
        outcome = await self._queue.give_back(delivery, reason, pause, bury=self._settings.dead_letters)
        self._telemetry.deliveries.count(outcome)
        if outcome in ("buried", "dropped"):
            place = delivery.place
            _log.error(
                f"a delivery was {outcome}",
                subscriber=place.subscriber,
                namespace=place.namespace,
                revision=place.revision,
                reason=reason,
                trace_id=None if (trace := _trace(delivery)) is None else trace[traces.ID],
            )


def _trace(delivery: Delivery) -> str | None:
    return None if delivery.event is None else delivery.event.traceparent


def _in_lanes(delivery: Delivery) -> tuple[object, ...]:
    place = delivery.place
    return place.subscriber, place.namespace, place.revision, place.ordinal
