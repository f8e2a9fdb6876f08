"""How Vault, which is outside of the cluster, reaches PostgreSQL's primary: a private load balancer with a name.

Sources: ``access_control.secrets``, the cluster's ``vault.database`` and ``addresses.vault``.
Upstream: https://cloudnative-pg.io/documentation/current/service_management/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.names import DATABASE
from compiler.emit.platforms import platform

if TYPE_CHECKING:
    from compiler.emit.site import Site

NAME = f"{DATABASE}-vault"


def vault_service(site: Site) -> dict[str, Any]:
    """Return ``managed.services`` of the Cluster; nothing where there is no primary whose passwords could change."""
    if not site.serves:
        return {}
    annotations = {
        **platform(site.cluster).private_service,
        "external-dns.alpha.kubernetes.io/hostname": site.cluster.vault.database,
    }
    spec = {
        "type": "LoadBalancer",
        # Vault's own address is what the network policies let in: no node on the way may put its own in the place.
        "externalTrafficPolicy": "Local",
        "loadBalancerSourceRanges": list(site.cluster.addresses.vault),
    }
    template = {"metadata": {"name": NAME, "annotations": annotations}, "spec": spec}
    return {
        "services": {"additional": [{"selectorType": "rw", "updateStrategy": "patch", "serviceTemplate": template}]}
    }
