"""Alerts on the restore test: that it succeeds, and shows the recovery objectives as often as they are to be shown.

The results are rows of the database (migration 0012), which the exporter of its pods serves.

Sources: ``backup.database.testing``, ``recovery.rto``, ``recovery.rpo``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.common.cron import longest_interval
from compiler.emit.kubernetes.monitoring.alert import Alert, Unit
from compiler.emit.kubernetes.monitoring.jobs import failed_last, since_created
from compiler.emit.names import RESTORE_TEST, namespace
from compiler.emit.settings import DAY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

_DATA = f'namespace="{namespace("data")}"'


def restore_alerts(site: Site) -> Iterator[Alert]:
    """Yield the alerts on a test that fails, and on each objective that is missed, or not shown any more."""
    yield Alert(
        "RestoreTestFailed",
        *failed_last(RESTORE_TEST),
        "0m",
        "critical",
        "The database could not be restored, or its copy has faults: the log of the failed job names them.",
        "backup.database.testing.schedule",
        unit=Unit.MOMENT,
    )
    recovery = site.spec.recovery
    for name, objective, measured, missed in (
        ("RecoveryPoint", recovery.rpo, "lost_seconds", "The restore test lost changes of more than"),
        ("RecoveryTime", recovery.rto, "seconds", "The restore test took more than"),
    ):
        path = f"recovery.{'rpo' if objective is recovery.rpo else 'rto'}"
        yield Alert(
            f"{name}Missed",
            f"max(cnpg_restore_test_{measured}{{{_DATA}}})",
            ">",
            objective.target.seconds,
            "0m",
            "critical",
            f"{missed} {objective.target}: the objective would be missed after a disaster.",
            f"{path}.target",
            unit=Unit.SECONDS,
        )
        late = longest_interval(objective.validation).seconds + DAY_SECONDS
        yield Alert(
            f"{name}Unproven",
            since_created(f"cnpg_restore_test_finished_time{{{_DATA}}}", RESTORE_TEST),
            ">",
            late,
            "0m",
            "warning",
            f"No restore test without a fault has ended for a day longer than {path}.validation allows.",
            f"{path}.validation",
            unit=Unit.SECONDS,
        )
