"""VolumeSnapshots of PersistentVolumeClaims without backups of their own: taken hourly, deleted after retention.

Upstream: https://kubernetes.io/docs/concepts/storage/volume-snapshots/
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from runtime.maintenance.snapshots import Snapshot, expired

if TYPE_CHECKING:
    from runtime.maintenance.kubernetes import KubernetesApi

_log = structlog.get_logger(__name__)
_API_VERSION = "snapshot.storage.k8s.io/v1"


@dataclass(frozen=True, slots=True)
class Volumes:
    """The PersistentVolumeClaims of a namespace with a label ``app``, and the class of their snapshots."""

    namespace: str
    app: str
    snapshot_class: str


def copy(
    api: KubernetesApi, volumes: Volumes, now: datetime, retention: timedelta
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take a snapshot of each claim, at most once an hour; delete expired ones. Return the names of both.

    Snapshots get the label ``app`` too. The newest restorable snapshot of each claim is kept at any age.

    Raises:
        KubernetesError: the API is unreachable or refuses; earlier changes remain.
    """
    path = f"/apis/{_API_VERSION}/namespaces/{volumes.namespace}/volumesnapshots"
    claims = api.list(f"/api/v1/namespaces/{volumes.namespace}/persistentvolumeclaims", app=volumes.app)
    wanted = [_snapshot(volumes, claim["metadata"]["name"], now) for claim in claims]
    taken = tuple(item["metadata"]["name"] for item in wanted if api.create(path, item))
    for name in taken:
        _log.info("a snapshot is being taken", snapshot=name)
    deleted = tuple(name for name in _expired(api, path, volumes.app, now, retention) if api.delete(f"{path}/{name}"))
    for name in deleted:
        _log.info("deleted a snapshot", snapshot=name)
    return taken, deleted


def _snapshot(volumes: Volumes, claim: str, now: datetime) -> dict[str, Any]:
    return {
        "apiVersion": _API_VERSION,
        "kind": "VolumeSnapshot",
        "metadata": {"name": f"{claim}-{now:%Y%m%d%H}", "labels": {"app": volumes.app}},
        "spec": {
            "volumeSnapshotClassName": volumes.snapshot_class,
            "source": {"persistentVolumeClaimName": claim},
        },
    }


def _expired(api: KubernetesApi, path: str, app: str, now: datetime, retention: timedelta) -> list[str]:
    """Return the names of the snapshots past the retention, claim by claim."""
    by_claim: defaultdict[str, list[Snapshot]] = defaultdict(list)
    for item in api.list(path, app=app):
        created = datetime.fromisoformat(item["metadata"]["creationTimestamp"])
        ready = bool(item.get("status", {}).get("readyToUse"))
        claim = item["spec"]["source"]["persistentVolumeClaimName"]
        by_claim[claim].append(Snapshot(item["metadata"]["name"], created, ready))
    return [item.name for found in by_claim.values() for item in expired(found, now, retention)]
