"""Snapshots of the cache's volumes, taken by a maintenance job, since the operator takes none.

A snapshot at any moment is usable: Redis recovers from its append-only log as after a crash.

Sources: ``storage.cache.persistence.backup_schedule``.
Upstream: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.cron import cron
from compiler.emit.kubernetes.common.cron_jobs import MaintenanceJob, maintenance_job
from compiler.emit.names import CACHE, VOLUME_SNAPSHOTS, namespace
from compiler.emit.text import number
from compiler.model.units import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

NAME = f"{CACHE}-copies"
PODS = {"app.kubernetes.io/name": NAME}
HOUR, MINUTE = 3, 40
# The specification states the schedule, but no retention: the content of a cache is of no use after a week.
RETENTION = Duration(86400) * 7


def taken(site: Site) -> bool:
    """Return whether snapshots are taken: the cluster serves, and its cache has volumes."""
    return site.serves and site.spec.storage.cache.persistence.enabled


def snapshots(site: Site) -> Iterator[Document]:
    """Yield the CronJob, its ServiceAccount, and the rights that it needs."""
    if not taken(site):
        return
    arguments = ("--app", CACHE, "--snapshot-class", VOLUME_SNAPSHOTS, "--namespace", namespace("data"))
    yield from maintenance_job(
        site,
        MaintenanceJob(
            NAME,
            cron(site.spec.storage.cache.persistence.backup_schedule, HOUR, MINUTE),
            ("copy-volumes", *arguments, "--retention-seconds", number(RETENTION.seconds)),
            (
                ("", "persistentvolumeclaims", ("list",)),
                (kinds.VOLUME_SNAPSHOT_CLASS.group, "volumesnapshots", ("list", "create", "delete")),
            ),
        ),
    )
