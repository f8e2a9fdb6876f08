"""The contract of the store of notifications, for the fake and for PostgreSQL, and how long PostgreSQL keeps them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import pytest

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_audit import PostgresAudit
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.postgres_notifications import PostgresNotifications
from runtime.domain.audit import NOTIFICATION, RECEIVE, Note
from runtime.domain.entries import Json
from runtime.domain.notifications import Connector, Heading, Notification
from runtime.environment import Address
from runtime.maintenance.events import keep_events
from runtime.ports.audit import AuditFilter
from tests.runtime.fakes import MemoryAudit
from tests.runtime.memory_notifications import MemoryNotifications

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from runtime.ports.audit import AuditTrail
    from runtime.ports.queue import NotificationStore
    from runtime.settings import Settings

pytestmark = pytest.mark.anyio
FIS, CORE = Connector("fis", "payments", "cloudevents"), Connector("core-banking", "payments", "cloudevents")
SENT = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def notification(id_: str, connector: Connector = FIS, document: str = '{"daily":1.10}') -> Notification:
    return Notification(connector, id_, SENT, Heading("limits.changed", None), Json(document))


def note() -> Note:
    return Note(NOTIFICATION, RECEIVE, "connector:fis", "10.0.0.1", "POST", namespace="payments", notification="msg_1")


@pytest.fixture(params=["memory", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> str | None:
    """The address of a database, or None for the fake."""
    return None if request.param == "memory" else str(request.getfixturevalue("migrated_url"))


@pytest.fixture
async def stores(url: str | None, settings: Settings) -> AsyncIterator[tuple[NotificationStore, AuditTrail]]:
    if url is None:
        audit = MemoryAudit()
        yield MemoryNotifications(audit), audit
        return
    entries = PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await entries.open()
    yield PostgresNotifications(entries), PostgresAudit(entries)
    await entries.close()


async def test_a_notification_is_kept_once_with_one_record_whoever_sends_it_again_and_however_often(
    stores: tuple[NotificationStore, AuditTrail],
) -> None:
    store, audit = stores
    taken = await asyncio.gather(*(store.take(notification("msg_1"), note()) for _ in range(4)))
    assert sorted(taken) == [False, False, False, True]
    other_body = notification("msg_1", document='{"daily":9}')
    assert not await store.take(other_body, note())
    assert await store.take(notification("msg_1", CORE), note())
    found = await store.page("payments", 0, 10)
    assert [(each.connector, each.id, each.document) for each in found] == [
        ("fis", "msg_1", '{"daily":1.10}'),
        ("core-banking", "msg_1", '{"daily":1.10}'),
    ]
    assert (found[0].heading, found[0].sent_at) == (Heading("limits.changed", None), SENT)
    while await audit.seal(10):
        pass
    records = (await audit.page(AuditFilter(0, 10, kind=NOTIFICATION))).records
    assert len(records) == 2
    assert all('"notification":"msg_1"' in each.record for each in records)


async def test_pages_follow_the_order_in_which_notifications_came_and_have_those_of_one_namespace(
    stores: tuple[NotificationStore, AuditTrail],
) -> None:
    store, _ = stores
    elsewhere = replace(FIS, namespace="cards")
    for id_, connector in (("a", FIS), ("b", elsewhere), ("c", FIS), ("d", FIS)):
        await store.take(notification(id_, connector), note())
    first = await store.page("payments", 0, 2)
    second = await store.page("payments", first[-1].number, 2)
    assert [each.id for each in (*first, *second)] == ["a", "c", "d"]
    assert await store.page("payments", second[-1].number, 2) == []


@pytest.mark.slow
async def test_a_notification_and_its_id_end_with_the_retention_of_events(
    migrated_url: str, owner_url: str, owner: asyncpg.Connection, settings: Settings
) -> None:
    """That is a day at least, and more than the window in which a repeated one is admitted."""
    entries = PostgresEntries(Address(migrated_url), None, settings.database, Horizon(3))
    await entries.open()
    store = PostgresNotifications(entries)
    for id_ in ("old", "young"):
        await store.take(notification(id_), note())
    days = settings.database.events_retention_days
    for id_, hours in (("old", 1), ("young", -1)):
        await owner.execute(
            "UPDATE notifications SET received_at = received_at - $2::interval WHERE id = $1",
            id_,
            timedelta(days=days, hours=hours),
        )
    await keep_events(Address(owner_url), settings.database)
    assert [each.id for each in await store.page("payments", 0, 10)] == ["young"]
    assert await store.take(notification("old"), note())
    assert not await store.take(notification("young"), note())
    await entries.close()
    serving = await asyncpg.connect(migrated_url)
    for statement in ("DELETE FROM notifications", "SELECT drop_expired_notifications('0')"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await serving.execute(statement)
    await serving.close()
