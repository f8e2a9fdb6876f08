"""Receivers that are slow: real servers over HTTP, and the queue in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.signing_keys import SigningKeys
from runtime.domain.deliveries import Subscription
from runtime.services.deliveries import Deliveries
from runtime.telemetry import Telemetry
from tests.runtime.changing import change, edit
from tests.runtime.external import answers, external, http_client, is_silent, new_key
from tests.runtime.fakes import MemoryAudit, MemoryEntries
from tests.runtime.memory_deliveries import MemoryDeliveries

if TYPE_CHECKING:
    from pathlib import Path

    from runtime.settings import Settings
    from tests.runtime.external import External

pytestmark = pytest.mark.anyio
FIS, LEDGER = Subscription("fis"), Subscription("ledger")
PLACES = 4
CHANGES = 24


@pytest.mark.parametrize(("others", "most"), [(True, PLACES // 2), (False, PLACES)])
async def test_a_receiver_that_hangs_takes_half_of_the_places_and_the_others_get_their_deliveries(
    settings: Settings, tmp_path: Path, others: bool, most: int
) -> None:
    """All of them, where it is the only one."""
    (tmp_path / "keys").write_text(new_key())
    places = settings.model_copy(update={"queue": settings.queue.model_copy(update={"concurrency": PLACES})})
    entries = MemoryEntries()
    queue = MemoryDeliveries(entries, MemoryAudit())
    async with (
        external(is_silent) as fis,
        external(answers(204)) as ledger,
        http_client(pool_size=2 * PLACES, timeout_seconds=30) as client,
    ):

        def receiver(server: External) -> HttpReceiver:
            return HttpReceiver(client, server.url, SigningKeys(tmp_path / "keys"))

        receivers = {FIS: receiver(fis), **({LEDGER: receiver(ledger)} if others else {})}
        deliveries = Deliveries(queue, places.queue, 1, "urn:cbp:test", receivers, Telemetry())
        await deliveries.turn()
        await entries.change([change(edit(f"n{number}", "k")) for number in range(CHANGES)])
        working = asyncio.create_task(deliveries.repeat())
        async with asyncio.timeout(20):
            while len(fis.requests) < most or len(ledger.requests) < (CHANGES if others else 0):
                await asyncio.sleep(0.01)
        working.cancel()
        await asyncio.wait({working})
        assert fis.most == len(fis.requests) == most
