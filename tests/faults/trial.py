"""One trial of a fault: clients work before, while and after it, and what they saw is judged."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.clients import ANY, KEYS, NEW, SETTLED, Client, Recorder, connection, working
from tests.faults.deployment import CHANGE_SECONDS, STALE_SECONDS
from tests.faults.flood import excess, flooding
from tests.faults.history import Condition, Kind, Outcome
from tests.faults.judgement import BOUNDS, violations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.faults.clients import Probe
    from tests.faults.deployment import Deployment
    from tests.faults.history import Operation, Rewind
    from tests.faults.rows import Row

STEADY_SECONDS = 0.6
WELL = {"cache_live 1.0", "throttle_degraded 0.0"}
"""The metrics of a replica that feels no fault."""

RECOVERY_SECONDS = 40.0
LONGEST_SECONDS = 100.0
"""The longest that the steps of a fault and the recovery may take."""

READ_SECONDS = 3.0
"""The longest that a read waits for a store that does not answer."""

SLACK_SECONDS = 1.5
"""How much later a client may see what the service does in time, on a machine that does other work."""

MOST_NAMED = 3
OLD_TAGS = 12
"""How many entity tags of before history went back are tried afterwards, the newest first."""


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some requests were answered as they should be."""

    answered: int
    sent: int

    def __str__(self) -> str:
        return f"{self.answered} of {self.sent}"


@dataclass(frozen=True, slots=True)
class Report:
    """What clients saw of one fault; times are seconds. ``broken`` are the promises that were broken."""

    row: Row
    settled: Share
    reads: Share
    changes: Share
    unknown: int
    gap_of_reads: float
    gap_of_changes: float
    slowest_read: float
    slowest_change: float
    ready: Share
    recovery_of_reads: float
    recovery_of_changes: float
    broken: tuple[str, ...]


@dataclass(slots=True)
class _Times:
    """The times of a trial, in seconds of the monotonic clock."""

    began: float = field(default_factory=time.monotonic)
    broke: float = 0.0
    mended: float = 0.0
    ended: float = 0.0


async def trial(row: Row, deployment: Deployment, seconds: float) -> Report:
    """Let the fault last for ``seconds`` and return what clients saw, after the service has recovered."""
    recorder = Recorder(f"n{time.monotonic_ns() % 10**12}")
    rewinds: list[Rewind] = []
    await _settle(deployment, recorder)
    times = _Times()
    async with (
        asyncio.timeout(seconds + LONGEST_SECONDS),
        flooding(deployment, recorder.namespace) as admitted,
        working(deployment, recorder),
    ):
        await _well(deployment)
        await asyncio.sleep(STEADY_SECONDS)
        times.broke = time.monotonic()
        async with row.fault(deployment, rewinds):
            await asyncio.sleep(seconds)
        times.mended = time.monotonic()
        recovered = await _recovered(recorder, times.mended)
        times.ended = time.monotonic()
    if rewinds:
        await asyncio.sleep(rewinds[0].over - time.monotonic())
        await _try_old_tags(deployment, recorder, rewinds[0].restored[0])
    await _look_at_all(deployment, recorder)
    broken = [*violations(recorder.operations, BOUNDS, rewinds), *excess(admitted, row.quotas, row.forgotten)]
    broken += [] if recovered else [f"the service did not recover within {RECOVERY_SECONDS:.0f} s"]
    return _report(row, recorder, times, broken)


async def _settle(deployment: Deployment, recorder: Recorder) -> None:
    """Write the entries that nobody changes afterwards."""
    for number, replica in enumerate(deployment.replicas):
        client = Client(f"setup{number}", number, replica, recorder)
        for key in SETTLED if number == 0 else ():
            written = await client.put(key, NEW)
            assert written is not None
            assert written.status == 201, written
        await client.close()


async def _well(deployment: Deployment) -> None:
    """Wait until no worker feels anything of the fault before: memory is in use, and requests are counted in Redis."""
    async with connection(RECOVERY_SECONDS) as http:
        for replica in deployment.replicas:
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


def answered(operation: Operation) -> bool:
    """Return whether a request had the answer of a service that works: also that a precondition fails."""
    return operation.outcome is not Outcome.UNKNOWN and operation.status != 429


def _report(row: Row, recorder: Recorder, times: _Times, broken: list[str]) -> Report:
    seen = [each for each in recorder.operations if times.began <= each.invoked and each.returned <= times.ended]
    during = [each for each in seen if times.broke <= each.invoked < times.mended]
    spared = [each for each in during if each.replica not in row.spoilt]
    reads, changes = _of(seen, reads=True), _of(seen, reads=False)
    settled_reads = [each for each in _of(spared, reads=True) if each.key in SETTLED and each.at_least is None]
    settled = _share(each for each in settled_reads if each.invoked < times.broke + STALE_SECONDS - 0.5)
    changing = _share(_of(spared, reads=False))
    probes = [each for each in recorder.probes if times.broke <= each.invoked < times.mended]
    ready = _ready(each for each in probes if each.replica not in row.spoilt)
    broken += _unmet(row, settled, changing, ready)
    broken += _overdue(row, spared, times)
    return Report(
        row=row,
        settled=settled,
        reads=_share(_of(during, reads=True)),
        changes=_share(_of(during, reads=False)),
        unknown=sum(each.outcome is Outcome.UNKNOWN for each in _of(during, reads=False)),
        gap_of_reads=_gap(reads, times),
        gap_of_changes=_gap(changes, times),
        slowest_read=max((each.returned - each.invoked for each in reads), default=0.0),
        slowest_change=max((each.returned - each.invoked for each in changes), default=0.0),
        ready=ready,
        recovery_of_reads=_recovery(reads, times),
        recovery_of_changes=_recovery(changes, times),
        broken=tuple(broken),
    )


GOES_ON = 0.9
"""The share of requests that are answered where the service goes on: those under way when the fault begins may fail."""


def _unmet(row: Row, settled: Share, changes: Share, ready: Share) -> list[str]:
    unmet = []
    if row.settled and settled.answered < GOES_ON * settled.sent:
        unmet.append(f"reads of settled entries did not go on: {settled} were answered")
    if row.changes and changes.answered < GOES_ON * changes.sent:
        unmet.append(f"changes did not go on: {changes} were answered")
    if row.ready and ready.answered < GOES_ON * ready.sent:
        unmet.append(f"the service was not ready: {ready} probes were answered with 200")
    return unmet


def _overdue(row: Row, operations: Sequence[Operation], times: _Times) -> list[str]:
    """Find reads that memory answered for too long, and requests that were answered too late."""
    found = []
    since = times.broke + STALE_SECONDS + SLACK_SECONDS
    for each in operations:
        seconds = each.returned - each.invoked
        if row.away and not each.is_change and each.status == 200 and since < each.returned < times.mended:
            found.append(f"memory answered for too long: {each}")
        if seconds > (CHANGE_SECONDS if each.is_change else READ_SECONDS) + SLACK_SECONDS:
            found.append(f"an answer took {seconds:.1f} s: {each}")
    return found[:MOST_NAMED]


def _of(operations: Iterable[Operation], *, reads: bool) -> list[Operation]:
    return [each for each in operations if (each.kind in (Kind.READ, Kind.READ_AT_LEAST)) == reads]


def _share(operations: Iterable[Operation]) -> Share:
    results = [answered(each) for each in operations]
    return Share(sum(results), len(results))


def _ready(probes: Iterable[Probe]) -> Share:
    results = [probe.status == 200 for probe in probes]
    return Share(sum(results), len(results))


def _gap(operations: Sequence[Operation], times: _Times) -> float:
    """Return the longest time that any client went without an answer."""
    longest = 0.0
    for client in {each.client for each in operations}:
        at = [times.began, *sorted(each.returned for each in operations if each.client == client and answered(each))]
        longest = max(longest, *(later - earlier for earlier, later in zip(at, [*at[1:], times.ended], strict=True)))
    return longest


def _recovery(operations: Sequence[Operation], times: _Times) -> float:
    """Return the time from the end of the fault to the first answer, of the client that had to wait for it longest."""
    first: dict[str, float] = {}
    for each in sorted(operations, key=lambda each: each.returned):
        if each.invoked > times.mended and answered(each):
            first.setdefault(each.client, each.returned - times.mended)
    return max(first.values(), default=0.0)
