"""The ages of a worker's secrets, beside the age at which each has to be rotated.

Source: ``access_control.secrets.rotation``.
"""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.ports.machine import DatedSecret
    from runtime.telemetry import Telemetry

SAMPLE_SECONDS = 15.0

_log = structlog.get_logger(__name__)


class State(StrEnum):
    """The age of a secret, in one word."""

    CURRENT = "current"
    OVERDUE = "overdue"
    """Older than it may become."""
    UNKNOWN = "unknown"
    """Nothing tells its age."""


class SecretAges:
    """The ages of ``secrets``, by their names; ``maximum_seconds`` is None where they may have any age."""

    def __init__(
        self,
        secrets: Mapping[str, DatedSecret],
        maximum_seconds: int | None,
        telemetry: Telemetry,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._secrets = secrets
        self._maximum = math.inf if maximum_seconds is None else maximum_seconds
        self._telemetry = telemetry
        self._now = now
        self._states: dict[str, State] = {}
        self.details: dict[str, object] = {}
        """The state of each secret, when it was rotated, and its age and the bound of it, in seconds."""

    def sample(self) -> None:
        """Read the time of each secret, and tell its age; a line of the log tells of a state that has changed."""
        now = self._now()
        for name, secret in self._secrets.items():
            rotated_at = secret.rotated_at()
            age = math.inf if rotated_at is None else max(0.0, (now - rotated_at).total_seconds())
            state = State.UNKNOWN if rotated_at is None else State.OVERDUE if age > self._maximum else State.CURRENT
            self._telemetry.secret_age.labels(name).set(age)
            self.details[name] = {
                "state": state,
                "rotated_at": rotated_at,
                "age_seconds": _finite(age),
                "maximum_age_seconds": _finite(self._maximum),
            }
            if state is not self._states.get(name, State.CURRENT):
                tell = _log.info if state is State.CURRENT else _log.warning
                tell("the age of a secret", secret=name, state=state.value, age_seconds=_finite(age))
            self._states[name] = state

    async def repeat(self) -> None:
        """Sample every ``SAMPLE_SECONDS`` until cancelled."""
        while True:
            self.sample()
            await asyncio.sleep(SAMPLE_SECONDS)


def _finite(seconds: float) -> int | None:
    return None if math.isinf(seconds) else int(seconds)
