"""The quota of the application's namespace: room for the pods of an update at full scale.

Sources: ``compute.application_tier``, ``containers.application.resource_limits``,
``orchestration.configuration.rolling_update``.
Upstream: https://kubernetes.io/docs/concepts/policy/resource-quotas/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.application.pod import pod
from compiler.emit.kubernetes.application.rollout import most_pods
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import API
from compiler.emit.text import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def quota(site: Site) -> Iterator[Document]:
    """Yield the ResourceQuota: room for every replica, the surge, and the pods that are terminating meanwhile."""
    pods = most_pods(site)
    total = pod(site).resources * pods
    hard = {
        "pods": number(pods),
        **{f"requests.{name}": amount for name, amount in total.requests.quantities.items()},
        **{f"limits.{name}": amount for name, amount in total.limits.quantities.items()},
    }
    yield kubernetes_object(kinds.RESOURCE_QUOTA, API, Wave.BOUNDARY, zone="application", spec={"hard": hard})
