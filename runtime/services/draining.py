"""The state of a worker that is shutting down."""

from __future__ import annotations

DRAIN_SECONDS = 1
"""The time after a signal in which new connections are accepted, and every response closes its connection."""


class Draining:
    """A flag that the first signal sets: readiness fails, and every response closes its connection."""

    def __init__(self) -> None:
        self.active = False

    def begin(self) -> None:
        """Start to drain; this cannot be undone."""
        self.active = True
