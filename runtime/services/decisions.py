"""What becomes of a request, and why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from runtime.services.limits import Standing, standings

if TYPE_CHECKING:
    from runtime.services.leases import Lease
    from runtime.services.limits import Limit


class Admission(StrEnum):
    """What becomes of a request."""

    ADMITTED = "admitted"
    DENIED = "denied"
    CLOSED = "closed"
    """A change while the shared buckets are away: it fails closed."""


class Decision(NamedTuple):
    """A verdict, with the wait in whole seconds, the policies that denied, and where each policy stands (if known)."""

    admission: Admission
    retry_after_seconds: int = 0
    denied_by: tuple[str, ...] = ()
    standings: tuple[Standing, ...] = ()


def decide(lease: Lease, limits: tuple[Limit, ...], now: int) -> Decision | None:
    """Decide by what the worker holds at ``now`` (monotonic microseconds), or return None when it has to ask."""
    if lease.spend(now):
        return Decision(
            Admission.ADMITTED, standings=standings(limits, lease.levels, now - lease.granted_at, lease.tokens)
        )
    if now >= lease.denied_until:
        return None
    standing = standings(limits, lease.levels, now - lease.granted_at, 0)
    denied_by = tuple(each.name for each in standing if not each.remaining)
    return Decision(Admission.DENIED, -(-(lease.denied_until - now) // 1_000_000), denied_by, standing)
