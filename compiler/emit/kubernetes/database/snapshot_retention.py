"""Retention of the database's volume snapshots: a maintenance job deletes the old Backups that own them.

The plugin deletes old backups in the object store, but the operator never deletes a VolumeSnapshot. Each snapshot is
owned by its Backup, so that this job needs only the rights to list and to delete Backups.

Sources: ``backup.database.retention``.
Upstream: https://cloudnative-pg.io/documentation/current/appendixes/backup_volumesnapshot/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.cron import cron
from compiler.emit.kubernetes.common.cron_jobs import MaintenanceJob, maintenance_job
from compiler.emit.names import DATABASE, namespace
from compiler.emit.text import number
from compiler.model.units import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

NAME = f"{DATABASE}-retention"
PODS = {"app.kubernetes.io/name": NAME}
HOUR, MINUTE = 4, 10


def snapshot_retention(site: Site) -> Iterator[Document]:
    """Yield the CronJob, its ServiceAccount, and the two rights that it needs."""
    retention = site.spec.backup.database.retention
    arguments = (
        "--namespace",
        namespace("data"),
        "--cluster",
        DATABASE,
        "--retention-seconds",
        number(retention.seconds),
    )
    yield from maintenance_job(
        site,
        MaintenanceJob(
            NAME,
            cron(Schedule.DAILY, HOUR, MINUTE),
            ("prune-snapshots", *arguments),
            ((kinds.POSTGRES_CLUSTER.group, "backups", ("list", "delete")),),
        ),
    )
