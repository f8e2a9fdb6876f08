"""Snapshots of the database's volumes that are older than they have to be kept.

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
    """A Backup by volume snapshot: ``completed`` is whether a cluster can be restored from it."""

    name: str
    created: datetime
    completed: bool


def prune(api: KubernetesApi, namespace: str, cluster: str, now: datetime, retention: timedelta) -> tuple[str, ...]:
    """Delete the snapshots of a cluster that are older than the retention, and return their names.

    Raises:
        KubernetesError: the API cannot be reached, or refuses; what was deleted before stays so.
    """
    path = f"/apis/postgresql.cnpg.io/v1/namespaces/{namespace}/backups"
    names = tuple(item.name for item in expired(snapshots(api.list(path), cluster), now, retention))
    for name in names:
        there = api.delete(f"{path}/{name}")
        _log.info("deleted a snapshot" if there else "a snapshot was gone already", backup=name)
    return names


def snapshots(backups: Iterable[dict[str, Any]], cluster: str) -> tuple[Snapshot, ...]:
    """Return those of the Backups that are snapshots of a cluster; what an object store holds is not ours to delete."""
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
    """Return what is older than the retention, oldest first; but never the newest one that can be restored.

    Where no snapshot has been taken for longer than that, an old one is better than none.
    """
    ordered = sorted(found, key=lambda item: item.created)
    last = next((item for item in reversed(ordered) if item.completed), None)
    return tuple(item for item in ordered if now - item.created > retention and item is not last)
