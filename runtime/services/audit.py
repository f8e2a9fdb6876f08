"""Recording of what no event records, and sealing of the audit trail, in each worker.

The first refusal of a kind is noted, and those that follow within a minute are counted: a flood of refused requests
writes two notes a minute for each kind and client. Notes wait in memory for at most a second; a worker that is killed
loses those, and the counts of its minute, which the access log has. Changes are recorded by their events: none is lost.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog

from runtime.domain.audit import REFUSAL, Note
from runtime.ports.audit import Trail
from runtime.ports.availability import Reason, UnavailableError
from runtime.services.asking import READ_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from runtime.ports.audit import AuditFilter, AuditTrail, SealedPage, SignedHead
    from runtime.telemetry import Telemetry

TURN_SECONDS = 1.0
WINDOW_SECONDS = 60.0
MOST_KINDS = 1000
"""The kinds of refusals of one minute that are told apart by their clients; further clients are counted together."""

MOST_WAITING = 10_000
BATCH = 500
CLOSE_SECONDS = 1.0
OTHERS = "others"

T = TypeVar("T")
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Window:
    """A minute of refusals of one kind: its first one, when it began, and the number of those that followed."""

    first: Note
    since: float
    further: int = 0


class Audit:
    """The notes of one worker, and its turns at sealing; ``now`` is a monotonic clock."""

    def __init__(self, trail: AuditTrail, telemetry: Telemetry, now: Callable[[], float] = time.monotonic) -> None:
        self._trail = trail
        self._telemetry = telemetry
        self._now = now
        self._windows: dict[tuple[str, str, str, str], _Window] = {}
        self._waiting: deque[tuple[Note, float]] = deque()
        self._state = Trail(0, 0.0, 0.0)
        self._asked_at = now()
        self._away = False

    def refuse(self, refusal: Note) -> None:
        """Note a refusal, or count it where one of its kind was noted less than a minute ago."""
        self._telemetry.audit_refusals.count(refusal.outcome)
        kind = (refusal.client, refusal.actor, refusal.endpoint, refusal.outcome)
        if kind not in self._windows and len(self._windows) >= MOST_KINDS:
            refusal = Note(REFUSAL, refusal.outcome, OTHERS, OTHERS, refusal.endpoint)
            kind = (OTHERS, OTHERS, refusal.endpoint, refusal.outcome)
        now = self._now()
        window = self._windows.get(kind)
        if window is not None and now < window.since + WINDOW_SECONDS:
            window.further += 1
            return
        if window is not None:
            self._close(window)
        self._windows[kind] = _Window(refusal, now)
        self._wait(refusal)

    async def record(self, note: Note) -> None:
        """Record a note at once; raise ``UnavailableError`` where that is not possible in time."""
        await _in_time(self._trail.note([(note, 0.0)]))

    async def page(self, wanted: AuditFilter) -> SealedPage:
        """Return a page of the chain, or raise :class:`runtime.ports.availability.UnavailableError`."""
        return await _in_time(self._trail.page(wanted))

    async def anchors(self, after: int, limit: int) -> Sequence[SignedHead]:
        """Return at most ``limit`` signed heads after a place, or raise ``UnavailableError``."""
        return await _in_time(self._trail.anchors(after, limit))

    async def repeat(self) -> None:
        """Write notes and seal, once a second, until cancelled."""
        while True:
            await self.turn()
            await asyncio.sleep(TURN_SECONDS)

    async def turn(self) -> None:
        """Write the notes that wait, seal what is not in the chain yet, and take the metrics."""
        now = self._now()
        for kind, window in list(self._windows.items()):
            if now >= window.since + WINDOW_SECONDS:
                del self._windows[kind]
                self._close(window)
        try:
            await self._write()
            self._state, self._asked_at = await self._trail.state(), now
            if self._state.unsealed_seconds > 0:
                await self._seal()
        except UnavailableError as error:
            if not self._away:
                _log.warning("the audit trail waits for the database", text=str(error))
            self._away = True
        except Exception:  # a defect must not end the worker: the age of what is not sealed tells of it
            _log.exception("the audit trail could not be sealed")
        else:
            self._away = False
        self.sample()

    def sample(self) -> None:
        """Set the metrics: while the database is away, what waits grows older."""
        passed = self._now() - self._asked_at
        telemetry, state = self._telemetry, self._state
        telemetry.audit_length.set(state.length)
        telemetry.audit_unsealed.set(state.unsealed_seconds + passed)
        telemetry.audit_unanchored.set(state.unanchored_seconds + (passed if state.unanchored_seconds else 0))

    async def close(self) -> None:
        """Write the notes and counts that are left, if the database answers within a second."""
        for window in self._windows.values():
            self._close(window)
        self._windows.clear()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._write()
        except (TimeoutError, UnavailableError):
            _log.warning("notes for the audit trail are lost: the database did not take them", notes=len(self._waiting))

    async def _seal(self) -> None:
        """Seal batch by batch, with a pause after each that is as long as it took: changes need the server too."""
        full = True
        while full:
            began = self._now()
            full = await self._trail.seal(BATCH) >= BATCH
            if full:
                await asyncio.sleep(self._now() - began)

    async def _write(self) -> None:
        while self._waiting:
            batch = list(self._waiting)[:BATCH]
            now = self._now()
            await self._trail.note([(note, now - at) for note, at in batch])
            for _ in batch:
                self._waiting.popleft()

    def _close(self, window: _Window) -> None:
        if window.further:
            first = window.first
            self._wait(Note(REFUSAL, first.outcome, first.actor, first.client, first.endpoint, further=window.further))

    def _wait(self, note: Note) -> None:
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((note, self._now()))
        else:
            self._telemetry.audit_dropped.count("database-away")


async def _in_time(answer: Awaitable[T]) -> T:
    """Wait for the database as long as a read of an entry does."""
    try:
        async with asyncio.timeout(READ_SECONDS):
            return await answer
    except TimeoutError:
        raise UnavailableError("the database did not answer in time", Reason.SLOW) from None
