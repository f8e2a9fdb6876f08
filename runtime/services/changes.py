"""Changes of one worker: those that wait at the same time are sent to the store together.

A group is only transport: every change in it is judged and made by itself. A group whose outcome is unknown is sent
again, since the store makes each change at most once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

from runtime.domain.entries import ChangeExpiredError
from runtime.ports.availability import OutcomeUnknownError, OverloadedError, Reason, TransientError, UnavailableError
from runtime.services.admission import Delay
from runtime.services.circuit_breaker import CircuitBreaker
from runtime.services.retries import Retries

if TYPE_CHECKING:
    from runtime.domain.entries import Change, Made
    from runtime.ports.entries import EntryStore, Result
    from runtime.settings import Database

GROUP_CHANGES = 64
GROUP_BYTES = 4 * 1024 * 1024


class _Waiting:
    """A change, and the future of its result, which is there by the deadline."""

    __slots__ = ("change", "future", "sent", "since", "timer")

    def __init__(self, change: Change) -> None:
        self.change = change
        self.sent = False
        self.since = time.monotonic()
        loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Result] = loop.create_future()
        self.timer = loop.call_later(change.deadline - self.since, self._end)

    def _end(self) -> None:
        self.finish(_late() if self.sent else ChangeExpiredError())

    def finish(self, result: Result) -> None:
        if not self.future.done():
            self.future.set_result(result)


class Changes:
    """A sender of changes to the store; ``settings.retry`` says how often and how soon a failed group is sent again.

    One group is under way at a time. A second one would only wait for the first one's lock, and each would be half as
    large, although a group costs the store a flush of its log however small it is.
    """

    def __init__(self, store: EntryStore, settings: Database) -> None:
        self.circuit = CircuitBreaker(settings.circuit_breaker, settings.statement_timeout_seconds)
        self._store = store
        self._retries = Retries(settings.retry)
        self._delay = Delay()
        self._waiting: deque[_Waiting] = deque()
        self._sending: asyncio.Task[None] | None = None

    async def make(self, change: Change) -> tuple[Made, ...]:
        """Make a change; raise what the store answers, or ``UnavailableError`` by its deadline.

        A change whose caller was cancelled before it was sent is not made. While the circuit is open it is refused
        at once, and in an overload once it has waited for a few groups.
        """
        if not self.circuit.permits():
            raise UnavailableError("the database makes no changes at the moment, so this one was not sent")
        waiting = _Waiting(change)
        if not self._waiting:
            self._delay.emptied()
        self._waiting.append(waiting)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send_all())
        try:
            result = await waiting.future
        finally:
            waiting.timer.cancel()
        if isinstance(result, Exception):
            raise result
        return result

    async def _send_all(self) -> None:
        while group := self._next_group():
            began = time.monotonic()
            try:
                await self._send(group)
            except Exception as error:  # a defect: it is the answer to each of the group's requests
                for waiting in group:
                    waiting.finish(error)
            self._delay.took(time.monotonic() - began)

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        size = 0
        oldest = time.monotonic() - self._delay.allowed_seconds
        while self._waiting and len(group) < GROUP_CHANGES:
            waiting = self._waiting[0]
            if waiting.since < oldest:
                self._delay.refused()
                waiting.finish(OverloadedError())
            if not waiting.future.done():
                size += sum(len(edit.value or "") for edit in waiting.change.edits)
                if group and size > GROUP_BYTES:
                    break
                waiting.sent = True
                group.append(waiting)
            self._waiting.popleft()
        return group

    async def _send(self, group: list[_Waiting]) -> None:
        attempt, unknown = 0, False
        self._retries.earn()
        while group := _expire(group, unknown=unknown):
            try:
                results = await self._store.change([waiting.change for waiting in group])
            except UnavailableError as error:
                attempt += 1
                unknown = unknown or isinstance(error, OutcomeUnknownError)
                again = unknown or (isinstance(error, TransientError) and self._retries.permits(attempt))
                asked = not isinstance(error, OverloadedError)
                # The first failure may be of a connection that was closed while idle.
                if asked and (attempt > 1 or not again or error.reason is not Reason.AWAY):
                    self.circuit.failed(error.reason)
                if not again:
                    results = [error] * len(group)
                else:
                    await asyncio.sleep(self._retries.pause_seconds(attempt))
                    continue
            else:
                self.circuit.succeeded()
            for waiting, result in zip(group, results, strict=True):
                waiting.finish(result)
            return


def _expire(group: list[_Waiting], *, unknown: bool) -> list[_Waiting]:
    """Answer the changes whose deadline has passed, and return the others."""
    now = time.monotonic()
    for waiting in group:
        if waiting.change.deadline <= now:
            waiting.finish(_late() if unknown else ChangeExpiredError())
    return [waiting for waiting in group if not waiting.future.done()]


def _late() -> OutcomeUnknownError:
    return OutcomeUnknownError(
        "the connection broke after the change had been sent, and the database did not come back"
    )
