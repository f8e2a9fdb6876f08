"""Schedules run as often as their word says, and no oftener."""

from __future__ import annotations

import pytest

from compiler.emit.kubernetes.common.cron import cron, cron_with_seconds
from compiler.model.units import Schedule

FIELDS = {
    Schedule.HOURLY: "30 * * * *",
    Schedule.DAILY: "30 1 * * *",
    Schedule.WEEKLY: "30 1 * * 0",
    Schedule.MONTHLY: "30 1 1 * *",
    Schedule.QUARTERLY: "30 1 1 1,4,7,10 *",
}


@pytest.mark.parametrize("schedule", Schedule)
def test_each_word_is_an_expression_of_five_fields_and_of_six_with_the_seconds(schedule: Schedule) -> None:
    assert cron(schedule, 1, 30) == FIELDS[schedule]
    assert cron_with_seconds(schedule, 1, 30) == f"0 {FIELDS[schedule]}"
