"""The restore test: a CronJob that restores the database beside itself, verifies the copy, and deletes it.

The copy is a Cluster of its own name in the namespace of the data, where the volume snapshots are. The job may make
Clusters, and look at and delete this one; a Cluster could run anything with the secrets of its namespace, so that an
admission policy holds the job to this copy (:mod:`compiler.emit.kubernetes.database.copy_admission`). It is restored as
after a disaster, by the same operator, image and parameters; it archives nothing, follows nobody, and no pod but the
job's may connect to it. Its manifest is compiled into a ConfigMap: Argo CD does not make it.

Sources: ``backup.database.testing``, ``recovery.rto.target``.
Upstream: https://cloudnative-pg.io/documentation/current/recovery/
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.application.configuration import SETTINGS_FOLDER
from compiler.emit.kubernetes.common.access import bound_role, service_account
from compiler.emit.kubernetes.common.cron import cron
from compiler.emit.kubernetes.common.cron_jobs import credentials, cron_job
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import OWN_USER
from compiler.emit.kubernetes.common.pods import Container, Mount, Pod
from compiler.emit.kubernetes.database.copy_admission import copy_admission
from compiler.emit.kubernetes.database.migration import database_container
from compiler.emit.kubernetes.database.parameters import PLAINTEXT_REFUSED, parameters, wal_size
from compiler.emit.kubernetes.database.postgres_cluster import account, resources
from compiler.emit.kubernetes.database.replication import archive
from compiler.emit.names import (
    CACHE_VOLUMES,
    DATABASE,
    DATABASE_NAME,
    DATABASE_OWNER,
    DATABASE_RESTORED,
    RESTORE_TEST,
    namespace,
)
from compiler.emit.platforms import platform
from compiler.emit.serialise import to_json
from compiler.emit.text import number, quantity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.units import Duration

PODS = {"app.kubernetes.io/component": "restore-test"}
HOUR, MINUTE = 5, 20
MANIFEST = "cluster.json"
FOLDER = f"{SETTINGS_FOLDER}-restore"

SLOWEST = 2
"""A restore that takes more than this many times the recovery time objective has failed; one below it is measured."""

AROUND_SECONDS = 3600
"""The time for the verification of the copy, and for deleting it and one that a former run has left."""


def restore_test(site: Site) -> Iterator[Document]:
    """Yield the CronJob, its ServiceAccount with its rights, and the ConfigMap with the Cluster that it makes.

    Where people judge backups (``Manual``) the CronJob is suspended: they make a Job from it.
    """
    testing = site.spec.backup.database.testing
    copy = scratch_cluster(site)
    yield from copy_admission(copy)
    yield service_account(RESTORE_TEST, "data", PODS)
    subject = {"kind": "ServiceAccount", "name": RESTORE_TEST, "namespace": namespace("data")}
    yield from bound_role(RESTORE_TEST, "data", _rights(), subject, PODS)
    manifest = {MANIFEST: to_json(copy).decode()}
    yield kubernetes_object(kinds.CONFIG_MAP, RESTORE_TEST, Wave.CONNECTION, zone="data", labels=PODS, data=manifest)
    pod = Pod(RESTORE_TEST, OWN_USER, (_container(site),), lifetime={"restartPolicy": "Never"})
    longest = longest_restore(site).seconds + AROUND_SECONDS
    schedule = cron(testing.schedule, HOUR, MINUTE)
    yield cron_job(RESTORE_TEST, schedule, PODS, pod, longest, suspended=testing.validation == "Manual")


def longest_restore(site: Site) -> Duration:
    """Return the time after which a restore has failed."""
    return site.spec.recovery.rto.target * SLOWEST


def scratch_cluster(site: Site) -> Document:
    """Return the Cluster that a test makes from the archive; the job adds the volume snapshots when it uses them."""
    cloud = platform(site.cluster)
    recovery = {"source": site.name, "database": DATABASE_NAME, "owner": DATABASE_OWNER}
    spec = {
        "imageName": site.spec.containers.images.postgresql.reference,
        "instances": 1,
        "bootstrap": {"recovery": recovery},
        "externalClusters": [{"name": site.name, "plugin": archive(site.name, site.cluster)}],
        "postgresql": {"parameters": parameters(site), "pg_hba": [PLAINTEXT_REFUSED]},
        # The job reads the password that the operator makes for this Cluster, which ends with it.
        "enableSuperuserAccess": True,
        "resources": resources(site),
        "storage": _volume(quantity(site.spec.storage.database.size.max)),
        "walStorage": _volume(quantity(wal_size(site))),
        "inheritedMetadata": {"labels": {**PART_OF, **cloud.pod_labels}},
        "enablePDB": False,
        **account(site),
    }
    return {
        "apiVersion": kinds.POSTGRES_CLUSTER.api_version,
        "kind": kinds.POSTGRES_CLUSTER.name,
        "metadata": {"name": DATABASE_RESTORED, "namespace": namespace("data"), "labels": PART_OF},
        "spec": spec,
    }


def _volume(size: str) -> dict[str, Any]:
    # The class whose disks are deleted with their claims.
    return {"size": size, "storageClass": CACHE_VOLUMES}


def _rights() -> list[dict[str, Any]]:
    """Return the job's rights: all but making Clusters and listing Backups is about objects of the copy's name."""
    group = [kinds.POSTGRES_CLUSTER.group]
    secrets = [f"{DATABASE_RESTORED}-{name}" for name in ("superuser", "ca")]
    return [
        {"apiGroups": group, "resources": ["clusters"], "verbs": ["create"]},
        {
            "apiGroups": group,
            "resources": ["clusters"],
            "resourceNames": [DATABASE_RESTORED],
            "verbs": ["get", "delete"],
        },
        {"apiGroups": group, "resources": ["backups"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": secrets, "verbs": ["get"]},
    ]


def _container(site: Site) -> Container:
    arguments = (
        "test-restore",
        "--cluster",
        DATABASE,
        "--manifest",
        f"{FOLDER}/{MANIFEST}",
        "--longest-seconds",
        number(longest_restore(site).seconds),
    )
    container = database_container(site, "runtime.maintenance", *arguments)
    manifest = Mount("manifest", {"configMap": {"name": RESTORE_TEST, "defaultMode": 0o440}}, FOLDER)
    return replace(container, name="restore-test", mounts=(*container.mounts, manifest, credentials()))
