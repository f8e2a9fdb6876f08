"""PostgreSQL: the instances of CloudNativePG's Cluster, and the Database in it.

Sources: ``compute.database_tier``, ``storage.database``, ``auto_scaling.database.storage``, ``redundancy.data``.
Upstream: https://cloudnative-pg.io/documentation/current/cloudnative-pg.v1/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.volume_growth import growing
from compiler.emit.kubernetes.database.parameters import postgresql, wal_bytes
from compiler.emit.kubernetes.database.replication import archive, topology
from compiler.emit.kubernetes.database.roles import roles
from compiler.emit.kubernetes.database.vault_service import vault_service
from compiler.emit.names import DATABASE, DATABASE_NAME, DATABASE_ROLE, DATABASE_SERVER, STORAGE_CLASS
from compiler.emit.platforms import platform
from compiler.model.units import Bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from runtime.settings import Settings

# PostgreSQL 18.6, of the operator's own catalogue of images (cloudnative-pg/artifacts, standard, Debian trixie) of
# 2026-08-17: with all locales and the extensions that it measures by, without compilers and backup tools.
IMAGE = (
    "ghcr.io/cloudnative-pg/postgresql:18.6-202608170814-standard-trixie"
    "@sha256:771f9eab5225587af259d84680cc69a5b6e374ac32bb24effafde1f3368a1241"
)
INSTANCES = {"cnpg.io/cluster": DATABASE, "cnpg.io/podRole": "instance"}
"""The labels that the operator gives to the pods of PostgreSQL, and to no Job or pooler."""

VOLUME_LABEL = "cnpg.io/pvcRole"
"""The label by which the operator tells the volumes of the data from those of the log."""


def database(site: Site, settings: Settings) -> Iterator[Document]:
    """Yield the Cluster; and the Database, which a cluster that stands by has from the one that serves."""
    yield kubernetes_object(
        kinds.POSTGRES_CLUSTER, DATABASE, Wave.DATA, zone="data", annotations=_KEPT, spec=_cluster(site, settings)
    )
    if site.serves:
        spec = {
            "cluster": {"name": DATABASE},
            "name": DATABASE_NAME,
            "owner": DATABASE_ROLE,
            "databaseReclaimPolicy": "retain",
        }
        yield kubernetes_object(kinds.POSTGRES_DATABASE, DATABASE_NAME, Wave.DATA, zone="data", spec=spec)


# The volumes are deleted with the Cluster: Argo CD asks before it prunes it, and keeps it with the Application.
_KEPT = {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=false"}


def instances(site: Site) -> int:
    """Return the fewest instances: the primary and its replicas."""
    tier = site.spec.compute.database_tier.instances
    return tier.primary + tier.replicas.min


def _cluster(site: Site, settings: Settings) -> dict[str, Any]:
    return {
        "imageName": IMAGE,
        # The ScaledObject owns the number from the first sync on; Argo CD ignores differences on it.
        "instances": instances(site),
        **topology(site),
        "postgresql": postgresql(site, settings),
        "managed": {"roles": roles(site, settings), **vault_service(site)},
        # The operator goes on making those of its own clients: replicas, poolers and itself.
        "certificates": {"serverTLSSecret": DATABASE_SERVER, "serverCASecret": DATABASE_SERVER},
        "enableSuperuserAccess": False,
        "resources": _resources(site),
        **_storage(site),
        **_placement(),
        "enablePDB": True,
        # Replicas are updated first; then one of them becomes the primary, and nobody has to be asked at night.
        "primaryUpdateStrategy": "unsupervised",
        "primaryUpdateMethod": "switchover",
        "serviceAccountTemplate": {
            "metadata": {"annotations": platform(site.cluster).account(site.cluster.backups.identity)}
        },
        "plugins": [{**archive(site.name, site.cluster), "isWALArchiver": True}],
        "backup": _snapshots(),
    }


def _resources(site: Site) -> dict[str, Any]:
    """Requests equal to limits: an instance is evicted last, and its memory is not lent to others."""
    reserved = site.spec.compute.database_tier.resources
    amounts = {"cpu": reserved.cpu.reserved.quantity, "memory": reserved.memory.reserved.quantity}
    return {"requests": amounts, "limits": amounts}


def _storage(site: Site) -> dict[str, Any]:
    """A volume for the data and one for the log, which fills up alone when the archive cannot be reached."""
    size, usage = site.spec.storage.database.size, site.spec.auto_scaling.database.storage.triggers.usage.target
    volume = {"storageClass": STORAGE_CLASS, "resizeInUseVolumes": True}
    return {
        "storage": {"size": size.initial.quantity, **volume},
        "walStorage": {"size": Bytes(wal_bytes(site)).quantity, **volume},
        "inheritedMetadata": {
            "labels": {**PART_OF, **platform(site.cluster).pod_labels},
            "annotations": growing(usage, size.max, group_by=VOLUME_LABEL),
        },
    }


def _placement() -> dict[str, Any]:
    """Never two instances on one node, and no zone with two more than another: each loss costs one copy."""
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        # The Job that makes an instance's volume is placed by this, too, and fixes the zone: it has to count itself.
        "labelSelector": {
            "matchLabels": {"cnpg.io/cluster": DATABASE},
            "matchExpressions": [{"key": "cnpg.io/instanceName", "operator": "Exists"}],
        },
    }
    affinity = {
        "enablePodAntiAffinity": True,
        "podAntiAffinityType": "required",
        "topologyKey": "kubernetes.io/hostname",
    }
    return {"affinity": affinity, "topologySpreadConstraints": [spread]}


def _snapshots() -> dict[str, Any]:
    """How volumes are copied: from a replica, while it runs, and each copy goes with the Backup that names it."""
    return {
        "target": "prefer-standby",
        "volumeSnapshot": {"className": STORAGE_CLASS, "online": True, "snapshotOwnerReference": "backup"},
    }
