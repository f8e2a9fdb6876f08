"""One trial of a fault: clients work before, while and after it, and what they saw is judged."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from tests.faults import circuits
from tests.faults.clients import ANY, KEYS, NEW, SETTLED, Client, Recorder, connection, working
from tests.faults.deployment import STALE_SECONDS
from tests.faults.disk import NotPossibleError
from tests.faults.flood import excess, flooding
from tests.faults.history import Condition
from tests.faults.judgement import Bounds, violations
from tests.faults.nemeses.fault import blocking
from tests.faults.receivers import awaited, misdelivered, removals_awaited
from tests.faults.report import MOST_NAMED, Deliveries, Times, answered, report

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.faults.deployment import Deployment, Replica
    from tests.faults.history import Rewind
    from tests.faults.report import Report
    from tests.faults.rows import Row

BOUNDS = Bounds(live=3.0, marked=float(STALE_SECONDS))
STEADY_SECONDS = 0.8
WELL = {"cache_live 1.0", "memory_shed_step 0.0", "throttle_degraded 0.0"}
"""The metrics of a replica that feels no fault."""

WELL_SECONDS = 3.0

RECOVERY_SECONDS = 40.0
LONGEST_SECONDS = 100.0
"""The longest that the steps of a fault and the recovery may take."""

OLD_TAGS = 12
"""How many entity tags of before history went back are tried afterwards, the newest first."""


async def trial(row: Row, deployment: Deployment, seconds: float) -> Report:
    """Let the fault last for ``seconds`` and return what clients saw, after the service has recovered.

    Raises:
        NotPossibleError: this machine, or this user, cannot cause the fault.
    """
    recorder = Recorder(f"n{time.monotonic_ns() % 10**12}")
    rewinds: list[Rewind] = []
    await _well(deployment)
    await _settle(deployment, recorder)
    times = Times()
    broken: list[str] = []
    impossible: list[str] = []
    receiver = deployment.receivers[0]
    repeated, failed = receiver.repeated, await circuits.failures(deployment, receiver)
    try:
        async with (
            asyncio.timeout(seconds + LONGEST_SECONDS),
            flooding(deployment, recorder.namespace) as admitted,
            working(deployment, recorder),
        ):
            await asyncio.sleep(STEADY_SECONDS)
            times.broke = time.monotonic()
            async with row.fault(deployment, rewinds):
                if row.away:
                    await circuits.opened(deployment, circuits.CHANGES)
                    times.opened = time.monotonic()
                await asyncio.sleep(seconds)
            times.mended = time.monotonic()
            if not await _recovered(recorder, times.mended):
                broken.append(f"the service did not recover within {RECOVERY_SECONDS:.0f} s")
            times.ended = time.monotonic()
    except* NotPossibleError as group:  # the clients' groups of tasks have wrapped it
        impossible += [str(error) for error in _leaves(group)]
    if impossible:
        raise NotPossibleError(*impossible)
    if rewinds:
        await asyncio.sleep(rewinds[0].over - time.monotonic())
        await _try_old_tags(deployment, recorder, rewinds[0].restored[0])
    if row.unreceptive:
        broken += await _unclosed(deployment, recorder, failed, times.broke)
    await _look_at_all(deployment, recorder)
    broken += [*violations(recorder.operations, BOUNDS, rewinds), *excess(admitted, row.forgotten, row.restarted)]
    broken += await _misdelivered(deployment, recorder, rewinds)
    deliveries = Deliveries(len(receiver.of(recorder.namespace)), receiver.repeated - repeated)
    return report(row, recorder, times, deliveries, broken)


async def _unclosed(deployment: Deployment, recorder: Recorder, failed: float, since: float) -> list[str]:
    """Change an entry until every circuit to the receiver is closed, and return what the circuits did not keep up."""
    client = Client("closing", 0, deployment.replicas[0], recorder)

    async def change() -> None:
        for condition in (NEW, ANY):
            await client.put(KEYS[0], condition)

    found = await circuits.violations(deployment, deployment.receivers[0], failed, since, change)
    await client.close()
    return found


async def _misdelivered(deployment: Deployment, recorder: Recorder, rewinds: list[Rewind]) -> list[str]:
    """Wait until the receivers have what they should have, and return what is wrong with what they took."""
    asked, found = recorder.operations, []
    with suppress(TimeoutError):
        async with asyncio.timeout(RECOVERY_SECONDS):
            while any(
                awaited(receiver, asked, rewinds)
                or (not rewinds and removals_awaited(receiver, recorder.namespace, asked))
                for receiver in deployment.receivers
            ):
                await asyncio.sleep(0.05)
    for receiver in deployment.receivers:
        found += misdelivered(receiver, recorder.namespace, asked, rewinds)[:MOST_NAMED]
    return found


async def _settle(deployment: Deployment, recorder: Recorder) -> None:
    """Write the entries that nobody changes afterwards."""
    client = Client("setup", 0, deployment.replicas[0], recorder)
    for key in SETTLED:
        written = await client.put(key, NEW)
        assert written is not None
        assert written.status == 201, written
    await client.close()


async def _well(deployment: Deployment) -> None:
    """Return when no worker feels anything of the fault before: memory is in use, and requests are counted in Redis.

    A replica that has often lost Redis waits longer each time before it trusts it again: it is started anew.
    """
    async with connection(RECOVERY_SECONDS) as http:
        for replica in deployment.replicas:
            with suppress(TimeoutError):
                async with asyncio.timeout(WELL_SECONDS):
                    await _feels_well(replica, http)
                    continue
            await blocking(replica.kill)
            await blocking(replica.start)
            await _feels_well(replica, http)


async def _feels_well(replica: Replica, http: httpx.AsyncClient) -> None:
    while not set((await http.get(replica.metrics_url)).text.splitlines()) >= WELL:
        await asyncio.sleep(0.05)


async def _recovered(recorder: Recorder, since: float) -> bool:
    """Wait until every client has had an answer to a request that it sent after ``since``."""
    names = {each.client for each in recorder.operations if each.client.startswith(("w", "r"))}
    deadline = since + RECOVERY_SECONDS
    while time.monotonic() < deadline:
        if {each.client for each in recorder.operations if each.invoked > since and answered(each)} >= names:
            return True
        await asyncio.sleep(0.05)
    return False


async def _try_old_tags(deployment: Deployment, recorder: Recorder, before: float) -> None:
    """Ask with entity tags of before history went back; the checker knows that none of them may match."""
    old = [(each.key, each.tag) for each in recorder.operations if each.tag and each.returned < before]
    client = Client("old", 0, deployment.replicas[0], recorder)
    for key, tag in list(dict.fromkeys(reversed(old)))[:OLD_TAGS]:
        await client.get(key, Condition(if_none_match=tag))
        await client.put(key, Condition(if_match=tag))
    await client.close()


async def _look_at_all(deployment: Deployment, recorder: Recorder) -> None:
    """Learn from the store itself what became of every entry."""
    client = Client("last", 0, deployment.replicas[-1], recorder)
    for key in (*KEYS, *SETTLED):
        await client.look(key)
        await client.put(key, NEW)
        await client.put(key, ANY)
        await client.get(key)
    await client.close()


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    """Yield the errors of a group, and of the groups in it."""
    for error in group.exceptions:
        yield from _leaves(error) if isinstance(error, BaseExceptionGroup) else (error,)
