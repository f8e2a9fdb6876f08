"""Alerts on late backups of the database and of the configuration, a log that is not archived, and copies of the cache.

Sources: ``backup.database.schedule.full``, ``backup.configuration.schedule``, ``recovery.rpo.target``,
``storage.cache.persistence.backup_schedule``.
Upstream: https://cloudnative-pg.io/plugin-barman-cloud/docs/observability,
https://cloudnative-pg.io/documentation/current/monitoring/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cache import snapshots
from compiler.emit.kubernetes.common.cron import longest_interval
from compiler.emit.kubernetes.database.configuration_snapshots import snapshots_taken
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.kubernetes.monitoring.jobs import since_created, succeeded
from compiler.emit.names import CONFIGURATION_SNAPSHOTS, namespace
from compiler.emit.settings import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

# A backup may take long, and one may fail: a second one that is missing is no accident.
LATE_BACKUPS = 2

_DATA = f'namespace="{namespace("data")}"'


def recovery_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the database, and those on the configuration and on the cache where they are copied."""
    full, goal = site.spec.backup.database.schedule.full, site.spec.recovery.rpo.target
    yield Alert(
        "BackupOverdue",
        f"time() - max(barman_cloud_cloudnative_pg_io_last_available_backup_timestamp{{{_DATA}}})",
        ">",
        longest_interval(full).seconds + DAY_SECONDS,
        "1h",
        "critical",
        "The last full backup of the database is a day older than the schedule lets it become.",
        "backup.database.schedule.full",
        unit=Unit.SECONDS,
    )
    archived, failed = (f"cnpg_pg_stat_archiver_last_{what}_time{{{_DATA}}}" for what in ("archived", "failed"))
    # An idle database archives nothing, and a server that was the primary once may have failed then.
    failing = f"{failed} > {archived} and on (pod) cnpg_pg_replication_in_recovery{{{_DATA}}} == 0"
    yield Alert(
        "LogNotArchived",
        f"max(time() - {archived} and on (pod) ({failing}))",
        ">",
        goal.seconds // 2,
        "0m",
        "critical",
        f"The database cannot archive its log: a disaster would lose what is newer, and may lose {goal} of it.",
        "recovery.rpo.target",
        unit=Unit.SECONDS,
    )
    if snapshots_taken(site):
        schedule = site.spec.backup.configuration.schedule
        late = longest_interval(schedule) * LATE_BACKUPS
        yield Alert(
            "ConfigurationSnapshotOverdue",
            since_created(succeeded(CONFIGURATION_SNAPSHOTS), CONFIGURATION_SNAPSHOTS),
            ">",
            late.seconds,
            "0m",
            "warning",
            f"No snapshot of the configuration has been kept for more than {late}.",
            "backup.configuration.schedule",
            unit=Unit.SECONDS,
        )
    if snapshots.taken(site):
        late = longest_interval(site.spec.storage.cache.persistence.backup_schedule) * LATE_BACKUPS
        yield Alert(
            "CacheCopyOverdue",
            since_created(succeeded(snapshots.NAME), snapshots.NAME),
            ">",
            late.seconds,
            "0m",
            "warning",
            f"The volumes of the cache have not been copied for more than {late}.",
            "storage.cache.persistence.backup_schedule",
            unit=Unit.SECONDS,
        )
