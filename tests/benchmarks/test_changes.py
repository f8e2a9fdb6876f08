"""The benchmark of changes: a short run of the real servers."""

from __future__ import annotations

import uvloop

from benchmarks.changes import Measured, Round, loaded, servers, with_standby


def test_the_api_bare_endpoints_and_plain_statements_are_loaded_in_turns() -> None:
    with servers(with_standby, 1) as running:
        measured = uvloop.run(loaded(running, rounds=1, seconds=0.5, parts=(2, 0.5)))
    (only,) = measured.rounds
    assert min(only.api, only.bare, only.plain, *measured.beside_snapshot) > 0


def test_the_ratios_are_those_of_one_round_and_of_the_ends() -> None:
    assert (Round(50, 100, 40).ratio, Round(50, 100, 40).beside_bare) == (0.5, 1.25)
    assert Measured((), (100, 90, 80)).flatness == 0.8
