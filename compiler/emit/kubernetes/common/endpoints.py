"""Ends of connections: pods, selected by labels, and ranges of addresses outside of the cluster.

This module holds the endpoints that several components need: the platform's pods and the addresses. A component's own
pods are declared beside it. The labels are those that operators and charts give to their pods.
Upstream: https://cloudnative-pg.io/documentation/current/networking/, https://redis-operator.opstree.dev/,
https://prometheus-operator.dev/docs/, and the charts of KEDA and Prometheus adapter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compiler.emit.names import namespace
from compiler.emit.providers import CERT_MANAGER, CLOUDNATIVE_PG, KEDA, REDIS_OPERATOR
from compiler.emit.providers import PROMETHEUS as PROMETHEUS_OPERATOR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.site import Site
    from compiler.model.network import Zone


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods of one kind in one namespace."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    """The labels that select them: no other pod of the namespace has all of these."""
    labelled: str = ""
    """The key of a further label, which they have with any value."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Labels that they share with other pods, so that no selector may rely on them."""
    zone: Zone | None = None
    """The zone of the network that the namespace stands for; None for other namespaces."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Addresses outside of the cluster for one purpose."""

    name: str
    purpose: str
    """The key that holds them in the ``addresses`` of the environment, or of the cluster."""
    cluster: str = ""
    """The cluster that has them, if it is another one; empty for this one."""

    def of(self, site: Site) -> tuple[str, ...]:
        """Return the ranges in CIDR notation; none where the environment does not state them."""
        cluster = site.environment.clusters[self.cluster] if self.cluster else site.cluster
        stated = cluster.addresses if hasattr(cluster.addresses, self.purpose) else site.environment.addresses
        found: tuple[str, ...] | None = getattr(stated, self.purpose)
        return found or ()


Endpoint = Pods | Ranges


def pods_of(
    zone: Zone, name: str, labels: Mapping[str, str], *, labelled: str = "", others: Mapping[str, str] | None = None
) -> Pods:
    """Return pods in the namespace of a zone."""
    return Pods(name, namespace(zone), labels, labelled=labelled, others=others or {}, zone=zone)


PROMETHEUS = pods_of("management", "prometheus", {"app.kubernetes.io/name": "prometheus"})
METRICS_ADAPTER = pods_of("management", "metrics-adapter", {"app.kubernetes.io/name": "prometheus-adapter"})
ALERTMANAGER = Pods("alertmanager", PROMETHEUS_OPERATOR.namespace, {"app.kubernetes.io/name": "alertmanager"})
STATE_METRICS = Pods(
    "kube-state-metrics", PROMETHEUS_OPERATOR.namespace, {"app.kubernetes.io/name": "kube-state-metrics"}
)
CERTIFICATE_MANAGER = Pods("cert-manager", CERT_MANAGER.namespace, {"app.kubernetes.io/name": "cert-manager"})

DNS = Pods("dns", "kube-system", {"k8s-app": "kube-dns"})
POSTGRES_OPERATOR = Pods("postgres-operator", CLOUDNATIVE_PG.namespace, {"app.kubernetes.io/name": "cloudnative-pg"})
CACHE_OPERATOR = Pods("redis-operator", REDIS_OPERATOR.namespace, {"name": "redis-operator"})
SCALER = Pods("keda", KEDA.namespace, {"app": "keda-operator"})

LOAD_BALANCER = Ranges("load-balancer", "load_balancer")
VAULT = Ranges("vault", "vault")
IDENTITY_PROVIDER = Ranges("identity-provider", "identity_provider")
WORKLOAD_ISSUER = Ranges("workload-issuer", "workload_issuer")
FIS = Ranges("fis", "fis")
CORE_BANKING = Ranges("core-banking", "core_banking")
RECEIVERS = Ranges("receivers", "receivers")
KUBERNETES_API = Ranges("kubernetes-api", "kubernetes_api")
OBJECT_STORE = Ranges("object-store", "object_store")
CLOUD_IDENTITY = Ranges("cloud-identity", "cloud_identity")
DNS_CACHE = Ranges("dns-cache", "dns")
NODES = Ranges("nodes", "nodes")


def load_balancer_of(cluster: str) -> Ranges:
    """Return the addresses of the load balancers of another cluster."""
    return Ranges(f"load-balancer-{cluster}", "load_balancer", cluster)


def object_store_of(cluster: str) -> Ranges:
    """Return the addresses of the object store that another cluster writes its backups to."""
    return Ranges(f"object-store-{cluster}", "object_store", cluster)
