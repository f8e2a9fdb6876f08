"""A process that delivers the changes of a database over HTTP, and is killed: ``DATABASE ADDRESS KEYS SETTINGS``."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop

from runtime.adapters.http_client import HttpClient
from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.postgres import PostgresEntries
from runtime.adapters.postgres_deliveries import PostgresDeliveries
from runtime.adapters.postgres_horizon import Horizon
from runtime.adapters.signing_keys import SigningKeys
from runtime.environment import Address
from runtime.services.deliveries import Deliveries
from runtime.services.external_services import ExternalServices
from runtime.settings import Settings
from runtime.telemetry import Telemetry
from tests.runtime.delivering import SUBSCRIPTION


async def deliver(url: str, address: str, keys: Path, settings: Settings) -> None:
    """Deliver changes until killed, as a worker of the API does."""
    store = PostgresEntries(Address(url), None, settings.database, Horizon(3))
    await store.open()
    external, telemetry = settings.external_services, Telemetry()
    client = HttpClient(external, external.integrations.pool_size)
    receiver = HttpReceiver(client, address, SigningKeys(keys))
    guarded = ExternalServices(external, telemetry).receiver(SUBSCRIPTION.name, receiver)
    queue = PostgresDeliveries(store, settings.database.pool_size)
    circuits = {SUBSCRIPTION.name: guarded.circuit}
    receivers = {SUBSCRIPTION: guarded}
    seconds = external.timeout_seconds
    await Deliveries(
        queue, settings.queue, seconds, "urn:cbp:benchmark", receivers, telemetry, circuits=circuits
    ).repeat()


if __name__ == "__main__":
    uvloop.run(deliver(sys.argv[1], sys.argv[2], Path(sys.argv[3]), Settings.model_validate_json(sys.argv[4])))
