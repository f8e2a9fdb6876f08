"""Notifications in memory, over the audit trail of the other fakes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runtime.domain.audit import canonical
from runtime.domain.notifications import KeptNotification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.domain.audit import Note
    from runtime.domain.notifications import Notification
    from tests.runtime.fakes import MemoryAudit


class MemoryNotifications:
    """A ``NotificationStore`` in memory; the errors in ``failures`` are raised by the next calls."""

    def __init__(self, audit: MemoryAudit) -> None:
        self.failures: list[Exception] = []
        self._audit = audit
        self._kept: list[tuple[str, KeptNotification]] = []

    async def take(self, notification: Notification, note: Note) -> bool:
        self._fail()
        name, id_ = notification.connector.name, notification.id
        if any((each.connector, each.id) == (name, id_) for _, each in self._kept):
            return False
        canonical(note.members())
        await self._audit.note([(note, 0.0)])
        kept = KeptNotification(
            len(self._kept) + 1,
            name,
            id_,
            notification.heading,
            notification.document,
            notification.sent_at,
            datetime.now(UTC),
        )
        self._kept.append((notification.connector.namespace, kept))
        return True

    async def page(self, namespace: str, after: int, limit: int) -> Sequence[KeptNotification]:
        self._fail()
        return [each for place, each in self._kept if place == namespace and each.number > after][:limit]

    def _fail(self) -> None:
        if self.failures:
            raise self.failures.pop(0)
