"""Faults of the memory of the replicas' containers."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from runtime.services.levels import Level
from runtime.services.shedding import Step
from tests.faults.clients import connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.deployment import Deployment
    from tests.faults.history import Rewind


@asynccontextmanager
async def scarce_memory(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Use the memory of every container up to its warning."""
    filled(deployment, "warning")
    await told(deployment, 'resource_level{resource="memory"}', Level.WARNING.rank)
    yield
    emptied(deployment)


@asynccontextmanager
async def short_memory(deployment: Deployment, _rewinds: list[Rewind]) -> AsyncIterator[None]:
    """Use the memory of every container to where it is critical, until lists and changes are refused."""
    filled(deployment, "critical")
    await told(deployment, "memory_shed_step", Step.LISTS_AND_CHANGES)
    yield
    emptied(deployment)


def filled(deployment: Deployment, level: str) -> None:
    """Use the memory of every container up to a level of the settings."""
    percent = deployment.settings["monitors"]["memory"]["levels"][f"{level}_percent"]
    for replica in deployment.replicas:
        replica.container.fill(percent)


def emptied(deployment: Deployment) -> None:
    """Give the memory of every container back."""
    for replica in deployment.replicas:
        replica.container.empty()


async def told(deployment: Deployment, gauge: str, least: int) -> None:
    """Wait until a gauge of each replica is at a number, or above."""
    async with connection() as http:
        for replica in deployment.replicas:
            while True:
                text = (await http.get(replica.metrics_url)).text
                (number,) = re.findall(rf"^{re.escape(gauge)} (\S+)$", text, re.MULTILINE)
                if float(number) >= least:
                    break
                await asyncio.sleep(0.1)
