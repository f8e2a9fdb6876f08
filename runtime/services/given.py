"""The rights and keys that are given while the service runs, as one worker knows them, within a bounded time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from runtime.domain.grants import Given, opens, read_key
from runtime.domain.identity import Identity, Kind
from runtime.loading import RESERVED
from runtime.ports.availability import UnavailableError
from runtime.services.tokens import InvalidTokenError, Verified

if TYPE_CHECKING:
    from runtime.domain.grants import Grant
    from runtime.ports.access import AccessStore
    from runtime.services.access import Authority, Callers
    from runtime.telemetry import Telemetry

ASKED_TIMES = 5
"""The questions in the time within which a change has to be known; the answer to one may take two pauses."""

UNKNOWN_SECONDS = 0.2
"""The pause between two questions for a key that is not known: it may have been made a moment ago."""

_log = structlog.get_logger(__name__)


class GivenRights:
    """Follows the store, and hands what is in force to the judge.

    A change is known within ``known_seconds``. While the store is away, what was known last is in force for
    ``stale_seconds``, as the entries are.
    """

    def __init__(
        self,
        store: AccessStore,
        authority: Authority,
        callers: Callers,
        telemetry: Telemetry,
        known_seconds: float,
        stale_seconds: float,
    ) -> None:
        self._store = store
        self._authority = authority
        self._callers = callers
        self._telemetry = telemetry
        self._pause = known_seconds / ASKED_TIMES
        self._stale_seconds = stale_seconds
        self._known: Given | None = None
        self._confirmed_at = float("-inf")
        self._asked_at = float("-inf")
        self._announced: set[str] = set()
        self.in_force = Given()
        """What is given, and has not expired."""

    async def follow(self) -> None:
        """Ask the store again and again, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(2 * self._pause):
                    await self.refresh()
            except (UnavailableError, TimeoutError):
                self._apply()  # what has expired meanwhile ends all the same
            except Exception:
                _log.exception("the rights that are given met a defect")
                self._apply()
            await asyncio.sleep(self._pause)

    async def refresh(self) -> None:
        """Read what changed, and have it in force at once."""
        asked_at = time.monotonic()
        found = await self._store.read(None if self._known is None else self._known.position)
        self._confirmed_at = max(asked_at, self._confirmed_at)
        if found is not None and (self._known is None or found.position >= self._known.position):
            self._known = found
        self._apply()

    async def verify(self, token: str) -> Verified:
        """Return the machine that a key proves, or raise :class:`InvalidTokenError`."""
        parts = read_key(token)
        if parts is None:
            raise InvalidTokenError("malformed", "the key is not of the form cbp_ID_SECRET")
        id_, secret = parts
        unknown = id_ not in {key.id for key in self.in_force.keys}
        if unknown and time.monotonic() >= self._asked_at + UNKNOWN_SECONDS:
            self._asked_at = time.monotonic()
            await self.refresh()
        key = next((key for key in self.in_force.keys if key.id == id_), None)
        if key is None or not opens(key, secret):
            raise InvalidTokenError("key", "there is no such key: it has expired, or was revoked")
        return Verified(Identity(RESERVED, id_, Kind.KEY, rights=(key.right,)), key.expires_at.timestamp())

    def _apply(self) -> None:
        """Have in force what is known and has not expired."""
        now = datetime.now(UTC)
        known = self._known if time.monotonic() < self._confirmed_at + self._stale_seconds else None
        known = known or Given()
        grants = tuple(each for each in known.grants if each.expires_at is None or each.expires_at > now)
        keys = tuple(each for each in known.keys if each.expires_at > now)
        found = Given(known.position, grants, keys)
        if found == self.in_force:
            return
        self.in_force = found
        self._authority.give(grants)
        self._callers.renew()
        self._announce([grant for grant in grants if grant.emergency])

    def _announce(self, emergencies: list[Grant]) -> None:
        """Log each right of an emergency that comes into force, and its end."""
        self._telemetry.emergencies.set(len(emergencies))
        for grant in emergencies:
            if grant.name not in self._announced:
                _log.error(
                    "AN EMERGENCY RIGHT IS IN FORCE",
                    grant=grant.name,
                    issuer=grant.issuer,
                    subject=grant.subject,
                    group=grant.group,
                    role=grant.right.role.value,
                    namespaces=grant.right.namespaces,
                    reason=grant.reason,
                    given_by=grant.given_by,
                    expires_at=None if grant.expires_at is None else grant.expires_at.isoformat(),
                )
        names = {grant.name for grant in emergencies}
        for name in self._announced - names:
            _log.warning("an emergency right has ended", grant=name)
        self._announced = names
