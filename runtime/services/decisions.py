"""Decisions of the throttle about requests, with their reasons."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from runtime.services.limits import Standing, own_standings, standings

if TYPE_CHECKING:
    from runtime.services.leases import Lease
    from runtime.services.limits import Limit
    from runtime.services.local_buckets import LocalBuckets


CLOSED_SECONDS = 1
"""The time after which a request that a strict limit refused may be tried again: Redis may be back by then."""


class Admission(StrEnum):
    """The outcome of a decision."""

    ADMITTED = "admitted"
    DENIED = "denied"


class Decision(NamedTuple):
    """An admission, with the wait in whole seconds, the policies that denied, and the standing of each.

    ``alone`` is a decision by this worker's share of the rates, without the shared buckets.
    """

    admission: Admission
    retry_after_seconds: int = 0
    denied_by: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()
    alone: bool = False


def decide(lease: Lease, limits: tuple[Limit, ...], now: int) -> Decision | None:
    """Decide from the worker's lease at ``now`` (monotonic microseconds); None means to ask the shared buckets."""
    if lease.spend(now):
        return Decision(
            Admission.ADMITTED, standings=standings(limits, lease.levels, now - lease.granted_at, lease.tokens)
        )
    if now >= lease.denied_until:
        return None
    standing = standings(limits, lease.levels, now - lease.granted_at, 0)
    denied_by = tuple(each.name for each in standing if not each.remaining)
    return Decision(Admission.DENIED, -(-(lease.denied_until - now) // 1_000_000), denied_by, standing)


def decide_alone(buckets: LocalBuckets, limits: tuple[Limit, ...], client: str, now: int) -> Decision:
    """Decide by this worker's share of every rate at ``now`` (monotonic microseconds); a strict limit has none."""
    if closed := tuple(limit.name for limit in limits if limit.strict):
        none_left = tuple(Standing(limit.name, 0, CLOSED_SECONDS) for limit in limits)
        return Decision(Admission.DENIED, CLOSED_SECONDS, closed, none_left, alone=True)
    waits, levels = buckets.take(limits, client, now)
    standing = own_standings(limits, levels)
    if not any(waits):
        return Decision(Admission.ADMITTED, standings=standing, alone=True)
    denied_by = tuple(limit.name for limit, wait in zip(limits, waits, strict=True) if wait)
    return Decision(Admission.DENIED, -(-max(waits) // 1_000_000), denied_by, standing, alone=True)
