"""Who talks in a cluster: our own pods, the pods of the platform around them, and ranges of addresses outside.

Pods are known by the labels that their makers give them.
Upstream: https://cloudnative-pg.io/documentation/current/labels_annotations/,
https://cloudnative-pg.io/documentation/current/networking/, https://redis-operator.opstree.dev/,
https://prometheus-operator.dev/docs/, and the charts of KEDA and Prometheus adapter.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compiler.emit.kinds import CLOUDNATIVE_PG, KEDA, REDIS_OPERATOR
from compiler.emit.kubernetes.cache.snapshots import PODS as COPYING_PODS
from compiler.emit.kubernetes.common.metadata import SELECTOR
from compiler.emit.kubernetes.database.postgres_cluster import INSTANCES
from compiler.emit.kubernetes.database.snapshot_retention import PODS as RETENTION_PODS
from compiler.emit.names import CACHE, DATABASE, POOLER, READ_POOLER, SENTINEL, namespace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.site import Site


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods of one kind in one namespace."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    """What selects them: labels that no other pod of the namespace has together."""
    labelled: str = ""
    """A label that they have, too, with whatever value."""
    others: Mapping[str, str] = field(default_factory=dict)
    """Labels that they share with other pods, so that no selector may trust them."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """Addresses outside of the cluster that serve one purpose."""

    name: str
    purpose: str
    """The key of the ``addresses`` that holds them: the environment's, or the cluster's own."""
    cluster: str = ""
    """Beside which cluster they are, where it is another one."""

    def of(self, site: Site) -> tuple[str, ...]:
        """Return the ranges in CIDR notation."""
        cluster = site.environment.clusters[self.cluster] if self.cluster else site.cluster
        found: tuple[str, ...] = {**dict(site.environment.addresses), **dict(cluster.addresses)}[self.purpose]
        return found


Endpoint = Pods | Ranges

_APPLICATION, _DATA, _MANAGEMENT = namespace("application"), namespace("data"), namespace("management")
_CLUSTER = {"cnpg.io/cluster": DATABASE}

API = Pods("api", _APPLICATION, SELECTOR)
POSTGRES = Pods("postgres", _DATA, INSTANCES)
# A Job of the operator makes each new instance: it copies the primary, or restores a backup.
POSTGRES_JOBS = Pods("postgres-jobs", _DATA, _CLUSTER, labelled="cnpg.io/jobRole")
WRITE_POOLER = Pods("pooler-rw", _DATA, {"cnpg.io/poolerName": POOLER}, others=_CLUSTER)
READ_ONLY_POOLER = Pods("pooler-ro", _DATA, {"cnpg.io/poolerName": READ_POOLER}, others=_CLUSTER)
SNAPSHOT_RETENTION = Pods("snapshot-retention", _DATA, RETENTION_PODS)
CACHE_COPIES = Pods("cache-copies", _DATA, COPYING_PODS)
REDIS = Pods("redis", _DATA, {"app": CACHE, "role": "replication"})
# The operator appends the role to the name of a sentinel, and to nothing else.
REDIS_SENTINEL = Pods("sentinel", _DATA, {"app": f"{SENTINEL}-sentinel", "role": "sentinel"})
PROMETHEUS = Pods("prometheus", _MANAGEMENT, {"app.kubernetes.io/name": "prometheus"})
METRICS_ADAPTER = Pods("metrics-adapter", _MANAGEMENT, {"app.kubernetes.io/name": "prometheus-adapter"})

DNS = Pods("dns", "kube-system", {"k8s-app": "kube-dns"})
POSTGRES_OPERATOR = Pods("postgres-operator", CLOUDNATIVE_PG.namespace, {"app.kubernetes.io/name": "cloudnative-pg"})
CACHE_OPERATOR = Pods("redis-operator", REDIS_OPERATOR.namespace, {"name": "redis-operator"})
SCALER = Pods("keda", KEDA.namespace, {"app": "keda-operator"})

LOAD_BALANCER = Ranges("load-balancer", "load_balancer")
VPN = Ranges("vpn", "vpn")
VAULT = Ranges("vault", "vault")
IDENTITY_PROVIDER = Ranges("identity-provider", "identity_provider")
FIS = Ranges("fis", "fis")
CORE_BANKING = Ranges("core-banking", "core_banking")
KUBERNETES_API = Ranges("kubernetes-api", "kubernetes_api")
OBJECT_STORE = Ranges("object-store", "object_store")


def object_store_of(cluster: str) -> Ranges:
    """Return where another cluster's backups are written to."""
    return Ranges(f"object-store-{cluster}", "object_store", cluster)
