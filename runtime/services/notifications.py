"""Notifications of connectors: their signatures are verified, and each is kept once."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from runtime.domain.notifications import Notification, NotificationFormError
from runtime.domain.webhooks import LONGEST_KEY, MOST_KEYS
from runtime.ports.availability import UnavailableError
from runtime.ports.external import UnsignedError
from runtime.services.asking import Asking, nothing
from runtime.services.notification_forms import heading_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runtime.domain.audit import Note
    from runtime.domain.entries import Json
    from runtime.domain.notifications import Connector, KeptNotification
    from runtime.domain.webhooks import Signed
    from runtime.ports.external import KeyRing
    from runtime.ports.queue import NotificationStore
    from runtime.settings import Database
    from runtime.telemetry import Telemetry

UNKNOWN = "unknown"
"""The label of the metric for a connector that there is not: its name is a client's text."""

_log = structlog.get_logger(__name__)


class SignatureRefusedError(Exception):
    """The signature is not that of the connector, or there is no such connector: which one is not told."""


class UntimelyError(Exception):
    """The time of the signature is too far away from the present."""


class Connectors:
    """The connectors of this process by their names, and their keys; ``now`` is the time in seconds since 1970."""

    def __init__(
        self,
        connectors: Mapping[Connector, KeyRing],
        window_seconds: int,
        telemetry: Telemetry,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._connectors = {each.name: (each, keys) for each, keys in connectors.items()}
        self._window_seconds = window_seconds
        self._telemetry = telemetry
        self._now = now
        # Verified by when there are no keys, so that an answer takes as long whether there is a connector or not.
        self._nobodys = tuple(secrets.token_bytes(LONGEST_KEY) for _ in range(MOST_KEYS))

    def count(self, name: str, outcome: str) -> None:
        """Count a notification to a connector, by what became of it."""
        self._telemetry.notifications.count(name if name in self._connectors else UNKNOWN, outcome)

    def require_timely(self, signed: Signed) -> None:
        """Raise :class:`UntimelyError` for a notification of another time, which may be one that was recorded."""
        if abs(self._now() - signed.at) > self._window_seconds:
            raise UntimelyError(f"webhook-timestamp is more than {self._window_seconds} seconds away from the present")

    def verify(self, name: str, signed: Signed, body: bytes) -> Connector:
        """Return the connector that signed a notification, or raise :class:`SignatureRefusedError`."""
        connector, keys = self._connectors.get(name), self._nobodys
        if connector is not None:
            try:
                keys = (*connector[1].current(), *self._nobodys)[:MOST_KEYS]
            except UnsignedError as error:
                self.count(name, "no_keys")
                _log.error("notifications cannot be verified", connector=name, text=str(error))
        if not signed.is_by(keys, body) or connector is None:
            raise SignatureRefusedError
        return connector[0]


class Notifications:
    """The notifications that are kept. Every call may raise :class:`runtime.ports.availability.UnavailableError`."""

    def __init__(
        self,
        store: NotificationStore,
        connectors: Connectors,
        settings: Database,
        require: Callable[[], None] = nothing,
    ) -> None:
        self._store = store
        self._connectors = connectors
        self._asking = Asking(settings, require)
        self.circuit = self._asking.circuit

    async def take(self, connector: Connector, signed: Signed, document: Any, text: Json, note: Note) -> None:
        """Keep a notification; one that is kept already has no further effect.

        Raises :class:`runtime.domain.notifications.NotificationFormError`.
        """
        try:
            heading = heading_of(connector.form, document)
        except NotificationFormError:
            self._connectors.count(connector.name, "malformed")
            raise
        notification = Notification(connector, signed.id, datetime.fromtimestamp(signed.at, UTC), heading, text)
        try:
            # It can be asked again: the id is kept once.
            taken = await self._asking.ask(lambda: self._store.take(notification, note))
        except UnavailableError:
            self._connectors.count(connector.name, "unavailable")
            raise
        self._connectors.count(connector.name, "taken" if taken else "repeated")

    async def page(self, namespace: str, after: int, limit: int) -> Sequence[KeptNotification]:
        """Return at most ``limit`` notifications to a namespace behind a number, in the order in which they came."""
        return await self._asking.ask(lambda: self._store.page(namespace, after, limit))
