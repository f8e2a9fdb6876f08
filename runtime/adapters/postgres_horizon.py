"""The latest position of the database that a worker knows, shared by its store and its feed of changes."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from runtime.domain.entries import Mark, Version

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


class Horizon:
    """The last known change, the revisions known some time ago, and the server's clock.

    Times are seconds of the monotonic clock, unless they are the server's.
    """

    def __init__(self, lag_seconds: float) -> None:
        self.mark: Mark | None = None
        self.advanced = asyncio.Event()
        """Set with each new ``mark``, for the feed, which keeps it outside of the database."""
        self._lag = lag_seconds
        self._confirmed: deque[tuple[float, Version]] = deque()
        self._made: Version | None = None
        self._clock: tuple[float, datetime] | None = None

    def advance(self, version: Version, change: UUID | None = None) -> None:
        """Learn of a change, or of the revision of a snapshot."""
        mark = self.mark
        if mark is not None and mark.version.epoch != version.epoch:
            self._confirmed.clear()
        if (
            mark is None
            or mark.version.epoch != version.epoch
            or mark.version.revision < version.revision
            or (mark.version == version and change is not None)
        ):
            self.mark = Mark(version, change)
            self.advanced.set()

    def made(self, version: Version, change: UUID) -> None:
        """Learn of a change that this worker made, which its reads must not miss."""
        made = self._made
        if made is None or made.epoch != version.epoch or made.revision < version.revision:
            self._made = version
        self.advance(version, change)

    def confirm(self, asked_at: float, answered_at: float, version: Version, server_time: datetime) -> None:
        """Learn the primary's last revision and time, which it told between ``asked_at`` and ``answered_at``."""
        self._clock = answered_at, server_time
        self._confirmed.append((asked_at, version))

    def required(self, now: float, at_least: Version | None = None) -> Version | None:
        """Return the least version that a standby must have to answer a read; None when the primary must answer.

        It is at most ``lag_seconds`` old, and has this worker's own changes and ``at_least``.
        """
        while self._confirmed and self._confirmed[0][0] < now - self._lag:
            self._confirmed.popleft()
        if not self._confirmed:
            return None
        recent = self._confirmed[0][1]
        if at_least is not None and at_least.epoch != recent.epoch:
            return None
        wanted = (version for version in (recent, self._made, at_least) if version and version.epoch == recent.epoch)
        return max(wanted, key=lambda version: version.revision)

    def server_time(self, moment: float) -> datetime | None:
        """Return the server's time at a ``moment`` or shortly before; None before the clock is known."""
        if self._clock is None:
            return None
        answered_at, server_time = self._clock
        return server_time + timedelta(seconds=moment - answered_at)
