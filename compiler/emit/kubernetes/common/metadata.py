"""Metadata of every object: names, labels, and the sync wave in which Argo CD applies it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.kept import KEPT, kept
from compiler.emit.names import API, namespace

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.emit.kinds import Kind
    from compiler.model.network import Zone


class Wave(IntEnum):
    """Sync waves, in the order in which Argo CD applies them; each waits until the one before is healthy."""

    BOUNDARY = -2
    """Namespaces, quotas and network policies."""
    ACCESS = -1
    """Accounts, roles, storage classes, and the stores of secrets."""
    DATA = 0
    CONNECTION = 1
    """Objects that need the stores, as poolers and backups; credentials of the database, and the load balancer."""
    MIGRATION = 2
    """The schema, which a release finds as it needs it."""
    APPLICATION = 3
    TRAFFIC = 4


RELOADED = {"cnpg.io/reload": "true"}
"""The label of a Secret that CloudNativePG reloads as soon as it changes."""

ZONE = "cbp.bank/zone"
"""The label by which a namespace belongs to a zone of the network."""

PART_OF = {"app.kubernetes.io/part-of": "cbp"}
SELECTOR = {"app.kubernetes.io/name": API}
LABELS = {**SELECTOR, **PART_OF, "app.kubernetes.io/component": "api"}


def kubernetes_object(
    kind: Kind,
    name: str,
    wave: Wave,
    *,
    zone: Zone | None = None,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    **body: Any,
) -> Document:
    """Return an object in the namespace of a zone, or a cluster-scoped one if there is no zone.

    Argo CD never deletes it if data needs it (:mod:`compiler.emit.kubernetes.common.kept`).
    """
    metadata: dict[str, Any] = {"name": name}
    if zone:
        metadata["namespace"] = namespace(zone)
    metadata["labels"] = {**PART_OF, **(labels or {})}
    metadata["annotations"] = {
        "argocd.argoproj.io/sync-wave": str(int(wave)),
        **(KEPT if kept(kind, name, zone) else {}),
        **(annotations or {}),
    }
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **body}
