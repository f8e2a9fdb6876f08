"""Circuit breakers: after failures in a row a server is not asked, until a probe succeeds.

Source: ``fault_tolerance.circuit_breakers``.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from runtime.ports.availability import CircuitState, Outage, Reason

if TYPE_CHECKING:
    from runtime.settings import CircuitBreaker as Settings


class CircuitBreaker:
    """A :class:`runtime.ports.availability.Circuit` of one worker to one target.

    ``failure_threshold`` failures in a row open it. After ``reset_seconds`` one call passes as a probe: its success
    closes the circuit, its failure opens it anew. A probe of which nothing is heard for ``probe_seconds`` is lost, and
    the next call takes its place. Any success closes the circuit, also of a call that began before it opened. Without
    settings it never opens, and only tells of outages.
    """

    def __init__(self, settings: Settings | None, probe_seconds: float) -> None:
        self._settings = settings
        self._probe_seconds = probe_seconds
        self._reason = Reason.AWAY
        self._failures = 0
        self._failed_at = 0.0
        self._opened_at: float | None = None
        self._probed_at = -math.inf

    @property
    def state(self) -> CircuitState:
        """The state of the circuit."""
        if self._settings is None or self._opened_at is None:
            return CircuitState.CLOSED
        reset = time.monotonic() >= self._opened_at + self._settings.reset_seconds
        return CircuitState.HALF_OPEN if reset else CircuitState.OPEN

    @property
    def failing(self) -> bool:
        """Whether the last call failed."""
        return self._failures > 0

    @property
    def outage(self) -> Outage | None:
        """The reason of the last failure, and the time of the first of its row.

        None while the circuit is closed, unless the target refuses this process, or has no circuit that could open.
        """
        known = self._opened_at is not None or self._reason.refuses or self._settings is None
        return Outage(self._reason, self._failed_at) if self._failures and known else None

    def permits(self) -> bool:
        """Return whether a call may be made; a caller that is permitted has to tell how it ended."""
        if (state := self.state) is CircuitState.CLOSED:
            return True
        now = time.monotonic()
        if state is CircuitState.OPEN or now < self._probed_at + self._probe_seconds:
            return False
        self._probed_at = now
        return True

    def failed(self, reason: Reason = Reason.AWAY) -> None:
        """Learn that the target did not do what a call needs.

        One that keeps a caller waiting for a lock has answered: that is no failure.
        """
        if reason is Reason.BUSY:
            self.succeeded()
            return
        now = time.monotonic()
        if not self._failures:
            self._failed_at = now
        self._failures += 1
        self._reason = reason
        if self._settings is None:
            return
        opens = self._opened_at is None and self._failures >= self._settings.failure_threshold
        if opens or self._probed_at > -math.inf:
            self._opened_at, self._probed_at = now, -math.inf

    def succeeded(self) -> None:
        """Learn that the target answered."""
        self._failures, self._opened_at, self._probed_at = 0, None, -math.inf
