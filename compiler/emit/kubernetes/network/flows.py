"""The flows of a cluster, as data: who opens a connection to whom, on which ports, and which statement asks for it.

Each flow becomes an egress rule of its source and an ingress rule of its destination, and nothing else is open.
Sources: ``network.segmentation.traffic`` for the application; for the stores, what their own sections ask of them.
Upstream: https://cloudnative-pg.io/documentation/current/security/#exposed-ports
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cache.snapshots import copied
from compiler.emit.kubernetes.database.replication import followed_cluster
from compiler.emit.kubernetes.network import endpoints as at
from compiler.emit.names import (
    DNS_PORT,
    HTTPS_PORT,
    POOLER_METRICS_PORT,
    POSTGRES_METRICS_PORT,
    POSTGRES_PORT,
    POSTGRES_STATUS_PORT,
    PROMETHEUS_PORT,
    REDIS_METRICS_PORT,
    REDIS_PORT,
    SENTINEL_PORT,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.kubernetes.network.endpoints import Endpoint, Pods
    from compiler.emit.site import Site

# Where the aggregated API of the metrics adapter listens: https://github.com/kubernetes-sigs/prometheus-adapter
ADAPTER_PORT = 6443

INGRESS = "network.segmentation.traffic.ingress"
EGRESS = "network.segmentation.traffic.egress"
REPLICATION = "redundancy.data.replication"
BACKUP = "storage.database.backup.type"
RETENTION = "backup.database.retention"
POOLING = "load_balancing.database.type"
FAILOVER = "redundancy.application.failover"
DATABASE = "storage.database.type"
CACHE = "storage.cache.type"
COPIES = "storage.cache.persistence.backup_schedule"
ROTATION = "access_control.secrets.rotation.enabled"


@dataclass(frozen=True, slots=True)
class Flow:
    """Connections from one endpoint to another."""

    source: Endpoint
    destination: Endpoint
    ports: tuple[int, ...]
    reason: str
    statement: str
    """The path, in the specification, of what asks for it."""
    item: str = ""
    """The entry of the list at that path, where it is one of several: without the entry there is no flow."""
    protocols: tuple[str, ...] = ("TCP",)


def flows(site: Site) -> tuple[Flow, ...]:
    """Return every flow of a cluster. One that stands by has no application, and nothing that serves only it."""
    serving = (*_clients(site), *_dependencies(site), *_poolers(site), *_rotation(site)) if site.serves else ()
    return (*serving, *_postgres(site), *_redis(site), *_monitoring(site))


def fetched(site: Site) -> tuple[tuple[Pods, int], ...]:
    """Return the pods that Prometheus fetches measurements of, and the port of each."""
    return tuple(_scraped(site)) if _monitored(site) else ()


def _clients(site: Site) -> Iterator[Flow]:
    ports = (site.spec.containers.application.health_check.port,)
    for item, source, reason in (
        ("Load balancer", at.LOAD_BALANCER, "clients' requests, and the load balancer's health checks"),
        ("VPN", at.VPN, "people who may reach the application directly"),
    ):
        if item in site.spec.network.segmentation.traffic.ingress:
            yield Flow(source, at.API, ports, reason, INGRESS, item)


def _dependencies(site: Site) -> Iterator[Flow]:
    """What the API calls. The names of all of them have to be resolved first."""
    if "Dependencies" not in site.spec.network.segmentation.traffic.egress:
        return
    features = site.spec.components.integration_layer.features
    for destination, port, reason, wanted in (
        (at.WRITE_POOLER, POSTGRES_PORT, "transactions", True),
        (at.READ_ONLY_POOLER, POSTGRES_PORT, "reads that may lag behind", _reads(site)),
        (at.POSTGRES, POSTGRES_PORT, "migrations and notifications, which need a session of their own", True),
        (at.REDIS, REDIS_PORT, "the cache and the buckets of throttling", True),
        (at.VAULT, _port(site.cluster.vault.address), "secrets", True),
        (at.IDENTITY_PROVIDER, _port(site.environment.sign_in.issuer), "who signs in", True),
        (at.FIS, HTTPS_PORT, "the FIS connector", "FIS connector" in features),
        (at.CORE_BANKING, HTTPS_PORT, "the core banking interface", "Core banking interface" in features),
    ):
        if wanted:
            yield Flow(at.API, destination, (port,), reason, EGRESS, "Dependencies")
    yield _names(at.API, EGRESS, "Dependencies")


def _poolers(site: Site) -> Iterator[Flow]:
    for pooler in (at.WRITE_POOLER, at.READ_ONLY_POOLER)[: 2 if _reads(site) else 1]:
        yield Flow(pooler, at.POSTGRES, (POSTGRES_PORT,), "the connections that clients share", POOLING)
        yield _kubernetes(pooler, POOLING)
        yield _names(pooler, POOLING)


def _rotation(site: Site) -> Iterator[Flow]:
    if site.spec.access_control.secrets.rotation.enabled:
        reason = "Vault gives the API's role a new password"
        yield Flow(at.VAULT, at.POSTGRES, (POSTGRES_PORT,), reason, ROTATION)


def _postgres(site: Site) -> Iterator[Flow]:
    both = (POSTGRES_PORT, POSTGRES_STATUS_PORT)
    yield Flow(at.POSTGRES_OPERATOR, at.POSTGRES, both, "the state of each instance, and its roles", DATABASE)
    yield Flow(at.POSTGRES, at.POSTGRES, both, "replication, and whether a primary is cut off", REPLICATION)
    yield Flow(at.POSTGRES_JOBS, at.POSTGRES, (POSTGRES_PORT,), "a new instance copies the primary", REPLICATION)
    for pods in (at.POSTGRES, at.POSTGRES_JOBS):
        reason = "base backups and the archived log"
        yield Flow(pods, at.OBJECT_STORE, (HTTPS_PORT,), reason, BACKUP)
        if followed := followed_cluster(site):
            reason = "the archive of the cluster that serves, which this one follows"
            yield Flow(pods, at.object_store_of(followed), (HTTPS_PORT,), reason, REPLICATION)
        yield _kubernetes(pods, DATABASE)
        yield _names(pods, DATABASE)
    yield _kubernetes(at.SNAPSHOT_RETENTION, RETENTION)


def _redis(site: Site) -> Iterator[Flow]:
    yield Flow(at.CACHE_OPERATOR, at.REDIS, (REDIS_PORT,), "who is the master", CACHE)
    yield Flow(at.CACHE_OPERATOR, at.REDIS_SENTINEL, (SENTINEL_PORT,), "whom the sentinels watch", CACHE)
    yield Flow(at.REDIS, at.REDIS, (REDIS_PORT,), "replication", CACHE)
    yield Flow(at.REDIS_SENTINEL, at.REDIS, (REDIS_PORT,), "whether the master lives", FAILOVER)
    yield Flow(at.REDIS_SENTINEL, at.REDIS_SENTINEL, (SENTINEL_PORT,), "agreement on a failover", FAILOVER)
    if copied(site):
        yield _kubernetes(at.CACHE_COPIES, COPIES)


def _monitoring(site: Site) -> Iterator[Flow]:
    """Measurements leave a pod by being fetched, and reach what scales by being asked for."""
    if not _monitored(site):
        return
    scraped = ((at.PROMETHEUS, pods, port, "measurements") for pods, port in _scraped(site))
    for source, destination, port, reason in (*scraped, *_asked(site)):
        yield Flow(source, destination, (port,), reason, EGRESS, "Monitoring")
    for pods in (at.PROMETHEUS, at.METRICS_ADAPTER)[: 2 if site.serves else 1]:
        yield _kubernetes(pods, EGRESS, "Monitoring")
        yield _names(pods, EGRESS, "Monitoring")


def _monitored(site: Site) -> bool:
    return "Monitoring" in site.spec.network.segmentation.traffic.egress


def _scraped(site: Site) -> list[tuple[Pods, int]]:
    found = [(at.POSTGRES, POSTGRES_METRICS_PORT), (at.REDIS, REDIS_METRICS_PORT)]
    if site.serves:
        found.insert(0, (at.API, site.spec.containers.application.health_check.port))
        found.append((at.WRITE_POOLER, POOLER_METRICS_PORT))
        found += [(at.READ_ONLY_POOLER, POOLER_METRICS_PORT)] if _reads(site) else []
    return found


def _asked(site: Site) -> Iterator[tuple[Endpoint, Pods, int, str]]:
    if site.serves and _reads(site):
        yield at.SCALER, at.PROMETHEUS, PROMETHEUS_PORT, "when the database needs another replica"
    if site.serves:
        yield at.METRICS_ADAPTER, at.PROMETHEUS, PROMETHEUS_PORT, "requests of each pod of the API"
        yield at.KUBERNETES_API, at.METRICS_ADAPTER, ADAPTER_PORT, "the autoscaler asks for that metric"


def _port(address: str) -> int:
    """Return the port of an address of HTTPS."""
    found = re.match(r"https://[^/:]+:([0-9]+)", address)
    return int(found[1]) if found else HTTPS_PORT


def _reads(site: Site) -> bool:
    return site.spec.components.data_layer.scaling.strategy.read_replicas == "Enabled"


def _kubernetes(pods: Pods, statement: str, item: str = "") -> Flow:
    # Managed control planes, of Amazon and of Azure, listen on the port of HTTPS.
    return Flow(pods, at.KUBERNETES_API, (HTTPS_PORT,), "what the cluster says about itself", statement, item)


def _names(pods: Pods, statement: str, item: str = "") -> Flow:
    return Flow(pods, at.DNS, (DNS_PORT,), "names", statement, item, protocols=("UDP", "TCP"))
