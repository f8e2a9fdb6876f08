"""A process that delivers the changes of a database to a file, and is killed: ``DATABASE FILE SETTINGS``."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.domain.deliveries import Subscription
from runtime.environment import Address
from runtime.services.deliveries import Deliveries
from runtime.settings import Settings
from runtime.telemetry import Telemetry

SUBSCRIPTION = Subscription("receiver")


class FileReceiver:
    """A receiver that appends each event to a file, as one line."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def deliver(self, id_: str, event: bytes) -> None:
        """Append the event, and then let others run: a kill comes between the effect and its acknowledgement too."""
        os.write(self._file, event + b"\n")
        await asyncio.sleep(0)


async def deliver(url: str, path: Path, settings: Settings) -> None:
    """Deliver changes until killed."""
    store = PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await store.open()
    queue = PostgresDeliveries(store, settings.database.pool_size)
    seconds, receivers = settings.external_services.timeout_seconds, {SUBSCRIPTION: FileReceiver(path)}
    await Deliveries(queue, settings.queue, seconds, "urn:cbp:test", receivers, Telemetry()).repeat()


if __name__ == "__main__":
    asyncio.run(deliver(sys.argv[1], Path(sys.argv[2]), Settings.model_validate_json(sys.argv[3])))
