"""The namespaces of the network's zones, with Pod Security, and the quota of the application's namespace.

Sources: ``network.segmentation.zones``; ``compute.application_tier.instances``, ``orchestration.configuration`` and
``containers.application.resource_limits`` for the quota.
Upstream: https://kubernetes.io/docs/concepts/security/pod-security-standards/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import API, namespace
from compiler.emit.platforms import platform
from compiler.model.units import Bytes, Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def boundary(site: Site) -> Iterator[Document]:
    """Yield every zone's Namespace and the application's ResourceQuota."""
    for zone in site.spec.network.segmentation.zones:
        labels = {"cbp.bank/zone": zone, **_pod_security(site.cluster.kubernetes)}
        if zone == "application":
            labels |= platform(site.cluster).readiness_labels
        yield kubernetes_object(kinds.NAMESPACE, namespace(zone), Wave.BOUNDARY, labels=labels, annotations=_KEPT)
    yield _quota(site)


# A namespace takes everything in it along: Argo CD asks before it prunes one, and keeps it with the Application.
_KEPT = {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=false"}


def _pod_security(version: str) -> dict[str, str]:
    modes = ("enforce", "audit", "warn")
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in modes
        for suffix, value in (("", "restricted"), ("-version", f"v{version}"))
    }


def _quota(site: Site) -> Document:
    """The sum of the pods that an update at full scale needs: every replica, the surge, and as many that terminate."""
    limits, orchestration = site.spec.containers.application.resource_limits, site.spec.orchestration.configuration
    requests = site.spec.compute.application_tier.resources
    surge = orchestration.rolling_update.max_surge
    pods = site.spec.compute.application_tier.instances.max + 2 * surge
    hard = {
        "pods": str(pods),
        "requests.cpu": Cores(requests.cpu.min.millicores * pods).quantity,
        "requests.memory": Bytes(requests.memory.min.count * pods).quantity,
        "limits.cpu": Cores(limits.cpu.millicores * pods).quantity,
        "limits.memory": Bytes(limits.memory.count * pods).quantity,
    }
    return kubernetes_object(kinds.RESOURCE_QUOTA, API, Wave.BOUNDARY, zone="application", spec={"hard": hard})
