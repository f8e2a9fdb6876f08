"""Faults of Redis, as a single server and under sentinels."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from runtime.embedded.loopback import LOOPBACK, free_ports
from tests.faults.nemeses.fault import blocking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.deployment import Deployment
    from tests.faults.history import Rewind
    from tests.faults.nemeses.fault import Fault


@asynccontextmanager
async def frozen_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Stop Redis where it is."""
    deployment.cache.freeze()
    yield
    deployment.cache.thaw()


@asynccontextmanager
async def killed_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End Redis, which comes back empty."""
    await blocking(deployment.cache.kill)
    yield
    await blocking(deployment.cache.start)


def configured_cache(broken: dict[str, str], sound: dict[str, str]) -> Fault:
    """Set parameters of Redis under which it answers PING and refuses to write."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        deployment.cache.configure(**broken)
        yield
        deployment.cache.configure(**sound)

    return fault


@asynccontextmanager
async def read_only_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Make Redis a replica of a master that is not there."""
    deployment.cache.command("REPLICAOF", LOOPBACK, next(free_ports()))
    yield
    deployment.cache.command("REPLICAOF", "NO", "ONE")


@asynccontextmanager
async def locked_cache(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Change the password of Redis and end its connections; at the end the former one is valid again."""
    password = deployment.cache.password
    deployment.cache.change_password("another")
    yield
    deployment.cache.change_password(password)


@asynccontextmanager
async def handed_over_master(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Let the sentinels exchange the master and its replica, as an update of the nodes does."""
    assert deployment.redis is not None
    await blocking(deployment.redis.fail_over)
    yield


@asynccontextmanager
async def killed_master(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End the master of Redis, which the sentinels replace."""
    assert deployment.redis is not None
    for server in deployment.redis.servers:
        if (await asyncio.to_thread(server.ask, "ROLE"))[0] == b"master":
            server.kill()
    yield
