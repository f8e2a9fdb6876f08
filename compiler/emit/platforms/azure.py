"""Microsoft Azure: managed disks, workload identity, and the Application Gateway Ingress Controller.

Upstream: https://github.com/kubernetes-sigs/azuredisk-csi-driver/blob/master/docs/driver-parameters.md,
https://azure.github.io/azure-workload-identity/docs/topics/service-account-labels-and-annotations.html,
https://azure.github.io/application-gateway-kubernetes-ingress/annotations/,
https://learn.microsoft.com/en-us/azure/aks/custom-node-configuration
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common.resources import GIBIBYTE
from compiler.emit.names import API
from compiler.emit.platforms.interface import StoreWords
from compiler.emit.text import number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.platforms.interface import Balancer
    from compiler.model.containers import LogOptions


_STORE = StoreWords(
    name="Azure Blob Storage",
    tokens="Microsoft Entra ID",
    reaching=(
        "A private endpoint of the storage account has an address of the network, under the account's own name.",
        "Entra ID has none: its ranges are those of the service tag `AzureActiveDirectory`.",
    ),
    copying=(
        "Versioning and the change feed on for both accounts.",
        "Version-level immutability for the copy's container, with a locked time-based policy.",
        "A rule of object replication for the whole container, with its metrics on.",
    ),
)


class _Azure:
    store = _STORE
    failing_over = (
        "No private record of Azure follows the health of what it leads to: a person leads it to the other cluster,",
        "as the steps of a disaster say.",
    )
    driver = "disk.csi.azure.com"
    # Locally redundant: the stores themselves have a copy in each zone. Azure encrypts disks; none may be exported.
    volumes: Mapping[str, str] = MappingProxyType(
        {
            "skuName": "Premium_LRS",
            "cachingMode": "ReadOnly",
            "networkAccessPolicy": "DenyAll",
            "publicNetworkAccess": "Disabled",
        }
    )
    # The size of a Premium SSD decides.
    performance: Mapping[str, str] = MappingProxyType({})
    fast_from = GIBIBYTE
    ingress_class = "azure-application-gateway"
    pod_labels: Mapping[str, str] = MappingProxyType({"azure.workload.identity/use": "true"})
    readiness_labels: Mapping[str, str] = MappingProxyType({})
    checks_pods = False
    renders_firewalls = False

    def private_service(self, subnets: Sequence[str]) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`; a load balancer is in one subnet, the first."""
        settings = {"internal": "true", **({"internal-subnet": subnets[0]} if subnets else {})}
        return {f"service.beta.kubernetes.io/azure-load-balancer-{name}": value for name, value in settings.items()}

    def record(self, cluster: str, *, serves: bool) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        return {}

    def account(self, identity: str) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        return {"azure.workload.identity/client-id": identity}

    def balancing(self, balancer: Balancer) -> tuple[str, ...]:
        """See :class:`compiler.emit.platforms.interface.Platform`."""
        firewall = "The gateway has a policy of its firewall of its own: `balancers.firewall` names none."
        return (
            "No annotation says so: the security group of the gateway's subnet allows these networks, and the tags",
            "`GatewayManager` and `AzureLoadBalancer`, and denies all others. Its TLS policy is the gateway's own.",
            f"It verifies the pods by a trusted root certificate `{API}`, which is that of the authority in Vault.",
            "Its capacity is its own, too: `autoscaleConfiguration.minCapacity` takes the first burst of a flood.",
            *(() if balancer.firewall else (firewall,)),
        )

    def ingress(self, balancer: Balancer) -> dict[str, str]:
        """See :class:`compiler.emit.platforms.interface.Platform`.

        The gateway supports only round robin, and no threshold for healthy pods: one good answer is enough. It admits
        every network: the rules of its own subnet have to close it.
        """
        balancing, check = balancer.balancing, balancer.balancing.health_check
        settings = {
            "use-private-ip": _flag(balancer.internal),
            # It verifies the pods by their name, and by the authority that people have given it under this one.
            "backend-protocol": "https",
            "backend-hostname": balancer.server,
            "appgw-trusted-root-certificate": API,
            "cookie-based-affinity": _flag(balancing.session_stickiness),
            "connection-draining": "true",
            "connection-draining-timeout": number(balancer.draining.seconds),
            "request-timeout": number(balancer.idle.seconds),
            "health-probe-path": check.path,
            "health-probe-interval": number(check.interval.seconds),
            "health-probe-timeout": number(check.timeout.seconds),
            "health-probe-unhealthy-threshold": number(check.unhealthy_threshold),
        }
        if balancer.firewall:
            settings["waf-policy-for-path"] = balancer.firewall
        if balancing.ssl_termination:
            # The gateway has the certificate from a key vault; no manifest contains it.
            settings |= {"ssl-redirect": "true", "appgw-ssl-certificate": API}
        return {f"appgw.ingress.kubernetes.io/{name}": value for name, value in settings.items()}

    def nodes(self, log: LogOptions) -> dict[str, Document]:
        """See :class:`compiler.emit.platforms.interface.Platform`; sizes are whole, decimal megabytes, rounded down."""
        size = log.max_size // 1000**2
        return {"kubelet.json": {"containerLogMaxSizeMB": size.count, "containerLogMaxFiles": log.max_file}}


AZURE = _Azure()


def _flag(value: bool) -> str:
    return "true" if value else "false"
