"""Notifications in PostgreSQL, by the functions of migration 0011."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.domain.audit import canonical
from runtime.domain.entries import Json
from runtime.domain.notifications import Heading, KeptNotification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runtime.adapters.postgres import PostgresEntries
    from runtime.domain.audit import Note
    from runtime.domain.notifications import Notification

_TAKE = "SELECT take_notification($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_PAGE = """
SELECT number, connector, id, type, subject, document, sent_at, received_at FROM notifications
WHERE namespace = $1 AND number > $2 ORDER BY number LIMIT $3
"""


class PostgresNotifications:
    """A :class:`runtime.ports.queue.NotificationStore` on the connections of the entries."""

    def __init__(self, store: PostgresEntries) -> None:
        self._store = store

    async def take(self, notification: Notification, note: Note) -> bool:
        """See :class:`runtime.ports.queue.NotificationStore`."""
        connector, heading = notification.connector, notification.heading
        async with self._store.changing() as connection:
            taken: bool = await connection.fetchval(
                _TAKE,
                connector.name,
                notification.id,
                connector.namespace,
                heading.type,
                heading.subject,
                notification.document,
                notification.sent_at,
                note.note,
                canonical(note.members()).decode(),
            )
        return taken

    async def page(self, namespace: str, after: int, limit: int) -> Sequence[KeptNotification]:
        """See :class:`runtime.ports.queue.NotificationStore`."""
        async with self._store.reading(deferrable=True) as connection:
            rows = await connection.fetch(_PAGE, namespace, after, limit)
        return [
            KeptNotification(
                row["number"],
                row["connector"],
                row["id"],
                Heading(row["type"], row["subject"]),
                Json(row["document"]),
                row["sent_at"],
                row["received_at"],
            )
            for row in rows
        ]
