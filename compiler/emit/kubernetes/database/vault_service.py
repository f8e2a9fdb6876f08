"""The Service for Vault, outside of the cluster, to reach PostgreSQL's primary: a private load balancer with a name.

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
    """Return ``managed.services`` of the Cluster; nothing for a standby cluster, where no passwords change."""
    if not site.serves:
        return {}
    annotations = {
        **platform(site.cluster).private_service(site.cluster.balancers.subnets or ()),
        "external-dns.alpha.kubernetes.io/hostname": site.cluster.vault.database,
    }
    spec = {
        "type": "LoadBalancer",
        # The network policies allow Vault's own address: no node on the way may replace it by its own.
        "externalTrafficPolicy": "Local",
        # The load balancer's targets are pods: a port on every node would be a way past it.
        "allocateLoadBalancerNodePorts": False,
        "loadBalancerSourceRanges": list(site.cluster.addresses.vault),
    }
    template = {"metadata": {"name": NAME, "annotations": annotations}, "spec": spec}
    return {
        "services": {"additional": [{"selectorType": "rw", "updateStrategy": "patch", "serviceTemplate": template}]}
    }
