"""The measures of a trial: how many requests were answered, how long clients waited, and what was not kept up."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.faults.clients import SETTLED
from tests.faults.deployment import CHANGE_SECONDS, STALE_SECONDS
from tests.faults.history import Kind, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.faults.clients import Probe, Recorder
    from tests.faults.history import Operation
    from tests.faults.rows import Row

READ_SECONDS = 3.0
"""The longest that a read waits for a store that does not answer."""

HEARTBEAT_SECONDS = 2.0
"""How long before the fault memory may have been confirmed last, from which its time is counted."""

SLACK_SECONDS = 1.5
"""How much later a client may see what the service does in time, on a machine that does other work."""

QUICK_SECONDS = 1.0
"""The longest that a refusal takes which asks no store, on a machine that does other work: a third of the deadline."""

GOES_ON = 0.9
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some requests were answered as they should be."""

    answered: int
    sent: int

    @property
    def goes_on(self) -> bool:
        """Whether nearly all were answered: one that is under way when something breaks may fail."""
        return self.sent - self.answered <= max(1, (1 - GOES_ON) * self.sent)

    def __str__(self) -> str:
        return f"{self.answered} of {self.sent}"


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How many events the first receiver took, and how many came once more."""

    taken: int
    repeated: int

    def __str__(self) -> str:
        return f"{self.taken} + {self.repeated}"


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
    deliveries: Deliveries
    broken: tuple[str, ...]


@dataclass(slots=True)
class Times:
    """The times of a trial, in seconds of the monotonic clock."""

    began: float = field(default_factory=time.monotonic)
    broke: float = 0.0
    opened: float = math.inf
    """When the circuit of changes had opened, where the fault opens it."""
    mended: float = 0.0
    ended: float = 0.0


def answered(operation: Operation) -> bool:
    """Return whether a request had the answer of a service that works: also that a precondition fails."""
    return operation.status is not None and operation.status < 500 and operation.status != 429


def report(row: Row, recorder: Recorder, times: Times, deliveries: Deliveries, broken: list[str]) -> Report:
    """Return what was seen, with what was not kept up added to the promises that are ``broken``."""
    seen = [each for each in recorder.operations if times.began <= each.invoked and each.returned <= times.ended]
    during = [each for each in seen if times.broke <= each.invoked < times.mended]
    spared = [each for each in during if each.replica not in row.spoilt]
    reads, changes = _of(seen, reads=True), _of(seen, reads=False)
    settled_reads = [each for each in _of(spared, reads=True) if each.key in SETTLED and each.at_least is None]
    until = times.mended if row.live else times.broke + STALE_SECONDS - HEARTBEAT_SECONDS
    settled = _share(each for each in settled_reads if each.invoked < until)
    changing = _share(_of(spared, reads=False))
    probes = [each for each in recorder.probes if times.broke <= each.invoked < times.mended]
    ready = _ready(each for each in probes if each.replica not in row.spoilt)
    broken += _unmet(row, settled, changing, ready)
    broken += failures(spared) if row.unfailing else ()
    broken += _overdue(row, spared, times)
    broken += slow_refusals(each for each in _of(spared, reads=False) if each.invoked >= times.opened)
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
        deliveries=deliveries,
        broken=tuple(broken),
    )


def slow_refusals(changes: Iterable[Operation]) -> list[str]:
    """Judge the changes that were sent once the circuit had opened: only its probes wait for the store."""
    quick = [each.returned - each.invoked <= QUICK_SECONDS for each in changes]
    if sum(quick) >= len(quick) / 2:
        return []
    return [f"{len(quick) - sum(quick)} of {len(quick)} changes waited for a store whose circuit is open"]


def failures(operations: Iterable[Operation]) -> list[str]:
    """Judge the requests of which none may fail."""
    failed = [each for each in operations if not answered(each)]
    return [f"a request failed: {each}" for each in failed[:MOST_NAMED]]


def _unmet(row: Row, settled: Share, changes: Share, ready: Share) -> list[str]:
    unmet = []
    if row.settled and not settled.goes_on:
        unmet.append(f"reads of settled entries did not go on: {settled} were answered")
    if row.changes and not changes.goes_on:
        unmet.append(f"changes did not go on: {changes} were answered")
    if row.ready and not ready.goes_on:
        unmet.append(f"the service was not ready: {ready} probes were answered with 200")
    return unmet


def _overdue(row: Row, operations: Sequence[Operation], times: Times) -> list[str]:
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


def _gap(operations: Sequence[Operation], times: Times) -> float:
    """Return the longest time that any client went without an answer."""
    longest = 0.0
    for client in {each.client for each in operations}:
        at = [times.began, *sorted(each.returned for each in operations if each.client == client and answered(each))]
        longest = max(longest, *(later - earlier for earlier, later in zip(at, [*at[1:], times.ended], strict=True)))
    return longest


def _recovery(operations: Sequence[Operation], times: Times) -> float:
    """Return the time from the end of the fault to the first answer, of the client that had to wait for it longest."""
    first: dict[str, float] = {}
    for each in sorted(operations, key=lambda each: each.returned):
        if each.invoked > times.mended and answered(each):
            first.setdefault(each.client, each.returned - times.mended)
    return max(first.values(), default=0.0)
