"""Whether this worker is on its way out."""

from __future__ import annotations


class Draining:
    """Set once by the first signal: readiness says no, and every answer closes its connection."""

    def __init__(self) -> None:
        self.active = False

    def begin(self) -> None:
        """Start to drain; there is no way back."""
        self.active = True
