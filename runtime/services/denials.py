"""Denials that hold for a while: whoever has one is not asked about again before it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.services.decisions import Decision

MOST = 10_000
"""The most denials that are remembered; the oldest one makes room."""


class Denials:
    """Denials of clients, each until its wait is over."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[Decision, float]] = {}

    def find(self, client: str) -> Decision | None:
        """Return the denial of a client with what is left of its wait, or None."""
        held = self._held.get(client)
        if held is None:
            return None
        decision, until = held
        left = until - time.monotonic()
        if left <= 0:
            del self._held[client]
            return None
        return decision._replace(retry_after_seconds=-int(-left // 1))

    def remember(self, client: str, decision: Decision) -> None:
        """Remember a denial for as long as its wait."""
        if len(self._held) >= MOST:
            del self._held[next(iter(self._held))]
        self._held[client] = decision, time.monotonic() + decision.retry_after_seconds
