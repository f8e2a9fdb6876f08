"""The database's backups: where they are kept, and when they are taken.

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
from compiler.emit.kubernetes.database.replication import PLUGIN, replicated, store_name
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
# The fastest to restore of those that the plugin's documentation measures; a backup is taken beside the primary, and
# may take its time.
COMPRESSION = "gzip"
UPLOADS = 2
LOG_UPLOADS = 4
# Of the plugin's container in every instance: one core for compression, and parts of a large upload in memory. Equal
# requests and limits, without which the whole pod would not be guaranteed its own.
PLUGIN_RESOURCES = guaranteed(Cores(1000), GIBIBYTE)


def backups(site: Site) -> Iterator[Document]:
    """Yield the stores, in the wave of the Cluster that archives into them, and the schedules."""
    yield _store(site, site.name, site.cluster, retention=site.spec.backup.database.retention)
    if replicated(site):
        for name, cluster in site.environment.clusters.items():
            if name != site.name:
                # Without a retention: what is read from here is deleted by nobody but the one who writes it.
                yield _store(site, name, cluster)
    yield from _schedules(site)


def _store(site: Site, name: str, cluster: Cluster, *, retention: Duration | None = None) -> Document:
    spec = {
        "configuration": {
            "destinationPath": cluster.backups.location,
            **_access(site, cluster),
            "data": {"compression": COMPRESSION, "jobs": UPLOADS, **_encryption(cluster)},
            "wal": {"compression": COMPRESSION, "maxParallel": LOG_UPLOADS, **_encryption(cluster)},
        },
        **({"retentionPolicy": days(retention)} if retention else {}),
        "instanceSidecarConfiguration": {"resources": PLUGIN_RESOURCES.fields},
    }
    return kubernetes_object(kinds.OBJECT_STORE, store_name(name), Wave.DATA, zone="data", spec=spec)


def _access(site: Site, cluster: Cluster) -> dict[str, Any]:
    """Every store is reached with the identity of the pods that are here, whoever writes to it."""
    if cluster.backups.location.startswith("s3://"):
        return {"s3Credentials": {"inheritFromIAMRole": True}}
    return {"azureCredentials": {"inheritFromAzureAD": True}}


def _encryption(cluster: Cluster) -> dict[str, str]:
    """Amazon encrypts what asks for it; Azure encrypts everything, and the plugin has no word for it there."""
    return {"encryption": "AES256"} if cluster.backups.location.startswith("s3://") else {}


def _schedules(site: Site) -> Iterator[Document]:
    """A full copy in the store, which outlives the cluster and its region; between two, copies of the volumes."""
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
        # A backup belongs to nothing that could be deleted before it: neither to its schedule nor to the Cluster.
        "backupOwnerReference": "none",
        **how,
    }
    return kubernetes_object(kinds.SCHEDULED_BACKUP, name, Wave.CONNECTION, zone="data", spec=spec)
