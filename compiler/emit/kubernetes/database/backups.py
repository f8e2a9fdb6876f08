"""Backups of the database: the object stores that keep them, and their schedules.

Sources: ``backup.database``, the environment's ``clusters.*.backups``.
Upstream: https://cloudnative-pg.io/plugin-barman-cloud/docs/plugin-barman-cloud.v1/,
https://cloudnative-pg.io/documentation/current/backup/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.cron import cron_with_seconds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.resources import GIBIBYTE, guaranteed
from compiler.emit.kubernetes.database.replication import PLUGIN, store_name
from compiler.emit.names import DATABASE
from compiler.emit.text import days
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.environment import Cluster
    from compiler.model.units import Duration

FULL_BACKUP = f"{DATABASE}-full"
SNAPSHOT_BACKUP = f"{DATABASE}-incremental"
# Sunday night, and between two hours: the two never start together.
FULL_HOUR, FULL_MINUTE, SNAPSHOT_MINUTE = 1, 0, 30
# The fastest to restore of the compressions that the plugin's documentation measures; a backup does not load the
# primary, and may be slow.
COMPRESSION = "gzip"
UPLOADS = 2
LOG_UPLOADS = 4
# For the plugin's container in every instance: one core for compression, and memory for the parts of a large upload.
# Requests equal limits, without which the whole pod would not be in the QoS class Guaranteed.
PLUGIN_RESOURCES = guaranteed(Cores(1000), GIBIBYTE)


def backups(site: Site) -> Iterator[Document]:
    """Yield the ObjectStores, in the sync wave of the Cluster that archives into them, and the ScheduledBackups."""
    yield _store(site, site.name, site.cluster, retention=site.spec.backup.database.retention)
    if site.replicated:
        for name, cluster in site.environment.clusters.items():
            if name != site.name:
                # Without a retention: only the cluster that writes backups deletes them, never one that reads them.
                yield _store(site, name, cluster)
    yield from _schedules(site)


def _store(site: Site, name: str, cluster: Cluster, *, retention: Duration | None = None) -> Document:
    spec = {
        "configuration": {
            "destinationPath": cluster.backups.location,
            **({"endpointURL": cluster.backups.endpoint} if cluster.backups.endpoint else {}),
            **_access(site, cluster),
            "data": {"compression": COMPRESSION, "jobs": UPLOADS, **_encryption(cluster)},
            "wal": {"compression": COMPRESSION, "maxParallel": LOG_UPLOADS, **_encryption(cluster)},
        },
        **({"retentionPolicy": days(retention)} if retention else {}),
        "instanceSidecarConfiguration": {"resources": PLUGIN_RESOURCES.fields},
    }
    return kubernetes_object(kinds.OBJECT_STORE, store_name(name), Wave.DATA, zone="data", spec=spec)


def _access(site: Site, cluster: Cluster) -> dict[str, Any]:
    """Return the access to a store: by the identity of this cluster's pods, also where another cluster writes to it."""
    if cluster.backups.location.startswith("s3://"):
        return {"s3Credentials": {"inheritFromIAMRole": True}}
    return {"azureCredentials": {"inheritFromAzureAD": True}}


def _encryption(cluster: Cluster) -> dict[str, str]:
    """Return the encryption: Amazon's has to be requested; Azure encrypts everything, and the plugin has no setting."""
    return {"encryption": "AES256"} if cluster.backups.location.startswith("s3://") else {}


def _schedules(site: Site) -> Iterator[Document]:
    """Yield the schedules: full backups to the store, which outlives the region, and volume snapshots in between."""
    schedule = site.spec.backup.database.schedule
    full = {"method": "plugin", "pluginConfiguration": {"name": PLUGIN}}
    yield _scheduled(FULL_BACKUP, cron_with_seconds(schedule.full, FULL_HOUR, FULL_MINUTE), full)
    snapshot = {"method": "volumeSnapshot", "online": True}
    yield _scheduled(SNAPSHOT_BACKUP, cron_with_seconds(schedule.incremental, FULL_HOUR, SNAPSHOT_MINUTE), snapshot)


def _scheduled(name: str, schedule: str, how: dict[str, Any]) -> Document:
    spec = {
        "cluster": {"name": DATABASE},
        "schedule": schedule,
        "immediate": True,
        # A Backup has no owner that could be deleted before it: neither its schedule nor the Cluster.
        "backupOwnerReference": "none",
        **how,
    }
    return kubernetes_object(kinds.SCHEDULED_BACKUP, name, Wave.CONNECTION, zone="data", spec=spec)
