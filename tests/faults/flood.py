"""A client that sends more than its quota, and the judgement of how much of it was admitted."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import httpx

from tests.faults.clients import SETTLED, connection
from tests.faults.deployment import QUOTA, REPLICAS, WORKERS
from tests.identity import signed_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from tests.faults.deployment import Deployment, Replica

PAUSE_SECONDS = 0.04
TOGETHER = f";q={sum(QUOTA.values())};"
"""What the policy says of a request that the replicas counted together: the quota, and not the share of a worker."""


class Admitted(NamedTuple):
    """A request that was not denied, when it was sent and answered, and whether a worker's share admitted it."""

    invoked: float
    returned: float
    alone: bool = False


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
            with suppress(httpx.TransportError):  # nobody was told that it was admitted
                response = await http.get(replica.url + path)
                if response.status_code in (200, 404):
                    alone = TOGETHER not in response.headers["ratelimit-policy"]
                    admitted.append(Admitted(invoked, time.monotonic(), alone))
            await asyncio.sleep(PAUSE_SECONDS)


def excess(admitted: Sequence[Admitted], forgotten: int, restarted: int) -> tuple[str, ...]:
    """Return the windows in which most was admitted beyond what they may, of either way to count.

    What replicas count together is bounded by the quota, and one more capacity each time that Redis has ``forgotten``;
    what workers admit by their shares by the quota too, and one more share for each that was ``restarted``.
    """
    together = [each for each in admitted if not each.alone]
    alone = [each for each in admitted if each.alone]
    shares = 1 + restarted / (REPLICAS * WORKERS)
    return (
        *_excess("", together, (1 + forgotten) * QUOTA["capacity"]),
        *_excess(" by shares", alone, shares * QUOTA["capacity"]),
    )


def _excess(how: str, admitted: Sequence[Admitted], capacity: float) -> tuple[str, ...]:
    """Return the window in which most was admitted beyond a capacity and its refill, if there is one.

    A request counts for a window when it was both sent and answered in it.
    """
    worst, text = 0.0, ""
    by_answer = sorted(admitted, key=lambda each: each.returned)
    for start in {each.invoked for each in admitted}:
        inside = (each for each in by_answer if each.invoked >= start)
        for number, each in enumerate(inside, 1):
            seconds = each.returned - start
            allowed = capacity + QUOTA["refill_per_minute"] * seconds / 60
            if number - allowed > worst:
                worst = number - allowed
                times = f"{number} times{how} in {seconds:.2f} s"
                text = f"a client was admitted {times}, where {allowed:.1f} were allowed"
    return (text,) if text else ()
