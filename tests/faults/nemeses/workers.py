"""Faults of the service's own processes."""

from __future__ import annotations

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
    replica = deployment.replicas[0]
    replica.signal_worker(signal.SIGSTOP)
    yield
    replica.signal_worker(signal.SIGCONT)


@asynccontextmanager
async def killed_worker(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End a worker, which its parent replaces."""
    deployment.replicas[0].signal_worker(signal.SIGKILL)
    yield


@asynccontextmanager
async def killed_replica(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End every process of a replica, and start it anew at the end."""
    replica = deployment.replicas[0]
    await blocking(replica.kill)
    yield
    await blocking(replica.start)
