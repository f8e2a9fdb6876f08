"""Growth of volumes: the annotations that pvc-autoresizer reads on a PersistentVolumeClaim.

It grows a volume as soon as it sees it so full: there is no annotation for a window, which is the alert's
(:mod:`compiler.emit.kubernetes.monitoring.scaling_alerts`).

Sources: ``auto_scaling.database.storage.triggers.usage.target``, ``storage.*.size``,
``components.data_layer.scaling.type``.
Upstream: https://github.com/topolvm/pvc-autoresizer
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.text import percentage, quantity
from compiler.model.units import Percent

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.model.units import Bytes

RESIZED = {"resize.topolvm.io/enabled": "true"}
"""The annotation of a StorageClass that lets its claims grow."""

# A fifth at a time: cloud disks accept one change in six hours, so that the free 20 % have to last until then.
INCREASE = "20%"


def growing(site: Site, limit: Bytes, *, group_by: str | None = None) -> dict[str, str]:
    """Return the annotations of a claim that grows once as much is taken as is stated, up to ``limit``; else none.

    A new claim starts as large as the largest with the same value of the label ``group_by``: a copy of a volume has to
    hold all its data.
    """
    if not site.grows_volumes:
        return {}
    usage = site.spec.auto_scaling.database.storage.triggers.usage.target
    # The annotations state the free share, the specification the used one.
    free = percentage(Percent(100 - usage.percent))
    annotations = {
        "resize.topolvm.io/threshold": free,
        "resize.topolvm.io/inodes-threshold": free,
        "resize.topolvm.io/increase": INCREASE,
        "resize.topolvm.io/storage_limit": quantity(limit),
    }
    return annotations | ({"resize.topolvm.io/initial-resize-group-by": group_by} if group_by else {})
