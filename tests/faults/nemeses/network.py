"""Faults of the network between the replicas and their servers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.faults.deployment import Deployment
    from tests.faults.history import Rewind
    from tests.faults.nemeses.fault import Fault
    from tests.runtime.forwarder import Forwarder

    Ways: TypeAlias = Callable[[Deployment], list[Forwarder]]

SLOW_SECONDS = 0.15


def cut(ways: Ways) -> Fault:
    """Break every connection, and refuse new ones."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        for way in ways(deployment):
            await way.cut()
        yield
        for way in ways(deployment):
            await way.open()

    return fault


def silent(ways: Ways) -> Fault:
    """Drop everything without breaking a connection."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        for way in ways(deployment):
            way.silence()
        yield
        for way in ways(deployment):
            way.resume()

    return fault


def slow(ways: Ways) -> Fault:
    """Delay everything."""

    @asynccontextmanager
    async def fault(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
        for way in ways(deployment):
            way.delay_seconds = SLOW_SECONDS
        yield
        for way in ways(deployment):
            way.delay_seconds = 0.0

    return fault


def databases(deployment: Deployment) -> list[Forwarder]:
    """Return every way to PostgreSQL."""
    return deployment.databases


def caches(deployment: Deployment) -> list[Forwarder]:
    """Return every way to Redis."""
    return [replica.cache for replica in deployment.replicas]


def first_database(deployment: Deployment) -> list[Forwarder]:
    """Return the ways of the first replica to PostgreSQL."""
    return list(deployment.replicas[0].databases)
