"""PostgreSQL: CloudNativePG's Cluster of instances, and the Database in it.

Sources: ``compute.database_tier``, ``storage.database``, ``auto_scaling.database.storage``, ``redundancy.data``,
``containers.images``.
Upstream: https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.cluster.data_secrets import DATA_STORE
from compiler.emit.kubernetes.cluster.external_secrets import PASSWORD, SECRET_REFRESH, external_secret, kept
from compiler.emit.kubernetes.cluster.storage_classes import performance_class
from compiler.emit.kubernetes.common.metadata import PART_OF, RELOADED, Wave, kubernetes_object
from compiler.emit.kubernetes.common.placement import NODE, zone_spread
from compiler.emit.kubernetes.common.resources import guaranteed
from compiler.emit.kubernetes.common.volume_growth import growing
from compiler.emit.kubernetes.database.delays import delays
from compiler.emit.kubernetes.database.parameters import postgresql, wal_size
from compiler.emit.kubernetes.database.replication import archive, replication
from compiler.emit.kubernetes.database.roles import roles
from compiler.emit.kubernetes.database.vault_service import vault_service
from compiler.emit.names import (
    DATA_VOLUMES,
    DATABASE,
    DATABASE_MANAGER,
    DATABASE_MANAGER_SECRET,
    DATABASE_NAME,
    DATABASE_OWNER,
    DATABASE_QUERIES,
    DATABASE_SERVER,
    LOG_VOLUMES,
    VOLUME_SNAPSHOTS,
)
from compiler.emit.platforms import platform
from compiler.emit.serialise import dumped
from compiler.emit.text import quantity
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.units import Bytes

INSTANCES = {"cnpg.io/cluster": DATABASE, "cnpg.io/podRole": "instance"}
"""The labels that the operator gives to the instances' pods, and to no Job or pooler."""

QUERIES_KEY = "queries"
# The exporter adds the name of the query, and cnpg_, before each column. There is no table before the first migration.
QUERIES: dict[str, dict[str, Any]] = {
    "restore_test": {
        "predicate_query": "SELECT to_regclass('restore_tests') IS NOT NULL",
        "query": (
            "SELECT source, extract(epoch FROM finished_at)::float AS finished_time, seconds, lost_seconds"
            " FROM restore_tests WHERE finished_at IS NOT NULL AND faults = 0 ORDER BY began_at DESC LIMIT 1"
        ),
        "target_databases": [DATABASE_NAME],
        "primary": True,
        "metrics": [
            {"source": {"usage": "LABEL", "description": "archive or snapshot"}},
            {"finished_time": {"usage": "GAUGE", "description": "When the last restore test without a fault ended"}},
            {"seconds": {"usage": "GAUGE", "description": "The time until its copy accepted connections"}},
            {"lost_seconds": {"usage": "GAUGE", "description": "The age of the oldest change that its copy lacked"}},
        ],
    },
    # A server that was started and has replayed nothing since is as old as its start, at the least.
    "standby": {
        "query": (
            "SELECT extract(epoch FROM coalesce(pg_last_xact_replay_timestamp(), pg_postmaster_start_time()))::float"
            " AS replayed_time WHERE pg_is_in_recovery()"
        ),
        "metrics": [
            {"replayed_time": {"usage": "GAUGE", "description": "When the last commit that it replayed was made"}},
        ],
    },
}
"""The metrics of the database's own tables, and of what its standbys have replayed, in the exporter's format.

Source: https://cloudnative-pg.io/documentation/current/monitoring/#user-defined-metrics
"""

VOLUME_LABEL = "cnpg.io/pvcRole"
"""The label by which the operator tells data volumes from log volumes."""


def postgres_cluster(site: Site) -> Iterator[Document]:
    """Yield the Cluster, and the ExternalSecret with the password of Vault's managing role."""
    yield kubernetes_object(kinds.POSTGRES_CLUSTER, DATABASE, Wave.DATA, zone="data", spec=_cluster(site))
    yield kubernetes_object(
        kinds.CONFIG_MAP,
        DATABASE_QUERIES,
        Wave.ACCESS,
        zone="data",
        labels=RELOADED,
        data={QUERIES_KEY: dumped(QUERIES)},
    )
    # The operator takes the role's name from the Secret, too: https://cloudnative-pg.io/documentation/current/
    template = {
        "type": "kubernetes.io/basic-auth",
        "metadata": {"labels": RELOADED},
        "data": {"username": DATABASE_MANAGER, "password": "{{ .password }}"},
    }
    password = kept(vault_paths(site).manager, PASSWORD, PASSWORD)
    yield external_secret(
        DATABASE_MANAGER_SECRET, DATA_STORE, [password], Wave.ACCESS, refresh=SECRET_REFRESH, template=template
    )


def database(_: Site) -> Iterator[Document]:
    """Yield the Database; a standby cluster replicates it from the one that serves."""
    spec = {
        "cluster": {"name": DATABASE},
        "name": DATABASE_NAME,
        "owner": DATABASE_OWNER,
        "databaseReclaimPolicy": "retain",
    }
    yield kubernetes_object(kinds.POSTGRES_DATABASE, DATABASE_NAME, Wave.DATA, zone="data", spec=spec)


def instances(site: Site) -> int:
    """Return the smallest number of instances: the primary and its fewest replicas."""
    tier = site.spec.compute.database_tier.instances
    return tier.primary + tier.replicas.min


def _cluster(site: Site) -> dict[str, Any]:
    return {
        "imageName": site.spec.containers.images.postgresql.reference,
        # The ScaledObject owns the number from the first sync on; Argo CD ignores differences on it.
        "instances": instances(site),
        **replication(site),
        "postgresql": postgresql(site),
        "managed": {"roles": roles(site), **vault_service(site)},
        # The operator still issues the certificates of its own clients: replicas, poolers and itself.
        "certificates": {"serverTLSSecret": DATABASE_SERVER, "serverCASecret": DATABASE_SERVER},
        "enableSuperuserAccess": False,
        "resources": resources(site),
        **_storage(site),
        **_placement(),
        "monitoring": {"customQueriesConfigMap": [{"name": DATABASE_QUERIES, "key": QUERIES_KEY}]},
        "enablePDB": True,
        # Replicas are updated first; then one of them becomes the primary, without a confirmation at night.
        "primaryUpdateStrategy": "unsupervised",
        "primaryUpdateMethod": "switchover",
        **delays(site),
        **account(site),
        "plugins": [{**archive(site.name, site.cluster), "isWALArchiver": True}],
        "backup": _snapshots(),
    }


def account(site: Site) -> dict[str, Any]:
    """Return the annotations of the instances' ServiceAccount: the identity that the object store knows."""
    annotations = platform(site.cluster).account(site.cluster.backups.identity)
    return {"serviceAccountTemplate": {"metadata": {"annotations": annotations}}}


def resources(site: Site) -> dict[str, Any]:
    """Return requests equal to limits: an instance is evicted last, and shares its memory with no other pod."""
    reserved = site.spec.compute.database_tier.resources
    return guaranteed(reserved.cpu.reserved, reserved.memory.reserved).fields


def _storage(site: Site) -> dict[str, Any]:
    """Return a volume for the data and one for the log, so that only the log's fills up if archiving fails.

    Only the data's grows: the operator gives both the same annotations, and so the same limit, which is the data's.
    """
    size = site.spec.storage.database.size
    return {
        "storage": _volume(site, DATA_VOLUMES, size.initial),
        "walStorage": _volume(site, LOG_VOLUMES, wal_size(site)),
        "inheritedMetadata": {
            "labels": {**PART_OF, **platform(site.cluster).pod_labels},
            "annotations": growing(site, size.max, group_by=VOLUME_LABEL),
        },
    }


def _volume(site: Site, storage_class: str, size: Bytes) -> dict[str, Any]:
    """Return a volume, with the speed of the cloud's class for it where it is large enough to have that."""
    cloud = platform(site.cluster)
    performance = performance_class(cloud)
    volume = {"size": quantity(size), "storageClass": storage_class, "resizeInUseVolumes": True}
    if performance is None or size < cloud.fast_from:
        return volume
    return {**volume, "pvcTemplate": {"volumeAttributesClassName": performance}}


def _placement() -> dict[str, Any]:
    """Return the placement: no node runs two instances, and no zone has two more than another."""
    # The Job that creates an instance's volume, and so fixes its zone, is placed by this, too: it has to count itself.
    selector = {
        "matchLabels": {"cnpg.io/cluster": DATABASE},
        "matchExpressions": [{"key": "cnpg.io/instanceName", "operator": "Exists"}],
    }
    affinity = {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": "required",
        "topologyKey": NODE,
    }
    return {"affinity": affinity, **zone_spread(selector)}


def _snapshots() -> dict[str, Any]:
    """Return the settings of volume snapshots: from a running replica; each is deleted with its Backup."""
    return {
        "target": "prefer-standby",
        "volumeSnapshot": {"className": VOLUME_SNAPSHOTS, "online": True, "snapshotOwnerReference": "backup"},
    }
