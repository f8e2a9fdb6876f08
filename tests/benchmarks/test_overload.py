"""The benchmark of an overload: a short run on the real server."""

from __future__ import annotations

from benchmarks.overload import Answers, Round, measure


def test_a_usual_load_and_an_overload_are_answered_in_one_round() -> None:
    (only,) = measure(rounds=1, seconds=0.3)
    assert min(only.capacity, only.usual.a_second, only.overload.a_second, only.usual.within) > 0


def test_the_ratios_are_those_of_one_round() -> None:
    one = Round(100, Answers(80, 0.1), Answers(95, 0.15))
    assert (one.goodput, round(one.latency, 6)) == (0.95, 1.5)
