"""Cron expressions, in UTC, for the specification's schedules.

Sources: ``backup.*.schedule``, ``storage.cache.persistence.backup_schedule``, ``recovery.*.validation``.
Upstream: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
"""

from __future__ import annotations

from compiler.model.units import Duration, Schedule

_DAYS = {
    Schedule.DAILY: "* * *",
    Schedule.WEEKLY: "* * 0",
    Schedule.MONTHLY: "1 * *",
    Schedule.QUARTERLY: "1 1,4,7,10 *",
}

_LONGEST = {
    Schedule.HOURLY: Duration(3600),
    Schedule.DAILY: Duration(86400),
    Schedule.WEEKLY: Duration(86400) * 7,
    Schedule.MONTHLY: Duration(86400) * 31,
    Schedule.QUARTERLY: Duration(86400) * 92,
}


def longest_interval(schedule: Schedule) -> Duration:
    """Return the longest time between two runs of a schedule."""
    return _LONGEST[schedule]


def cron(schedule: Schedule, hour: int, minute: int) -> str:
    """Return the five fields of a schedule at a time of day: daily, on Sundays, or on the first day of the period."""
    if schedule is Schedule.HOURLY:
        return f"{minute} * * * *"
    return f"{minute} {hour} {_DAYS[schedule]}"


def at_least_every(longest: Duration) -> tuple[str, Duration]:
    """Return the five fields of a schedule that runs after this time at the latest, and the time between two runs.

    Cron begins anew with each hour and each day, so that only divisors of both are even. The shortest time is a minute.
    """
    minutes = longest.seconds // 60
    if minutes < 60:
        period = max((divisor for divisor in range(1, 60) if 60 % divisor == 0 and divisor <= minutes), default=1)
        return f"*/{period} * * * *", Duration(60) * period
    period = max(divisor for divisor in range(1, 25) if 24 % divisor == 0 and divisor <= minutes // 60)
    return f"0 */{period} * * *", Duration(3600) * period


def cron_with_seconds(schedule: Schedule, hour: int, minute: int) -> str:
    """Return the six fields that CloudNativePG reads, seconds first: five would run sixty times as often."""
    return f"0 {cron(schedule, hour, minute)}"
