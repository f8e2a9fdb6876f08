"""Schedules run as often as their word says, and no oftener."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from compiler.emit.kubernetes.common.cron import at_least_every, cron, cron_with_seconds, longest_interval
from compiler.model.units import Duration, Schedule
from tests.compiler.project import ROOT

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


def test_the_longest_time_between_two_runs_is_the_one_that_policies_count_with() -> None:
    known = yaml.safe_load((ROOT / "policies/schedules/data.yaml").read_text(encoding="utf-8"))
    assert {str(each): longest_interval(each).seconds for each in Schedule} == known["seconds"]


@pytest.mark.parametrize(
    ("longest", "expression", "seconds"),
    [
        (1, "*/1 * * * *", 60),
        (60, "*/1 * * * *", 60),
        (900, "*/15 * * * *", 900),
        (1799, "*/20 * * * *", 1200),
        (3599, "*/30 * * * *", 1800),
        (3600, "0 */1 * * *", 3600),
        (20000, "0 */4 * * *", 14400),
        (10**9, "0 */24 * * *", 86400),
    ],
)
def test_a_bound_becomes_the_longest_even_schedule_within_it(longest: int, expression: str, seconds: int) -> None:
    assert at_least_every(Duration(longest)) == (expression, Duration(seconds))


@given(st.integers(60, 10**9))
def test_no_schedule_is_less_than_half_as_often_as_it_may_be_within_a_day(longest: int) -> None:
    period = at_least_every(Duration(longest))[1].seconds
    assert period <= longest
    assert 2 * period > min(longest, 86400 - 1)
