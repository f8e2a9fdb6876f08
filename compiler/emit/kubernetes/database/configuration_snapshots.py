"""The snapshots of the configuration: a job that keeps all namespaces of one moment in the bucket under Object Lock.

It is the bucket of the audit trail's anchors, and the role that may write there: both jobs write only, each object
under a lock of its own. A cluster that states no bucket takes no snapshots.

Sources: ``backup.configuration``, the cluster's ``anchors``.
Upstream: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.application.configuration import SECRETS_FOLDER
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.cron import cron
from compiler.emit.kubernetes.common.cron_jobs import cron_job
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.common.resources import MEBIBYTE, guaranteed
from compiler.emit.kubernetes.database.locked_store import CLOUD_AUDIENCE, CLOUD_TOKEN, store_variables, token_source
from compiler.emit.kubernetes.database.migration import database_container
from compiler.emit.names import CONFIGURATION_SNAPSHOTS
from compiler.emit.settings import DAY_SECONDS
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.environment import Anchors

PODS = {"app.kubernetes.io/component": "snapshots"}
HOUR, MINUTE = 3, 35
FOLDER = f"{SECRETS_FOLDER}/store"
WITHIN = "configuration"
"""The folder of the bucket in which snapshots are."""

RESOURCES = guaranteed(Cores(100), MEBIBYTE * 512)
"""The compressed snapshot is held in memory, and sent from there."""

LONGEST_SECONDS = 3600
"""The time after which a run is ended, its attempts included: while it reads, the primary keeps replaced rows."""


def snapshots_taken(site: Site) -> bool:
    """Return whether a cluster takes snapshots of its configuration: it serves, and states a bucket."""
    return site.serves and site.cluster.anchors is not None


def snapshot_days(site: Site) -> int:
    """Return the days for which nobody can delete a snapshot from its bucket."""
    return -(-site.spec.backup.configuration.retention.seconds // DAY_SECONDS)


def configuration_snapshots(site: Site) -> Iterator[Document]:
    """Yield the CronJob and its ServiceAccount."""
    if (anchors := site.cluster.anchors) is None:
        return
    yield service_account(CONFIGURATION_SNAPSHOTS, "data", PODS)
    container = _container(site, anchors)
    pod = Pod(CONFIGURATION_SNAPSHOTS, OWN_USER, (container,), lifetime={"restartPolicy": "Never"})
    schedule = cron(site.spec.backup.configuration.schedule, HOUR, MINUTE)
    yield cron_job(CONFIGURATION_SNAPSHOTS, schedule, PODS, pod, LONGEST_SECONDS)


def _container(site: Site, anchors: Anchors) -> Container:
    versioned = ("--versioned",) if site.spec.backup.configuration.versioning else ()
    container = database_container(site, "runtime.maintenance", "snapshot-configuration", *versioned)
    sources = [token_source(CLOUD_TOKEN, CLOUD_AUDIENCE)]
    tokens = Mount("store", {"projected": {"sources": sources, "defaultMode": 0o440}}, FOLDER)
    store = store_variables(anchors, site.cluster.region, FOLDER, snapshot_days(site), WITHIN)
    return replace(
        container,
        name="snapshots",
        env={**container.env, **store},
        mounts=(*container.mounts, tokens),
        resources=RESOURCES,
    )
