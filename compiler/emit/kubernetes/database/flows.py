"""Flows of PostgreSQL, its poolers and its backups.

Sources: ``storage.database``, ``redundancy.data.replication``, ``load_balancing.database.type``,
``access_control.secrets.rotation``.
Upstream: https://cloudnative-pg.io/documentation/current/security/#exposed-ports,
https://cloudnative-pg.io/documentation/current/labels_annotations/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common import endpoints as at
from compiler.emit.kubernetes.common.endpoints import pods_of
from compiler.emit.kubernetes.common.flows import Flow, Scrape, port_of, to_dns, to_kubernetes
from compiler.emit.kubernetes.database.audit_anchors import PODS as ANCHOR_PODS
from compiler.emit.kubernetes.database.audit_anchors import anchored
from compiler.emit.kubernetes.database.configuration_snapshots import PODS as SNAPSHOT_PODS
from compiler.emit.kubernetes.database.configuration_snapshots import snapshots_taken
from compiler.emit.kubernetes.database.migration import PODS as MIGRATION_PODS
from compiler.emit.kubernetes.database.postgres_cluster import INSTANCES
from compiler.emit.kubernetes.database.replication import followed_cluster
from compiler.emit.kubernetes.database.restore_test import PODS as RESTORE_TEST_PODS
from compiler.emit.kubernetes.database.snapshot_retention import PODS as RETENTION_PODS
from compiler.emit.names import (
    DATABASE,
    DATABASE_RESTORED,
    HTTPS_PORT,
    POOLER,
    POOLER_METRICS_PORT,
    POSTGRES_METRICS_PORT,
    POSTGRES_PORT,
    POSTGRES_STATUS_PORT,
    READ_POOLER,
)
from compiler.emit.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.kubernetes.common.endpoints import Pods
    from compiler.emit.site import Site
    from compiler.model.environment import Cluster

_CLUSTER = {"cnpg.io/cluster": DATABASE}
_COPY = {"cnpg.io/cluster": DATABASE_RESTORED}

POSTGRES = pods_of("data", "postgres", INSTANCES)
# A Job of the operator creates each new instance: it copies the primary, or restores a backup.
POSTGRES_JOBS = pods_of("data", "postgres-jobs", _CLUSTER, labelled="cnpg.io/jobRole")
WRITE_POOLER = pods_of("data", "pooler-rw", {"cnpg.io/poolerName": POOLER}, others=_CLUSTER)
READ_ONLY_POOLER = pods_of("data", "pooler-ro", {"cnpg.io/poolerName": READ_POOLER}, others=_CLUSTER)
AUDIT_ANCHORS = pods_of("data", "audit-anchors", ANCHOR_PODS)
CONFIGURATION_SNAPSHOTS = pods_of("data", "configuration-snapshots", SNAPSHOT_PODS)
MIGRATION = pods_of("data", "migration", MIGRATION_PODS)
RESTORE_TEST = pods_of("data", "restore-test", RESTORE_TEST_PODS)
RESTORED = pods_of("data", "restored", {**_COPY, "cnpg.io/podRole": "instance"})
RESTORED_JOBS = pods_of("data", "restored-jobs", _COPY, labelled="cnpg.io/jobRole")
SNAPSHOT_RETENTION = pods_of("data", "snapshot-retention", RETENTION_PODS)

REPLICATION = "redundancy.data.replication"
BACKUP = "storage.database.backup.type"
RETENTION = "backup.database.retention"
TESTING = "backup.database.testing.schedule"
SNAPSHOTS = "backup.configuration.schedule"
POOLING = "load_balancing.database.type"
DATABASE_TYPE = "storage.database.type"
ROLES = "access_control.infrastructure.principle"
AUDIT = "access_control.infrastructure.authorization.audit"
ROTATION = "access_control.secrets.rotation.enabled"


def client_flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the poolers, and of Vault, which rotates the passwords of the roles that log in."""
    for pooler in _poolers(site):
        yield Flow(pooler, POSTGRES, (POSTGRES_PORT,), "the connections that clients share", POOLING)
        yield to_kubernetes(pooler, POOLING)
        yield from to_dns(site, pooler, POOLING)
    if site.spec.access_control.secrets.rotation.enabled:
        reason = "Vault gives the roles that log in new passwords"
        yield Flow(at.VAULT, POSTGRES, (POSTGRES_PORT,), reason, ROTATION)
    if platform(site.cluster).checks_pods:
        reason = "the health checks of the load balancer by which Vault comes"
        yield Flow(at.LOAD_BALANCER, POSTGRES, (POSTGRES_PORT,), reason, ROTATION)


def migration_flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the migration and of the maintenance of history, which need a session of their own."""
    yield Flow(MIGRATION, POSTGRES, (POSTGRES_PORT,), "the schema, and the partitions of its history", ROLES)
    yield from to_dns(site, MIGRATION, ROLES)


def audit_flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the job that anchors the audit trail: to the database, and to Vault, which signs."""
    if not anchored(site):
        return
    yield Flow(AUDIT_ANCHORS, POSTGRES, (POSTGRES_PORT,), "the head of the audit trail", AUDIT)
    port = port_of(site.cluster.vault.address)
    yield Flow(AUDIT_ANCHORS, at.VAULT, (port,), "signatures of heads of the audit trail", AUDIT)
    yield from _locked_store_flows(site, AUDIT_ANCHORS, "anchors under Object Lock", AUDIT)
    yield from to_dns(site, AUDIT_ANCHORS, AUDIT)


def snapshot_flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the job that keeps snapshots of the configuration."""
    if not snapshots_taken(site):
        return
    yield Flow(CONFIGURATION_SNAPSHOTS, POSTGRES, (POSTGRES_PORT,), "all namespaces of one moment", SNAPSHOTS)
    yield from _locked_store_flows(site, CONFIGURATION_SNAPSHOTS, "snapshots under Object Lock", SNAPSHOTS)
    yield from to_dns(site, CONFIGURATION_SNAPSHOTS, SNAPSHOTS)


def restore_flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the restore test, and of the copy that it makes: nobody else may reach the copy."""
    yield Flow(RESTORE_TEST, POSTGRES, (POSTGRES_PORT,), "the result of a restore test", TESTING)
    yield Flow(RESTORE_TEST, RESTORED, (POSTGRES_PORT,), "the verification of the copy", TESTING)
    yield to_kubernetes(RESTORE_TEST, TESTING)
    yield from to_dns(site, RESTORE_TEST, TESTING)
    both = (POSTGRES_PORT, POSTGRES_STATUS_PORT)
    yield Flow(at.POSTGRES_OPERATOR, RESTORED, both, "the state of the copy", TESTING)
    for pods in (RESTORED, RESTORED_JOBS):
        yield from _archive_flows(site, pods, TESTING)
        yield to_kubernetes(pods, TESTING)
        yield from to_dns(site, pods, TESTING)


def flows(site: Site) -> Iterator[Flow]:
    """Yield the flows of the instances, of the operator's Jobs, and of the snapshot retention."""
    both = (POSTGRES_PORT, POSTGRES_STATUS_PORT)
    yield Flow(at.POSTGRES_OPERATOR, POSTGRES, both, "the state of each instance, and its roles", DATABASE_TYPE)
    yield Flow(POSTGRES, POSTGRES, both, "replication, and whether a primary is cut off", REPLICATION)
    yield Flow(POSTGRES_JOBS, POSTGRES, (POSTGRES_PORT,), "a new instance copies the primary", REPLICATION)
    for pods in (POSTGRES, POSTGRES_JOBS):
        yield from _archive_flows(site, pods, BACKUP)
        if followed := followed_cluster(site):
            reason = "the archive of the cluster that serves, which this one follows"
            port = _store_port(site.environment.clusters[followed])
            yield Flow(pods, at.object_store_of(followed), (port,), reason, REPLICATION)
        yield to_kubernetes(pods, DATABASE_TYPE)
        yield from to_dns(site, pods, DATABASE_TYPE)
    yield to_kubernetes(SNAPSHOT_RETENTION, RETENTION)


def _archive_flows(site: Site, pods: Pods, statement: str) -> Iterator[Flow]:
    """Yield the flows of pods that write to their cluster's object store, or read from it."""
    yield Flow(pods, at.OBJECT_STORE, (_store_port(site.cluster),), "base backups and the archived log", statement)
    if at.CLOUD_IDENTITY.of(site):
        yield Flow(pods, at.CLOUD_IDENTITY, (HTTPS_PORT,), "credentials for the object store", statement)


def _locked_store_flows(site: Site, pods: Pods, reason: str, statement: str) -> Iterator[Flow]:
    """Yield the flows of pods that write to the bucket under Object Lock, where one is stated."""
    if anchors := site.cluster.anchors:
        yield Flow(pods, at.OBJECT_STORE, (port_of(anchors.endpoint or anchors.location),), reason, statement)
        if at.CLOUD_IDENTITY.of(site):
            yield Flow(pods, at.CLOUD_IDENTITY, (HTTPS_PORT,), "credentials for the object store", statement)


def client_scrapes(site: Site) -> Iterator[Scrape]:
    """Yield the port of each pooler's exporter."""
    for pooler in _poolers(site):
        yield Scrape(pooler, POOLER_METRICS_PORT)


def scrapes(_: Site) -> Iterator[Scrape]:
    """Yield the port of the instances' exporter."""
    yield Scrape(POSTGRES, POSTGRES_METRICS_PORT)


def _store_port(cluster: Cluster) -> int:
    """Return the port of the object store that a cluster writes its backups to."""
    return port_of(cluster.backups.endpoint or cluster.backups.location)


def _poolers(site: Site) -> tuple[Pods, ...]:
    return (WRITE_POOLER, READ_ONLY_POOLER) if site.reads_replicas else (WRITE_POOLER,)
