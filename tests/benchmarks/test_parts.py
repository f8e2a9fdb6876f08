"""The benchmark of parts: what is computed of its figures, and one application that is really asked."""

from __future__ import annotations

import pytest

from benchmarks.part_process import PARTS, TRACES
from benchmarks.parts import BOUNDED, Cost, Round, measured_cost


def test_a_part_adds_what_a_request_costs_without_it_less_and_traces_what_it_costs_with_them_more() -> None:
    costs = {part: Cost(46, 0, 0) for part in PARTS} | {TRACES: Cost(51, 0, 0)}
    found = Round(Cost(49, 1, 0), costs)
    assert [found.added(part) for part in (*PARTS, TRACES)] == [4] * len(PARTS) + [1]
    assert found.bounded == pytest.approx((3 * 4 + 1) / (50 + 1 - 13))
    assert set(BOUNDED) <= found.other.keys()


def test_what_goes_on_without_requests_takes_its_part_of_the_processor() -> None:
    assert Cost(38, 2, 0.2).microseconds == 50


def test_an_application_without_a_part_is_asked_in_its_own_process() -> None:
    cost = measured_cost("metrics", batches=3)
    assert (cost.request > 0, cost.written >= 0, 0 <= cost.idle < 1) == (True, True, True)
