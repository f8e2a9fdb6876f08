"""Alerts on late backups, a log that is not archived, standbys that fall behind, and copies of the cache.

Sources: ``backup.database.schedule``, ``backup.configuration.schedule``, ``recovery.rpo.target``,
``storage.cache.persistence.backup_schedule``.
Upstream: https://cloudnative-pg.io/plugin-barman-cloud/docs/observability,
https://cloudnative-pg.io/documentation/current/monitoring/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cache import snapshots
from compiler.emit.kubernetes.common.cron import longest_interval
from compiler.emit.kubernetes.database.audit_anchors import anchored, anchoring
from compiler.emit.kubernetes.database.configuration_snapshots import snapshots_taken
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.kubernetes.monitoring.jobs import since_created, succeeded
from compiler.emit.names import CONFIGURATION_SNAPSHOTS, namespace
from compiler.emit.settings import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from compiler.model.units import Schedule

# A backup may take long, and one may fail: a second one that is missing is no accident.
LATE_BACKUPS = 2
# The operator may tell of a snapshot only after the next one (its issue 11361), which may fail.
LATE_SNAPSHOTS = 3

_DATA = f'namespace="{namespace("data")}"'


def recovery_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on the database, and those on the configuration and on the cache where they are copied."""
    yield from _backups(site)
    if site.serves:
        yield _archive(site)
    if anchored(site):
        yield _standbys(site)
    if snapshots_taken(site):
        yield _overdue(
            "ConfigurationSnapshotOverdue",
            CONFIGURATION_SNAPSHOTS,
            site.spec.backup.configuration.schedule,
            "No snapshot of the configuration has been kept",
            "backup.configuration.schedule",
        )
    if snapshots.taken(site):
        yield _overdue(
            "CacheCopyOverdue",
            snapshots.NAME,
            site.spec.storage.cache.persistence.backup_schedule,
            "The volumes of the cache have not been copied",
            "storage.cache.persistence.backup_schedule",
        )


def _backups(site: Site) -> Iterator[Alert]:
    """Yield the alerts on backups of the database, each of which a cluster that stands by has, too."""
    full = site.spec.backup.database.schedule.full
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
    between = longest_interval(site.spec.backup.database.schedule.incremental)
    yield Alert(
        "VolumeSnapshotOverdue",
        f"time() - max(cnpg_collector_last_available_backup_timestamp{{{_DATA}}})",
        ">",
        (between * LATE_SNAPSHOTS).seconds,
        "1h",
        "warning",
        f"The volumes of the database have had no snapshot for more than {between * LATE_SNAPSHOTS}: a restore takes"
        " longer from what is older.",
        "backup.database.schedule.incremental",
        unit=Unit.SECONDS,
    )


def _archive(site: Site) -> Alert:
    """Return the alert on the archive of the log, which the primary fills."""
    goal = site.spec.recovery.rpo.target
    archived, failed = (f"cnpg_pg_stat_archiver_last_{what}_time{{{_DATA}}}" for what in ("archived", "failed"))
    # An idle database archives nothing, and a server that was the primary once may have failed then.
    failing = f"{failed} > {archived} and on (pod) cnpg_pg_replication_in_recovery{{{_DATA}}} == 0"
    return Alert(
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


def _standbys(site: Site) -> Alert:
    """Return the alert on standbys, in this region or in another one, that lag behind the primary.

    The job that anchors the audit trail commits at every run, also while nobody changes anything. So a standby whose
    last commit is older than the objective and the time between two runs lacks one that is older than the objective.
    """
    goal = site.spec.recovery.rpo.target
    return Alert(
        "StandbyBehind",
        f"max by (pod) (time() - cnpg_standby_replayed_time{{{_DATA}}})",
        ">",
        goal.seconds + anchoring(site)[1].seconds,
        "5m",
        "critical",
        f"A standby of the database lacks changes of more than {goal}: if it had to take over now, they would be lost.",
        "recovery.rpo.target",
        unit=Unit.SECONDS,
    )


def _overdue(name: str, cron_job: str, schedule: Schedule, what: str, statement: str) -> Alert:
    """Return the alert on a CronJob that has not succeeded for longer than its schedule explains."""
    late = longest_interval(schedule) * LATE_BACKUPS
    return Alert(
        name,
        since_created(succeeded(cron_job), cron_job),
        ">",
        late.seconds,
        "0m",
        "warning",
        f"{what} for more than {late}.",
        statement,
        unit=Unit.SECONDS,
    )
