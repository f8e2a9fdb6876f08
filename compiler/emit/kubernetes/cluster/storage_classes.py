"""The StorageClass of all volumes, and the VolumeSnapshotClass of their snapshots.

Sources: ``storage.*.storage_class``, the environment's ``clusters.*.platform``.
Upstream: https://kubernetes.io/docs/concepts/storage/storage-classes/,
https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.volume_growth import RESIZED
from compiler.emit.names import STORAGE_CLASS
from compiler.emit.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site


def storage_classes(site: Site) -> Iterator[Document]:
    """Yield the StorageClass and the VolumeSnapshotClass ``premium-ssd``."""
    cloud = platform(site.cluster)
    yield kubernetes_object(
        kinds.STORAGE_CLASS,
        STORAGE_CLASS,
        Wave.ACCESS,
        annotations=RESIZED,
        provisioner=cloud.driver,
        parameters=dict(cloud.volumes),
        allowVolumeExpansion=True,
        # A claim that is deleted by mistake leaves its disk, and the bank's data on it: only people delete disks.
        reclaimPolicy="Retain",
        # The disk is created in the zone that the pod was scheduled to.
        volumeBindingMode="WaitForFirstConsumer",
    )
    # The maintenance jobs delete snapshots after their retention: the copies in the cloud have to be deleted, too.
    yield kubernetes_object(
        kinds.VOLUME_SNAPSHOT_CLASS, STORAGE_CLASS, Wave.ACCESS, driver=cloud.driver, deletionPolicy="Delete"
    )
