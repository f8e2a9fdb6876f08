"""The health of one worker: whether it is ready, and the servers that are away.

Nothing here asks a server: the feed of changes, the reads, the changes and the throttle say what they met.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from runtime.ports.availability import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runtime.ports.availability import Circuit, Outage
    from runtime.ports.entries import ChangeFeed
    from runtime.services.cache import Contents
    from runtime.services.draining import Draining


READS = "database-reads"


class State(StrEnum):
    """The readiness of a worker, in one word."""

    READY = "ready"
    DEGRADED = "degraded"
    """Ready, while a server is away."""
    STARTING = "starting"
    """The feed of changes has not been seen yet."""
    REFUSED = "refused"
    """The database refuses this process, which has no memory to answer from."""
    DRAINING = "draining"

    @property
    def ready(self) -> bool:
        """Whether requests are to be sent to this worker."""
        return self in (State.READY, State.DEGRADED)


class HasOutage(Protocol):
    """A user of a server that knows why and since when it is away."""

    @property
    def outage(self) -> Outage | None:
        """The outage; None while there is none."""


@dataclass(frozen=True, slots=True)
class Health:
    """What a worker knows of itself and of its servers; ``stale_seconds`` bounds the answers from memory.

    ``circuits`` are the circuits of the worker, by their targets: that of ``READS`` is always among them.
    """

    contents: Callable[[], Contents]
    draining: Draining
    feed: ChangeFeed
    circuits: Mapping[str, Circuit]
    throttle: HasOutage
    stale_seconds: float

    @property
    def state(self) -> State:
        """The readiness of this worker.

        A database that is away, or that begins to refuse its clients, takes no worker out while it can answer from
        memory: every other replica would leave with it.
        """
        if self.draining.active:
            return State.DRAINING
        contents = self.contents()
        age = contents.age_seconds
        remembers = contents.entries > 0 and age is not None and age <= self.stale_seconds
        refused = any(_refuses(each.outage) for each in (self.feed, self.circuits[READS]))
        if refused and not remembers:
            return State.REFUSED
        if contents.version is None:
            return State.STARTING
        away = any(each.outage for each in (self.feed, self.circuits[READS], self.throttle))
        return State.DEGRADED if away else State.READY


def _refuses(outage: Outage | None) -> bool:
    return outage is not None and isinstance(outage.reason, Reason) and outage.reason.refuses
