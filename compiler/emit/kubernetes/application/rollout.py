"""Rolling updates of the API: the pause between two replacements, the most pods at once, and the nodes for them.

A terminating pod counts against quotas and keeps its connections until its grace period is over. The pause after each
replacement bounds how many of them there are.

Sources: ``compute.application_tier.instances``, ``orchestration.configuration.rolling_update``.
Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#min-ready-seconds
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.application.pod import LONGEST_START, grace
from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site

ENDING_IN_TURN = 2
"""The pods that may be terminating for each pod that an update replaces at a time.

With one, an update of eight replicas would take eight grace periods and starts; with two, half of that.
"""

STARTING = Duration(30)
"""The time from a pod's creation until it is ready, where nothing is short."""

_DEFAULT_DEADLINE = Duration(600)
"""The time after which the API server's default calls an update without progress failed."""

STANDBY_PODS = 2
"""The pods of the API in a cluster that stands by: one can be drained or lost, and the other one goes on reading."""


def pause(site: Site) -> Duration:
    """Return the time for which a new pod is ready before the next one is replaced (``minReadySeconds``)."""
    return Duration(-(-grace(site).seconds // ENDING_IN_TURN))


def progress_deadline(site: Site) -> dict[str, int]:
    """Return the field by which an update without progress is called failed, where Kubernetes' default is too short.

    The API server refuses a Deployment whose new pods would have to be ready for longer.
    """
    needed = LONGEST_START + pause(site)
    return {"progressDeadlineSeconds": needed.seconds} if needed > _DEFAULT_DEADLINE else {}


def rollout(site: Site, replicas: int) -> Duration:
    """Return the time in which pods are replaced one after another, on nodes that have the image."""
    return (pause(site) + STARTING) * replicas


def most_pods(site: Site) -> int:
    """Return the most pods of the API that exist at once where it serves."""
    return _most(site, site.spec.compute.application_tier.instances.max)


def most_standby_pods(site: Site) -> int:
    """Return the most pods of the API that exist at once where it stands by."""
    return _most(site, STANDBY_PODS)


def _most(site: Site, replicas: int) -> int:
    """Return the most pods at once: replicas, the surge, and those that are terminating."""
    update = site.spec.orchestration.configuration.rolling_update
    ending = ENDING_IN_TURN * (update.max_surge + update.max_unavailable)
    return replicas + update.max_surge + min(replicas, ending)


def nodes_of_each_zone(replicas: int, zones: int) -> int:
    """Return the nodes of each zone, with room for one pod each, with which no update of evenly spread pods stops.

    New pods are spread evenly among themselves, while old ones end in any order, and no more of them than new ones are
    ready. An update stops where the next pod has to go to zones without room: ``full`` zones with ``old`` old pods
    each, which are filled by as many ``rounds`` of new pods as the other replicas are.
    """
    share, uneven = divmod(replicas, zones)
    needed = share + (1 if uneven else 0)
    for full in range(1, zones + 1):
        others = zones - full
        # The more old pods, the fewer rounds, but never by more than one for each: the most old pods decide.
        old = min(share + (1 if full <= uneven else 0), (replicas - others) // full)
        if old > 0:
            rounds = (replicas - full * old - others) // zones
            needed = max(needed, old + rounds + 1)
    return needed
