"""Times that an instance of PostgreSQL has to stop, to hand over and to start, as shares of the recovery objective.

The operator's own times are an hour for a handover, an hour for a start and half an hour for a stop: the first alone is
the whole objective. Meanwhile nobody can write.

Sources: ``recovery.rto.target``, ``connections.database.timeout``.
Upstream: https://cloudnative-pg.io/documentation/current/instance_manager/#shutdown-control,
https://cloudnative-pg.io/documentation/current/failover/#rto-and-rpo-impact
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site

HANDOVERS_IN_RTO = 12
"""A handover's share: five minutes of an hour, as long as an idle log may wait for its archival."""

STARTS_IN_RTO = 4
"""A start's share: a primary that crashed replays its log before it accepts connections."""


def delays(site: Site) -> dict[str, int]:
    """Return the Cluster's delays in seconds.

    A pod that is deleted first waits for open sessions (smart shutdown), as long as a statement may take: pools keep
    theirs, so that waiting for longer ends nothing. Then it stops as in a handover (fast shutdown), and has the same
    time to archive the rest of its log.
    """
    objective = site.spec.recovery.rto.target
    handover = max(Duration(1), objective // HANDOVERS_IN_RTO)
    smart = min(site.spec.connections.database.timeout, handover)
    return {
        "switchoverDelay": handover.seconds,
        "smartShutdownTimeout": smart.seconds,
        "stopDelay": smart.seconds + handover.seconds,
        "startDelay": max(Duration(1), objective // STARTS_IN_RTO).seconds,
    }
