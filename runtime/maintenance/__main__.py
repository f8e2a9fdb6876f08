"""``python -m runtime.maintenance CHORE``: do one chore in the cluster that this is a pod of, and end."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from runtime.logs import configure_logging
from runtime.maintenance.kubernetes import KubernetesApi, KubernetesError, in_cluster
from runtime.maintenance.snapshots import prune
from runtime.maintenance.volumes import Volumes, copy

if TYPE_CHECKING:
    from collections.abc import Callable

CREDENTIALS = Path("/var/run/secrets/kubernetes.io/serviceaccount")
FAILED = 1

_log = structlog.get_logger(__name__)


def main() -> int:
    """Read the command line, and return 0, or 1 where the chore could not be done."""
    parser = argparse.ArgumentParser(prog="python -m runtime.maintenance", description=__doc__)
    chores = parser.add_subparsers(required=True, metavar="CHORE")
    chore = chores.add_parser("prune-snapshots", help="delete the database's volume snapshots past their retention")
    chore.add_argument("--cluster", required=True, help="the name of its Cluster")
    _common(chore, _prune)
    chore = chores.add_parser("copy-volumes", help="take a snapshot of each volume, and delete those past retention")
    chore.add_argument("--app", required=True, help="the label of the volumes' claims, and of their snapshots")
    chore.add_argument("--snapshot-class", required=True, help="the VolumeSnapshotClass")
    _common(chore, _copy)
    return _done(parser.parse_args())


def _common(chore: argparse.ArgumentParser, does: Callable[..., None]) -> None:
    chore.add_argument("--namespace", required=True, help="where its objects are")
    chore.add_argument("--retention-seconds", required=True, type=int, help="how long a snapshot is kept")
    chore.add_argument(
        "--credentials", type=Path, default=CREDENTIALS, help="the token's folder (default: %(default)s)"
    )
    chore.set_defaults(does=does)


def _done(arguments: argparse.Namespace) -> int:
    configure_logging()
    retention = timedelta(seconds=arguments.retention_seconds)
    try:
        arguments.does(in_cluster(os.environ, arguments.credentials), arguments, datetime.now(UTC), retention)
    except KubernetesError as error:
        _log.error("the chore could not be done", reason=str(error))
        return FAILED
    return 0


def _prune(api: KubernetesApi, arguments: argparse.Namespace, now: datetime, retention: timedelta) -> None:
    deleted = prune(api, arguments.namespace, arguments.cluster, now, retention)
    _log.info("the snapshots are within their retention", deleted=len(deleted))


def _copy(api: KubernetesApi, arguments: argparse.Namespace, now: datetime, retention: timedelta) -> None:
    volumes = Volumes(arguments.namespace, arguments.app, arguments.snapshot_class)
    taken, deleted = copy(api, volumes, now, retention)
    _log.info("the volumes are copied", taken=len(taken), deleted=len(deleted))


if __name__ == "__main__":
    sys.exit(main())
