"""A client that sends more than its quota, and the judgement of how much of it was admitted."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx

from tests.faults.clients import SETTLED, connection
from tests.faults.deployment import QUOTA
from tests.identity import signed_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.faults.deployment import Deployment, Replica

PAUSE_SECONDS = 0.04


class Admitted(NamedTuple):
    """A request that was not denied, and when it was sent and answered."""

    invoked: float
    returned: float


@asynccontextmanager
async def flooding(deployment: Deployment, namespace: str) -> AsyncIterator[list[Admitted]]:
    """Let one client flood every replica until the end of the block; yield the growing list of what was admitted."""
    done = asyncio.Event()
    admitted: list[Admitted] = []
    somebody = f"flood of {namespace}"
    path = f"/v1/namespaces/{namespace}/entries/{SETTLED[0]}"
    async with asyncio.TaskGroup() as tasks:
        for replica in deployment.replicas:
            tasks.create_task(_flood(replica, path, somebody, admitted, done))
        try:
            yield admitted
        finally:
            done.set()


async def _flood(replica: Replica, path: str, somebody: str, admitted: list[Admitted], done: asyncio.Event) -> None:
    async with connection(headers=signed_in(subject=somebody)) as http:
        while not done.is_set():
            invoked = time.monotonic()
            try:
                status = (await http.get(replica.url + path)).status_code
            except httpx.TransportError:
                status = 503  # nobody was told that it was admitted
            if status in (200, 404):
                admitted.append(Admitted(invoked, time.monotonic()))
            await asyncio.sleep(PAUSE_SECONDS)


def excess(admitted: Sequence[Admitted], quotas: int, capacities: int) -> tuple[str, ...]:
    """Return the window in which most was admitted beyond some quotas and some capacities, if there is one.

    A request counts for a window when it was both sent and answered in it.
    """
    worst, text = 0.0, ""
    by_answer = sorted(admitted, key=lambda each: each.returned)
    for start in {each.invoked for each in admitted}:
        inside = (each for each in by_answer if each.invoked >= start)
        for number, each in enumerate(inside, 1):
            seconds = each.returned - start
            capacity = (quotas + capacities) * QUOTA["capacity"]
            allowed = capacity + quotas * QUOTA["refill_per_minute"] * seconds / 60
            if number - allowed > worst:
                worst = number - allowed
                text = f"a client was admitted {number} times in {seconds:.2f} s, where {allowed:.1f} were allowed"
    return (text,) if text else ()
