"""A shared suspicion that a server is away, so that not every request has to wait for it."""

from __future__ import annotations

import time

from runtime.ports import Outage, Reason

FAILURES = 2
"""The failures in a row that raise the suspicion: one may be a single slow statement."""

PROBE_SECONDS = 0.5
"""The pause between two requests that are let through to a suspected server."""


class Suspicion:
    """A detector of one worker: failures in a row, or one refusal, raise the suspicion; any success ends it."""

    def __init__(self) -> None:
        self.since: float | None = None
        """The monotonic time of the first of the failures; None without suspicion."""
        self._reason = Reason.AWAY
        self._failures = 0
        self._failed_at = 0.0
        self._probed_at = 0.0

    @property
    def outage(self) -> Outage | None:
        """The reason of the last failure; None without suspicion."""
        return None if self.since is None else Outage(self._reason, self.since)

    def permits(self) -> bool:
        """Return whether a request may wait for the server: while it is suspected, one now and then."""
        if self.since is None:
            return True
        now = time.monotonic()
        if now < self._probed_at + PROBE_SECONDS:
            return False
        self._probed_at = now
        return True

    def failed(self, reason: Reason = Reason.AWAY) -> None:
        """Learn that the server did not do what a request needs."""
        now = time.monotonic()
        if not self._failures:
            self._failed_at = now
        self._failures += 1
        self._reason = reason
        if (self._failures >= FAILURES or reason.refuses) and self.since is None:
            self.since, self._probed_at = self._failed_at, now

    def succeeded(self) -> None:
        """Learn that the server answered."""
        self.since, self._failures = None, 0
