"""``python -m runtime.maintenance JOB``: run one maintenance job, and exit."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from runtime.environment import EnvironmentVariableError, read_locked_store, read_migration_environment, read_signer
from runtime.loading import SettingsError, load_settings
from runtime.logs import configure_logging
from runtime.maintenance.audit import anchor
from runtime.maintenance.configuration_snapshots import take
from runtime.maintenance.events import keep_events
from runtime.maintenance.history import verify_history
from runtime.maintenance.kubernetes import KubernetesApi, KubernetesError, in_cluster
from runtime.maintenance.locked_store import StoreError
from runtime.maintenance.restore_test import restore
from runtime.maintenance.scratch import Scratch
from runtime.maintenance.snapshots import prune
from runtime.maintenance.transit import SignerError
from runtime.maintenance.volumes import Volumes, copy

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from runtime.environment import Address, MigrationEnvironment
    from runtime.settings import Database, Settings

CREDENTIALS = Path("/var/run/secrets/kubernetes.io/serviceaccount")
FAILED = 1
MISCONFIGURED = 2
_FAILURES = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, SignerError, StoreError, KubernetesError)

_log = structlog.get_logger(__name__)


def main() -> int:
    """Read the command line, run the job, and return 0, 1 when it failed, or 2 for a fault to repair."""
    parser = argparse.ArgumentParser(prog="python -m runtime.maintenance", description=__doc__)
    jobs = parser.add_subparsers(required=True, metavar="JOB")
    job = jobs.add_parser("prune-snapshots", help="delete the database's volume snapshots past their retention")
    job.add_argument("--cluster", required=True, help="the name of the database's Cluster")
    _add_common(job, _prune)
    job = jobs.add_parser("copy-volumes", help="take a snapshot of each volume, and delete those past retention")
    job.add_argument("--app", required=True, help="the label `app` of the PersistentVolumeClaims and their snapshots")
    job.add_argument("--snapshot-class", required=True, help="the VolumeSnapshotClass")
    _add_common(job, _copy)
    job = jobs.add_parser("events", help="make partitions of the events ahead, and drop those past their retention")
    _add_settings(job, _keep_events)
    job = jobs.add_parser("verify-history", help="rebuild the entries from their events, and name each difference")
    _add_settings(job, _verify_history)
    job = jobs.add_parser("anchor-audit", help="have Vault sign the head of the audit trail, and keep the anchor")
    job.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    job.add_argument("--folder", type=Path, help="a folder outside of the database, for each anchor as a file")
    job.set_defaults(start=_anchor)
    job = jobs.add_parser("snapshot-configuration", help="keep all namespaces of one moment as one file under a lock")
    job.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    job.add_argument("--folder", type=Path, help="a folder for the file, besides the bucket or in its place")
    job.add_argument("--versioned", action="store_true", help="keep the files before: each name has its time")
    job.set_defaults(start=_snapshot)
    job = jobs.add_parser("test-restore", help="restore the database beside itself, verify the copy, and delete it")
    job.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    job.add_argument("--cluster", required=True, help="the name of the database's Cluster")
    job.add_argument("--manifest", type=Path, required=True, metavar="FILE", help="the scratch Cluster, as JSON")
    job.add_argument("--longest-seconds", type=int, required=True, help="the time after which a restore has failed")
    _add_credentials(job)
    job.set_defaults(start=_restore)
    arguments = parser.parse_args()
    configure_logging()
    status: int = arguments.start(arguments)
    return status


def _run_on_database(arguments: argparse.Namespace) -> int:
    def run(settings: Settings, environment: MigrationEnvironment) -> Coroutine[Any, Any, int]:
        job: Coroutine[Any, Any, int] = arguments.run(environment.database, settings.database)
        return job

    return _on_database(arguments.settings, run)


def _anchor(arguments: argparse.Namespace) -> int:
    async def run(settings: Settings, environment: MigrationEnvironment) -> int:
        signer, store = read_signer(os.environ), read_locked_store(os.environ)
        await anchor(environment.database, settings, signer, arguments.folder, store)
        return 0

    return _on_database(arguments.settings, run)


def _snapshot(arguments: argparse.Namespace) -> int:
    async def run(settings: Settings, environment: MigrationEnvironment) -> int:
        store = read_locked_store(os.environ)
        if store is None and arguments.folder is None:
            raise EnvironmentVariableError(("CBP_LOCKED_STORE_URL is not set: it names a bucket; or state --folder",))
        await take(environment.database, settings, store, arguments.folder, versioned=arguments.versioned)
        return 0

    return _on_database(arguments.settings, run)


def _restore(arguments: argparse.Namespace) -> int:
    # The run that is ended deletes its scratch Cluster.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(FAILED))

    async def run(settings: Settings, environment: MigrationEnvironment) -> int:
        manifest = json.loads(arguments.manifest.read_text(encoding="utf-8"))
        scratch = Scratch(in_cluster(os.environ, arguments.credentials), manifest)
        outcome = await restore(
            scratch, arguments.cluster, environment.database, settings.database, arguments.longest_seconds
        )
        sys.stdout.write("".join(f"{fault}\n" for fault in outcome.faults))
        _log.info("the database was restored", **asdict(outcome) | {"faults": len(outcome.faults)})
        return FAILED if outcome.faults else 0

    return _on_database(arguments.settings, run)


def _on_database(path: Path, run: Callable[[Settings, MigrationEnvironment], Coroutine[Any, Any, int]]) -> int:
    try:
        settings = load_settings(path)
        environment = read_migration_environment(os.environ)
        return asyncio.run(run(settings, environment))
    except (SettingsError, EnvironmentVariableError) as error:
        sys.stderr.write(f"error: {error}\n")
        return MISCONFIGURED
    except _FAILURES as error:
        _log.error("the maintenance job failed", reason=str(error))
        return FAILED


async def _keep_events(address: Address, settings: Database) -> int:
    await keep_events(address, settings)
    return 0


async def _verify_history(address: Address, settings: Database) -> int:
    faults, summary = await verify_history(address, settings)
    sys.stdout.write("".join(f"{line}\n" for line in (*faults, summary)))
    return FAILED if faults else 0


def _add_settings(job: argparse.ArgumentParser, run: Callable[[Address, Database], Coroutine[Any, Any, int]]) -> None:
    job.add_argument("--settings", type=Path, required=True, metavar="FILE", help="the compiled settings.json")
    job.set_defaults(run=run, start=_run_on_database)


def _add_common(job: argparse.ArgumentParser, run: Callable[..., None]) -> None:
    job.add_argument("--namespace", required=True, help="the namespace of the snapshots")
    job.add_argument("--retention-seconds", required=True, type=int, help="the time to keep a snapshot")
    _add_credentials(job)
    job.set_defaults(run=run, start=_run_in_cluster)


def _add_credentials(job: argparse.ArgumentParser) -> None:
    job.add_argument(
        "--credentials",
        type=Path,
        default=CREDENTIALS,
        help="the folder of the service account's token (default: %(default)s)",
    )


def _run_in_cluster(arguments: argparse.Namespace) -> int:
    retention = timedelta(seconds=arguments.retention_seconds)
    try:
        arguments.run(in_cluster(os.environ, arguments.credentials), arguments, datetime.now(UTC), retention)
    except KubernetesError as error:
        _log.error("the maintenance job failed", reason=str(error))
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
