"""A feature that autoscalers share: the distance from its target within which one does nothing.

Upstream: https://kubernetes.io/docs/concepts/workloads/autoscaling/horizontal-pod-autoscale/#tolerance
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.model.text import minor

if TYPE_CHECKING:
    from compiler.emit.site import Site

_FIRST_WITH_TOLERANCE = 35


def takes_tolerance(site: Site) -> bool:
    """Return whether an autoscaler of the cluster can be given a tolerance; without one it is a tenth of the target."""
    return minor(site.cluster.kubernetes) >= _FIRST_WITH_TOLERANCE
