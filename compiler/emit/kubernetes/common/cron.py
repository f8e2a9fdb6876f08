"""Cron expressions, in UTC, for the specification's schedules.

Sources: ``backup.*.schedule``, ``storage.cache.persistence.backup_schedule``, ``recovery.*.validation``.
Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
"""

from __future__ import annotations

from compiler.model.units import Schedule

_DAYS = {
    Schedule.DAILY: "* * *",
    Schedule.WEEKLY: "* * 0",
    Schedule.MONTHLY: "1 * *",
    Schedule.QUARTERLY: "1 1,4,7,10 *",
}


def cron(schedule: Schedule, hour: int, minute: int) -> str:
    """Return the five fields of a schedule at a time of day: daily, on Sundays, or on the first day of the period."""
    if schedule is Schedule.HOURLY:
        return f"{minute} * * * *"
    return f"{minute} {hour} {_DAYS[schedule]}"


def cron_with_seconds(schedule: Schedule, hour: int, minute: int) -> str:
    """Return the six fields that CloudNativePG reads, seconds first: five would run sixty times as often."""
    return f"0 {cron(schedule, hour, minute)}"
