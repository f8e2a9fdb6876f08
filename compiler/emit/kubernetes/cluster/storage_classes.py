"""The StorageClasses of the volumes, the VolumeAttributesClass of their speed, and the VolumeSnapshotClass.

None of them can change once it is there, and a volume keeps the StorageClass that it was made by: another parameter is
another name (docs/storage.md). A volume in use can be given another VolumeAttributesClass; its name says its values, so
that other values are another class.

Sources: ``storage.*.storage_class``, the environment's ``clusters.*.platform``.
Upstream: https://kubernetes.io/docs/concepts/storage/storage-classes/,
https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/,
https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.common.volume_growth import RESIZED
from compiler.emit.names import CACHE_VOLUMES, DATA_VOLUMES, LOG_VOLUMES, VOLUME_SNAPSHOTS
from compiler.emit.platforms import platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.platforms.interface import Platform
    from compiler.emit.site import Site


@dataclass(frozen=True, slots=True)
class VolumeClass:
    """A StorageClass: the fate of a disk whose claim is deleted, and the growth of its volumes."""

    name: str
    reclaim: str
    grows: bool


CLASSES = (
    # A claim that is deleted by mistake leaves its disk, and the bank's data on it: only people delete disks.
    VolumeClass(DATA_VOLUMES, "Retain", grows=True),
    VolumeClass(LOG_VOLUMES, "Retain", grows=False),
    # Copies, and buckets that fill up in minutes: a disk that nobody uses would only cost.
    VolumeClass(CACHE_VOLUMES, "Delete", grows=True),
)


def storage_classes(site: Site) -> Iterator[Document]:
    """Yield the StorageClasses, the VolumeAttributesClass where the cloud has one, and the VolumeSnapshotClass."""
    cloud = platform(site.cluster)
    for item in CLASSES:
        yield kubernetes_object(
            kinds.STORAGE_CLASS,
            item.name,
            Wave.ACCESS,
            annotations=RESIZED if item.grows else {},
            provisioner=cloud.driver,
            parameters=dict(cloud.volumes),
            allowVolumeExpansion=True,
            reclaimPolicy=item.reclaim,
            # The disk is created in the zone that the pod was scheduled to.
            volumeBindingMode="WaitForFirstConsumer",
        )
    if performance := performance_class(cloud):
        yield kubernetes_object(
            kinds.VOLUME_ATTRIBUTES_CLASS,
            performance,
            Wave.ACCESS,
            driverName=cloud.driver,
            parameters=dict(cloud.performance),
        )
    # The maintenance jobs delete snapshots after their retention: the copies in the cloud have to be deleted, too.
    yield kubernetes_object(
        kinds.VOLUME_SNAPSHOT_CLASS, VOLUME_SNAPSHOTS, Wave.ACCESS, driver=cloud.driver, deletionPolicy="Delete"
    )


def performance_class(cloud: Platform) -> str | None:
    """Return the name of the VolumeAttributesClass of a cloud's database volumes, which says its values."""
    return "-".join(("premium-ssd", *cloud.performance.values())) if cloud.performance else None
