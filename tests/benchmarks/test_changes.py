"""The benchmark of changes: a short run of the real servers."""

from __future__ import annotations

from benchmarks.changes import Measured, Round, measure


def test_the_api_bare_endpoints_and_plain_statements_are_loaded_in_turns() -> None:
    measured = measure(rounds=1, seconds=0.5, parts=2, part_seconds=0.5, workers=(1, 1))
    (alone,), (synchronous,) = measured.rounds, measured.synchronous
    for each in (alone, synchronous):
        assert min(each.api, each.bare, each.plain) > 0
    assert min(measured.beside_snapshot) > 0


def test_the_ratios_are_those_of_one_round_and_of_the_ends() -> None:
    assert (Round(50, 100, 40).ratio, Round(50, 100, 40).beside_bare) == (0.5, 1.25)
    assert Measured((), (100, 90, 80)).flatness == 0.8
