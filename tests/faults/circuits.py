"""The circuits of the workers, as the metrics of the replicas tell of them."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from tests.faults.clients import connection
from tests.faults.deployment import CIRCUIT, REPLICAS, WORKERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.faults.deployment import Deployment
    from tests.faults.receivers import Receiver

CHANGES = "database-changes"
"""The circuit that changes share."""

CLOSING_SECONDS = 40.0
UNANSWERED = ("away", "failed", "slow")
"""The outcomes of calls that the receiver did not answer as one that works."""


async def opened(deployment: Deployment, target: str) -> None:
    """Wait until a worker's circuit to a target has opened."""
    while not any(await _states(deployment, target)):
        await asyncio.sleep(0.1)


async def failures(deployment: Deployment, receiver: Receiver) -> float:
    """Return how many calls of a receiver have failed so far."""
    outcomes = "|".join(UNANSWERED)
    pattern = rf'external_calls_total{{outcome="(?:{outcomes})",target="{receiver.target}"}} (\S+)'
    return sum(sum(map(float, re.findall(pattern, text))) for text in await _metrics(deployment))


async def violations(
    deployment: Deployment, receiver: Receiver, before: float, since: float, change: Callable[[], Awaitable[object]]
) -> list[str]:
    """Wait for the circuits to close after a fault of the receiver, and return what they did not keep up.

    Each worker's circuit opens at the threshold, and then lets one probe pass for each reset. ``before`` is the number
    of failed calls at the time ``since``, when the fault began. Each ``change`` is delivered by any of the workers: the
    probe of one whose circuit is not closed yet.
    """
    try:
        async with asyncio.timeout(CLOSING_SECONDS):
            while any(await _states(deployment, receiver.target)):
                await change()
                await asyncio.sleep(0.1)
    except TimeoutError:
        return [f"a circuit to {receiver.name} did not close within {CLOSING_SECONDS:.0f} s"]
    most = WORKERS * REPLICAS * (CIRCUIT["failure_threshold"] + (time.monotonic() - since) / CIRCUIT["reset_seconds"])
    failed = await failures(deployment, receiver) - before
    if failed > most:
        return [f"{receiver.name} was asked {failed:.0f} times in vain, where its circuits allow {most:.0f}"]
    return []


async def _states(deployment: Deployment, target: str) -> list[float]:
    pattern = rf'circuit_breaker_state{{target="{target}"}} (\S+)'
    return [float(state) for text in await _metrics(deployment) for state in re.findall(pattern, text)]


async def _metrics(deployment: Deployment) -> list[str]:
    async with connection() as http:
        return [(await http.get(replica.metrics_url)).text for replica in deployment.replicas]
