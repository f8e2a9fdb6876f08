"""Receivers that ask for time, or say that they are gone: real servers over HTTP, and the queue in memory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.retry_after import retry_after_seconds
from runtime.adapters.signing_keys import SigningKeys
from runtime.domain.audit import QUEUE, RESUME, Note
from runtime.domain.deliveries import Subscription
from runtime.domain.namespaces import EVERY_NAME
from runtime.services.deliveries import Deliveries
from runtime.telemetry import Telemetry
from tests.runtime.changing import put
from tests.runtime.external import answers, external, http_client
from tests.runtime.fakes import MemoryAudit, MemoryEntries
from tests.runtime.memory_deliveries import MemoryDeliveries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from runtime.settings import Settings
    from tests.runtime.external import Behaviour, External

pytestmark = pytest.mark.anyio
LEDGER = Subscription("ledger")
NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC).timestamp()
LONGEST_SECONDS = 600


class Bus:
    """Two workers that deliver to one receiver, on a clock of the test."""

    def __init__(
        self, entries: MemoryEntries, queue: MemoryDeliveries, server: External, first: Deliveries, second: Deliveries
    ) -> None:
        self.queue, self.server, self.first, self.second = queue, server, first, second
        self.entries = entries

    async def turn(self, worker: Deliveries) -> int:
        """Deliver what is due by one worker; return the requests that the receiver has had since the beginning."""
        await worker.turn()
        await worker.drain()
        return len(self.server.requests)


@asynccontextmanager
async def bus(settings: Settings, folder: Path, behave: Behaviour, clock: list[float]) -> AsyncIterator[Bus]:
    keys = folder / "keys"
    keys.write_text("whsec_" + "A" * 32)
    entries = MemoryEntries()
    queue = MemoryDeliveries(entries, MemoryAudit())
    patient = settings.queue.retry.model_copy(update={"maximum_milliseconds": LONGEST_SECONDS * 1000, "attempts": 25})
    stated = settings.queue.model_copy(update={"retry": patient})
    async with external(behave) as server, http_client() as client:
        receivers = {LEDGER: HttpReceiver(client, server.url, SigningKeys(keys))}
        workers = [
            Deliveries(queue, stated, 1, "urn:cbp:test", receivers, Telemetry(), lambda: clock[0]) for _ in range(2)
        ]
        found = Bus(entries, queue, server, *workers)
        await found.turn(found.first)
        yield found


@pytest.mark.parametrize(("status", "asked", "held"), [(429, "30", 30), (503, "30", 30), (429, "86400", 600)])
async def test_a_receiver_that_asks_for_time_gets_it_for_all_of_its_deliveries_up_to_the_longest_pause(
    settings: Settings, tmp_path: Path, status: int, asked: str, held: int
) -> None:
    clock = [1000.0]
    async with bus(settings, tmp_path, answers(status, b"", f"Retry-After: {asked}"), clock) as found:
        await put(found.entries, "payments", "limits")
        assert await found.turn(found.first) == 1
        (kept,) = await found.queue.page("ledger", None, EVERY_NAME, (0, 0), 10)
        assert kept.due_at is not None
        assert held - 5 < (kept.due_at - datetime.now(UTC)).total_seconds() <= held
        assert (kept.attempts, kept.reason) == (1, f"answered {status}")
        await put(found.entries, "cards", "limits")
        clock[0] += held - 1
        assert await found.turn(found.first) == 1
        found.server.behave = answers(204)
        clock[0] += 2
        assert await found.turn(found.first) == 2


async def test_a_receiver_that_is_gone_is_asked_no_more_by_any_worker_until_it_is_resumed_and_loses_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    async with bus(settings, tmp_path, answers(410), [1000.0]) as found:
        await put(found.entries, "payments", "limits")
        await put(found.entries, "cards", "limits")
        asked = await found.turn(found.first)
        (state,) = await found.queue.states()
        assert (state.pause_reason, state.dead_letters, state.lag) == ("answered 410", 0, 2)
        await found.second.sample()
        for worker in (found.first, found.second):
            assert await found.turn(worker) == asked
        kept = await found.queue.page("ledger", None, EVERY_NAME, (0, 0), 10)
        assert {each.attempts for each in kept} == {0}
        found.server.behave = answers(204)
        await found.queue.resume("ledger", Note(QUEUE, RESUME, "people:ada", "10.0.0.1", "POST /v1/x"))
        await found.first.sample()
        assert await found.turn(found.first) == asked + 2
        (state,) = await found.queue.states()
        assert (state.lag, state.paused_at) == (0, None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("120", 120),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("9" * 10, None),
        ("Mon, 05 Jan 2026 09:32:00 GMT", 120),
        ("Mon, 05 Jan 2026 09:00:00 GMT", 0),
        ("Mon, 05 Jan 2026 09:32:00", 120),
    ],
)
def test_what_a_receiver_asks_for_is_a_number_of_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds
