"""Metadata of every object: its name, its labels, and the wave in which Argo CD applies it."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

from compiler.emit.names import API, namespace

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.emit.kinds import Kind
    from compiler.model.network import Zone


class Wave(IntEnum):
    """The order in which Argo CD applies objects; a wave waits until the one before it is healthy."""

    BOUNDARY = -2
    """Namespaces, quotas and network policies."""
    ACCESS = -1
    """Accounts, roles, storage classes, and the stores of secrets."""
    DATA = 0
    CONNECTION = 1
    """Objects that need the stores: poolers and backups."""
    CREDENTIAL = 2
    """Credentials that Vault makes once it was told of the database: nothing but the application waits for them."""
    APPLICATION = 3
    TRAFFIC = 4


CONFIRMED = {"argocd.argoproj.io/sync-options": "Prune=confirm,Delete=false"}
"""The annotation of what holds data: Argo CD asks before it prunes the object, and keeps it with the Application."""

RELOADED = {"cnpg.io/reload": "true"}
"""The label of a Secret that CloudNativePG follows as soon as it changes."""

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
    """Return an object in the namespace of a zone, or a cluster-scoped one where there is no zone."""
    metadata: dict[str, Any] = {"name": name}
    if zone:
        metadata["namespace"] = namespace(zone)
    metadata["labels"] = {**PART_OF, **(labels or {})}
    metadata["annotations"] = {"argocd.argoproj.io/sync-wave": str(int(wave)), **(annotations or {})}
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **body}
