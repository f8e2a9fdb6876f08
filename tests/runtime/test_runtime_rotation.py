"""Rotations of the cache's password and of signing keys while clients read and write: no request fails.

That of the database's password is in ``tests/compiler/vault/test_vault_logins.py``, where Vault makes it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from redis import AuthenticationError
from redis.asyncio import Redis

from runtime.adapters.http_client import HttpClient
from runtime.adapters.http_receiver import HttpReceiver
from runtime.adapters.signing_keys import SigningKeys
from runtime.domain.deliveries import Subscription
from runtime.environment import Address
from tests.runtime.composed import composed, loaded, until_ready
from tests.runtime.external import accepts, external, new_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from runtime.settings import Settings
    from tests.runtime.external import External

pytestmark = pytest.mark.anyio

METRICS = "http://test:9464/metrics"
USER = "changing"
DENIED = 'throttle_faults_total{fault="access_denied"}'
"""A busy machine may be slow: that Redis refuses a password is what a rotation could bring about."""

BUSY_SECONDS = 30
ON_THEIR_WAY = 8
"""More deliveries than a worker of these settings makes at once."""


@pytest.fixture
def document(document: dict[str, Any]) -> dict[str, Any]:
    document["throttling"] |= {"client": {"capacity": 100_000, "refill_per_minute": 1}, "endpoint": None}
    return document


@pytest.fixture
async def server(redis_url: str) -> AsyncIterator[Redis]:
    """The server of the cache, with a user whose password is the first one."""
    async with Redis.from_url(redis_url) as server:
        await server.acl_setuser(USER, enabled=True, passwords=["+first"], commands=["+@all"], keys=["*"], reset=True)
        yield server
        await server.acl_deluser(USER)


def replace(file: Path, text: str) -> None:
    """Replace a file as a whole, as a volume of a Secret does."""
    file.with_suffix(".next").write_text(text, encoding="utf-8")
    file.with_suffix(".next").replace(file)


async def counted(client: Any, metric: str) -> dict[str, float]:
    """Return the series of a metric that are not 0."""
    lines = (await client.get(METRICS)).text.splitlines()
    found = (line.rpartition(" ") for line in lines if line.startswith(metric))
    return {name: float(value) for name, _, value in found if float(value)}


async def test_the_password_of_the_cache_changes_by_its_procedure_and_no_request_fails(
    settings: Settings, migrated_url: str, server: Redis, redis_url: str, tmp_path: Path
) -> None:
    """Both passwords are accepted, then the file has the second one, then the first one is void (docs/vault.md)."""
    file = tmp_path / "password"
    replace(file, "first")
    cache = Address(redis_url.replace("://:", f"://{USER}:"), file)

    async def a_pod_starts() -> None:
        async with composed(settings, Address(migrated_url), cache) as client:
            await until_ready(client)
            assert DENIED not in await counted(client, "throttle_faults_total")

    async with composed(settings, Address(migrated_url), cache) as client:
        await until_ready(client)
        async with loaded(client) as load:
            await server.acl_setuser(USER, enabled=True, passwords=["+second"])
            await a_pod_starts()
            await load.goes_on()
            replace(file, "second")
            await a_pod_starts()
            await load.goes_on()
            await server.acl_setuser(USER, enabled=True, passwords=["-first"])
            await a_pod_starts()
        assert DENIED not in await counted(client, "throttle_faults_total")
    async with Redis.from_url(f"redis://{USER}:first@{redis_url.rpartition('@')[2]}") as old:
        with pytest.raises(AuthenticationError):
            await old.ping()


async def test_signing_keys_change_by_their_procedure_and_no_delivery_is_refused(
    settings: Settings, migrated_url: str, redis_url: str, tmp_path: Path
) -> None:
    """The file has both keys, then the receiver has the new one, then the file has that one alone (docs/vault.md)."""
    old, new = new_key(), new_key()
    held, file = [old], tmp_path / "keys"
    replace(file, old)

    async def verifies(service: External, writer: asyncio.StreamWriter) -> None:
        status = 204 if accepts(service.requests[-1], held[0]) else 401
        writer.write(f"HTTP/1.1 {status} Status\r\nContent-Length: 0\r\n\r\n".encode())

    async def received(service: External, by: str) -> None:
        """Wait until deliveries are signed by a key, also those that were signed before and are on their way."""
        known = len(service.requests)
        async with asyncio.timeout(BUSY_SECONDS):
            while len(service.requests) < known + ON_THEIR_WAY or not all(
                accepts(each, by) for each in service.requests[-ON_THEIR_WAY:]
            ):
                await asyncio.sleep(0.01)

    http = HttpClient(settings.external_services, 2)
    async with external(verifies) as service:
        receivers = {Subscription("ledger"): HttpReceiver(http, service.url, SigningKeys(file))}
        cache = Address(redis_url)
        async with composed(settings, Address(migrated_url), cache, receivers=receivers) as client:
            await until_ready(client)
            async with loaded(client):
                await received(service, old)
                replace(file, f"{new}\n{old}\n")
                await received(service, new)
                held[0] = new
                replace(file, new)
                await received(service, new)
            delivered = await counted(client, "queue_deliveries_total")
            assert set(delivered) == {'queue_deliveries_total{outcome="delivered"}'}
        last = service.requests[-1]
    await http.close()
    assert (accepts(last, new), accepts(last, old)) == (True, False)
