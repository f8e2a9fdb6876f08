"""Deletion of the snapshots of the database's volumes that are past their retention.

CloudNativePG makes a Backup for each and deletes none of them. A VolumeSnapshot is owned by its Backup, so that
Kubernetes deletes it with that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runtime.maintenance.kubernetes import KubernetesApi

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A Backup by volume snapshot; ``completed`` is whether a cluster can be restored from it."""

    name: str
    created: datetime
    completed: bool


def prune(api: KubernetesApi, namespace: str, cluster: str, now: datetime, retention: timedelta) -> tuple[str, ...]:
    """Delete the snapshots of a cluster past the retention, and return their names.

    Raises:
        KubernetesError: the API is unreachable or refuses; earlier deletions remain.
    """
    path = f"/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/backups"
    names = tuple(item.name for item in expired(snapshots(api.list(path), cluster), now, retention))
    for name in names:
        there = api.delete(f"{path}/{name}")
        _log.info("deleted a snapshot" if there else "a snapshot was gone already", backup=name)
    return names


def snapshots(backups: Iterable[dict[str, Any]], cluster: str) -> tuple[Snapshot, ...]:
    """Return the Backups of a cluster that are volume snapshots; those in an object store are not deleted here."""
    return tuple(
        Snapshot(
            name=backup["metadata"]["name"],
            created=datetime.fromisoformat(backup["metadata"]["creationTimestamp"]),
            completed=backup.get("status", {}).get("phase") == "completed",
        )
        for backup in backups
        if backup["spec"]["cluster"]["name"] == cluster and backup["spec"].get("method") == "volumeSnapshot"
    )


def expired(found: Iterable[Snapshot], now: datetime, retention: timedelta) -> tuple[Snapshot, ...]:
    """Return the snapshots past the retention, oldest first, but never the newest one that can be restored.

    When no snapshot was taken within the retention, an old one is better than none.
    """
    ordered = sorted(found, key=lambda item: item.created)
    last = next((item for item in reversed(ordered) if item.completed), None)
    return tuple(item for item in ordered if now - item.created > retention and item is not last)
