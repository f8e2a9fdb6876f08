"""Copies of the cache's volumes, by a chore: the operator takes none.

The log that Redis appends to survives a copy that is taken at any moment, as it survives a crash.

Sources: ``storage.cache.persistence.backup_schedule``.
Upstream: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.cron import cron
from compiler.emit.kubernetes.common.cron_jobs import Chore, chore_objects
from compiler.emit.names import CACHE, STORAGE_CLASS, namespace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

NAME = f"{CACHE}-copies"
PODS = {"app.kubernetes.io/name": NAME}
HOUR, MINUTE = 3, 40
# The specification says how often, and not for how long: what a cache held a week ago is of no use to anybody.
RETENTION_SECONDS = 7 * 86400


def copied(site: Site) -> bool:
    """Return whether there is anything to copy: a cluster that stands by has a cache that nobody wrote to."""
    return site.serves and site.spec.storage.cache.persistence.enabled


def cache_copies(site: Site) -> Iterator[Document]:
    """Yield the CronJob, and the account with the rights that it needs."""
    if not copied(site):
        return
    arguments = ("--app", CACHE, "--snapshot-class", STORAGE_CLASS, "--namespace", namespace("data"))
    yield from chore_objects(
        site,
        Chore(
            NAME,
            cron(site.spec.storage.cache.persistence.backup_schedule, HOUR, MINUTE),
            ("copy-volumes", *arguments, "--retention-seconds", str(RETENTION_SECONDS)),
            (
                ("", "persistentvolumeclaims", ("list",)),
                (kinds.VOLUME_SNAPSHOT_CLASS.group, "volumesnapshots", ("list", "create", "delete")),
            ),
        ),
    )
