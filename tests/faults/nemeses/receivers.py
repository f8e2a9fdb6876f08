"""Faults of a receiver of changes, and of a worker that delivers to it."""

from __future__ import annotations

import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.faults.circuits import opened
from tests.faults.deployment import CALL_SECONDS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.deployment import Deployment
    from tests.faults.history import Rewind


@asynccontextmanager
async def frozen_receiver(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Let the receiver accept requests, and answer none."""
    receiver = deployment.receivers[0]
    receiver.freeze()
    await opened(deployment, receiver.target)
    yield
    receiver.thaw()


@asynccontextmanager
async def slow_receiver(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Let the receiver take half of the time that it has for each answer."""
    receiver = deployment.receivers[0]
    receiver.seconds = CALL_SECONDS / 2
    yield
    receiver.seconds = 0


@asynccontextmanager
async def failing_receiver(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Let the receiver answer 500."""
    receiver = deployment.receivers[0]
    receiver.status, sound = 500, receiver.status
    await opened(deployment, receiver.target)
    yield
    receiver.status = sound


@asynccontextmanager
async def cut_receiver(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Break every connection to the receiver, and refuse new ones."""
    receiver = deployment.receivers[0]
    await receiver.cut()
    await opened(deployment, receiver.target)
    yield
    await receiver.open()


@asynccontextmanager
async def killed_delivering_worker(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """End a worker once the receiver has taken an event from it, and before it is answered."""
    receiver, replica = deployment.receivers[0], deployment.replicas[0]
    while (worker := replica.worker_with(await receiver.hold())) is None:
        receiver.release()
    os.kill(worker, signal.SIGKILL)
    receiver.release()
    yield
