"""Faults of the service's own processes."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.faults.nemeses.fault import blocking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.deployment import Deployment
    from tests.faults.history import Rewind


@asynccontextmanager
async def frozen_worker(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Stop a worker where it is, in the middle of whatever it does."""
    worker = deployment.replicas[0].busiest_worker()
    os.kill(worker, signal.SIGSTOP)
    yield
    os.kill(worker, signal.SIGCONT)


@asynccontextmanager
async def killed_worker(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End a worker, which its parent replaces."""
    os.kill(deployment.replicas[0].busiest_worker(), signal.SIGKILL)
    yield


@asynccontextmanager
async def replaced_workers(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Replace the workers of every replica one by one, as a change of their settings does."""
    await asyncio.gather(*(blocking(replica.replace_workers) for replica in deployment.replicas))
    yield


@asynccontextmanager
async def killed_replica(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End every process of a replica, and start it anew at the end."""
    replica = deployment.replicas[0]
    await blocking(replica.kill)
    yield
    await blocking(replica.start)
