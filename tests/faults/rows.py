"""The faults of servers, networks, workers and receivers, and what the service must keep up meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.deployment import REPLICAS, WORKERS
from tests.faults.nemeses.memory import scarce_memory, short_memory
from tests.faults.nemeses.network import SLOW_SECONDS, caches, cut, databases, first_database, silent, slow
from tests.faults.nemeses.postgres import (
    changed_password,
    copied_back,
    frozen_database,
    full_disk,
    killed_database,
    led_to_a_standby,
    promoted_with_loss,
    promoted_without_loss,
    read_only_database,
    recovered_to_a_point,
    rotated_password,
)
from tests.faults.nemeses.receivers import (
    cut_receiver,
    failing_receiver,
    frozen_receiver,
    killed_delivering_worker,
    slow_receiver,
)
from tests.faults.nemeses.redis import (
    configured_cache,
    frozen_cache,
    handed_over_master,
    killed_cache,
    killed_master,
    locked_cache,
    read_only_cache,
)
from tests.faults.nemeses.workers import frozen_worker, killed_replica, killed_worker, replaced_workers

if TYPE_CHECKING:
    from tests.faults.nemeses.fault import Fault


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, and what must go on while it lasts, at the replicas that are not ``spoilt`` themselves.

    ``settled`` are reads of entries that nobody changes, ``changes`` changes; ``ready`` is whether readiness must stay.
    While PostgreSQL is ``away`` no read is answered for longer than the settings say. Redis has ``forgotten`` so often
    what was admitted, and so many workers are ``restarted`` with a full share (docs/runtime.md, While Redis fails).
    ``sentinels`` watch Redis where the fault is about them. While the first receiver is ``unreceptive`` its circuits
    open. While replicas stay ``live`` memory may answer for as long as the fault lasts. What is ``unfailing`` fails no
    request at all.
    """

    name: str
    done: str
    fault: Fault
    settled: bool = True
    changes: bool = False
    ready: bool = True
    spoilt: tuple[int, ...] = ()
    away: bool = False
    sentinels: bool = False
    forgotten: int = 0
    restarted: int = 0
    unreceptive: bool = False
    live: bool = False
    unfailing: bool = False


ROWS = (
    Row(
        "PostgreSQL is frozen",
        "SIGSTOP to every process of it",
        frozen_database,
        away=True,
    ),
    Row(
        "PostgreSQL is killed",
        "SIGKILL to every process of it; it recovers from its log",
        killed_database,
        away=True,
    ),
    Row(
        "PostgreSQL refuses connections",
        "connections broken, new ones refused",
        cut(databases),
        away=True,
    ),
    Row(
        "PostgreSQL is silent",
        "nothing is delivered, no connection is broken",
        silent(databases),
        away=True,
    ),
    Row("PostgreSQL is slow", f"{1000 * SLOW_SECONDS:.0f} ms each way", slow(databases), changes=True),
    Row(
        "one replica is cut off",
        "its connections to PostgreSQL broken, new ones refused",
        cut(first_database),
        spoilt=(0,),
        changes=True,
    ),
    Row("one replica hears nothing", "nothing delivered to it", silent(first_database), spoilt=(0,), changes=True),
    Row("PostgreSQL is read-only", "default_transaction_read_only", read_only_database),
    Row("the address leads to a standby", "to a streaming one, and back", led_to_a_standby),
    Row("the disk is full", "a disk of its own, filled to the last byte", full_disk),
    Row(
        "the password is changed",
        "at the server first; the file follows at the end",
        changed_password,
        ready=False,  # nobody is served any more once memory is too old: then a refusal is this process's own fault
    ),
    Row(
        "the password is rotated",
        "behind PgBouncer, and sessions ended; the former one is another role's until the file follows",
        rotated_password,
        changes=True,
        live=True,
        unfailing=True,
    ),
    Row(
        "an earlier disk is put back",
        "a copy of the stopped data directory, same timeline",
        copied_back,
    ),
    Row(
        "recovery to a point in time",
        "base backup and archived log, new timeline",
        recovered_to_a_point,
    ),
    Row(
        "a failover that loses nothing",
        "primary killed, synchronous standby promoted",
        promoted_without_loss,
    ),
    Row(
        "a failover that loses changes",
        "replication cut, primary killed, standby promoted",
        promoted_with_loss,
    ),
    Row("a worker is frozen", "SIGSTOP", frozen_worker, spoilt=(0,), changes=True),
    Row("a worker is killed", "SIGKILL; its parent replaces it", killed_worker, spoilt=(0,), changes=True, restarted=1),
    Row(
        "a replica is killed",
        "SIGKILL to every process of it; started anew",
        killed_replica,
        spoilt=(0,),
        changes=True,
        restarted=WORKERS,
    ),
    Row(
        "workers are replaced",
        "SIGHUP to each replica, which starts new ones one by one",
        replaced_workers,
        changes=True,
        ready=False,  # for a moment, where a new worker answers that has not heard of all changes yet
        restarted=REPLICAS * WORKERS,
        unfailing=True,
    ),
    Row(
        "memory is scarce",
        "the working set of each container is at the warning",
        scarce_memory,
        changes=True,
        live=True,
        unfailing=True,
    ),
    Row(
        "memory is short",
        "the working set of each container is critical, until changes are refused and for a while longer",
        short_memory,
        live=True,
    ),
    Row(
        "a worker is killed while it delivers",
        "SIGKILL once the receiver has taken an event, before it is answered",
        killed_delivering_worker,
        spoilt=(0,),
        changes=True,
        restarted=1,
    ),
    Row(
        "a receiver is frozen",
        "it accepts requests, and answers none",
        frozen_receiver,
        changes=True,
        unreceptive=True,
    ),
    Row("a receiver is slow", "it takes half of the timeout for each answer", slow_receiver, changes=True),
    Row("a receiver fails", "it answers 500", failing_receiver, changes=True, unreceptive=True),
    Row(
        "a receiver refuses connections",
        "connections broken, new ones refused",
        cut_receiver,
        changes=True,
        unreceptive=True,
    ),
    Row("Redis is frozen", "SIGSTOP", frozen_cache, changes=True),
    Row("Redis is killed", "SIGKILL; it comes back empty", killed_cache, changes=True, forgotten=1),
    Row("Redis refuses connections", "connections broken, new ones refused", cut(caches), changes=True),
    Row("Redis is silent", "nothing is delivered, no connection is broken", silent(caches), changes=True),
    Row("Redis is slow", f"{1000 * SLOW_SECONDS:.0f} ms each way", slow(caches), changes=True),
    Row("Redis is read-only", "a replica of a master that is away", read_only_cache, changes=True),
    Row("the password of Redis is changed", "and its connections ended", locked_cache, changes=True),
    Row(
        "Redis has no memory left",
        "maxmemory 1",
        configured_cache({"maxmemory": "1"}, {"maxmemory": "0"}),
        changes=True,
    ),
    Row(
        "Redis has too few replicas",
        "min-replicas-to-write 1",
        configured_cache({"min_replicas_to_write": "1"}, {"min_replicas_to_write": "0"}),
        changes=True,
    ),
    Row(
        "Redis hands over",
        "the sentinels exchange master and replica",
        handed_over_master,
        changes=True,
        forgotten=1,
        sentinels=True,
    ),
    Row(
        "the master of Redis is killed",
        "SIGKILL; the sentinels promote its replica",
        killed_master,
        changes=True,
        forgotten=1,
        sentinels=True,
    ),
)
