"""A lost zone blocks no pod in the others, whatever makes the pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from compiler.emit.site import sites
from tests.compiler.project import documents, resolved
from tests.compiler.scheduler import scheduled

ZONES = ("a", "b", "c")


def spreads(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the constraints of a document, at any depth."""
    if isinstance(value, Mapping):
        yield from value.get("topologySpreadConstraints", ())
        for item in value.values():
            yield from spreads(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from spreads(item)


EMITTED = {
    f"{environment}/{at.name}/{name}": spread
    for environment, found in resolved().items()
    for at in sites(found)
    for name, document in documents(at).items()
    for spread in spreads(document)
}


def test_the_api_the_poolers_and_the_stores_are_spread_by_force() -> None:
    kinds = {name.rpartition("/")[2].partition("-")[0] for name in EMITTED}
    assert kinds == {"deployment", "pooler", "cluster", "redisreplication", "redissentinel"}
    assert {spread["whenUnsatisfiable"] for spread in EMITTED.values()} == {"DoNotSchedule"}


@pytest.mark.parametrize("spread", EMITTED.values(), ids=EMITTED)
def test_all_pods_run_whichever_zone_is_lost(spread: Mapping[str, Any]) -> None:
    for lost in ZONES:
        for before in (dict.fromkeys(ZONES, 0), {"a": 1, "b": 2, "c": 1}, {"a": 3, "b": 3, "c": 2}):
            assert scheduled(before, 8, {lost}, spread) == 8


def test_a_zone_that_counts_though_it_is_lost_leaves_three_of_eight_pods() -> None:
    before = {"a": 1, "b": 2, "c": 1}
    by_default = {"maxSkew": 1, "nodeTaintsPolicy": "Ignore"}
    assert scheduled(before, 8, {"a"}, by_default) == 3
    assert scheduled(before, 8, {"a"}, {**by_default, "nodeTaintsPolicy": "Honor"}) == 8
