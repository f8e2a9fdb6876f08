"""The page docs/reliability.md: what clients saw of each fault, as measured by one run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.table import machine
from tests.faults.deployment import CHANGE_SECONDS
from tests.faults.report import QUICK_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.faults.report import Report
    from tests.faults.rows import Row

HEAD = """# Reliability

`make faults` writes this page. It breaks a deployment in each of these ways for {seconds:g} seconds, while clients
change and read a few entries over HTTP and record every request and answer, and judges what they saw. A shorter run of
each row is part of `make test`.

The deployment is {replicas} replicas of {workers} workers, a PostgreSQL that syncs every commit, a Valkey, and two
receivers of [changes](queue.md) over HTTP. Each replica has {writers} clients that change entries (with `If-Match`,
`If-None-Match: *`, `If-Match: *` and without, and removals), {readers} that read, one that exceeds its quota, and one
that asks for readiness. A request without an answer, or with one of 5xx, is of unknown outcome: it may have happened,
may still happen, or never. An answer that says that a change was not made, or not sent, or that memory is short, is
taken at its word.

## What is judged

- **Changes are linearizable**, entry by entry: there is an order in which each happened between its request and its
  answer, and every answer is right. None that was acknowledged is lost, none that was refused has an effect.
- **A plain read** is right at some time within {live:g} seconds before it, one that is marked as stale within
  {stale:g}. It never shows a value that no change wrote.
- **No entity tag** is handed out for two values. After history went back, none of before matches: no 304, and no
  `If-Match` that holds.
- **The quota** of a client holds in every window for what replicas count together in Redis, and once more for what
  workers admit by their shares while it fails them; [the fault](runtime.md#limits) may add a capacity, or a share.
- **Each receiver takes every acknowledged change**, signed, under one id, and in the order of its namespace: what comes
  again has an id that the receiver knows, and so no second effect. A refused change is not delivered. While a receiver
  is broken its circuits open in the workers, which ask it no more often than their thresholds and probes allow; they
  close again afterwards. Meanwhile clients of the API notice nothing.
- **A store that is away is not waited for**: once its circuit has opened most changes are refused within
  {quick:g} second, where their deadline is {deadline}. Only probes wait.
- **No request fails** while the password is rotated, while workers are replaced one by one, and while memory is only
  scarce. Where it is short changes are refused, reads of settled entries go on from memory, and health is answered.
- **No answer is a 500**, every client is answered again after the fault, and what should go on does: reads of settled
  entries (nobody changes them) from memory, changes where the store is there, readiness. Replicas and workers that
  were broken themselves are left out of that.

The checker is tested with wrong histories of every kind (`tests/faults/test_faults_checker.py`,
`tests/faults/test_faults_receivers.py`). Why it is our own is
in [decision 51](decisions/0051-faults-are-judged-from-histories.md).

## As measured

{machine}.

Of two numbers with a stroke the first is that of reads and the second that of changes, in seconds. A gap is the longest
time that any client went without an answer, 503 being none. The slowest answer may be a 503. Recovery is the time from
the end of the fault to the first answer, of the client that waited for it longest.

Deliveries are the events that the first receiver took, and those that came to it once more.

Settled reads are counted while memory may answer, which is for {stale:g} seconds here (`database.stale_seconds`), and
to the end of a rotation and of a shortage of memory, which keep no change from being heard of.

| fault | what was done | settled reads | changes | unknown | gap | slowest | ready | recovery | deliveries | verdict |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|---|
"""


def line(report: Report) -> str:
    """Return the row of the table for what was seen of a fault."""
    verdict = "holds" if not report.broken else "; ".join(each.partition("\n")[0] for each in report.broken)
    cells = (
        report.row.name,
        report.row.done,
        report.settled,
        report.changes,
        report.unknown,
        f"{report.gap_of_reads:.1f} / {report.gap_of_changes:.1f}",
        f"{report.slowest_read:.1f} / {report.slowest_change:.1f}",
        report.ready,
        f"{report.recovery_of_reads:.1f} / {report.recovery_of_changes:.1f}",
        report.deliveries,
        verdict,
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def not_checked(row: Row, reason: str) -> str:
    """Return the row of the table for a fault that could not be caused."""
    return f"| {row.name} | {row.done} |{' |' * 8} *not checked*: {reason} |\n"


def page(
    lines: Sequence[str],
    *,
    seconds: float,
    replicas: int,
    workers: int,
    clients: tuple[int, int],
    bounds: tuple[float, float],
) -> str:
    """Return the whole page; ``clients`` are writers and readers of a replica, ``bounds`` of live and stale reads."""
    writers, readers = clients
    live, stale = bounds
    head = HEAD.format(
        seconds=seconds,
        replicas=replicas,
        workers=workers,
        writers=writers,
        readers=readers,
        quick=QUICK_SECONDS,
        deadline=CHANGE_SECONDS,
        live=live,
        stale=stale,
        machine=machine(),
    )
    return head + "".join(lines)
