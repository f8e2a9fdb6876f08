"""Ids that are drawn many at a time."""

from __future__ import annotations

from itertools import islice

from runtime.http.ids import random_ids, random_uuids

SEVERAL_DRAWS = 1000


def test_no_id_comes_twice_over_several_draws() -> None:
    drawn = list(islice(random_ids(), SEVERAL_DRAWS)) + list(islice(random_ids(), SEVERAL_DRAWS))
    assert len(set(drawn)) == 2 * SEVERAL_DRAWS
    assert {len(each) for each in drawn} == {32}


def test_uuids_are_random_ones() -> None:
    drawn = list(islice(random_uuids(), SEVERAL_DRAWS))
    assert len(set(drawn)) == SEVERAL_DRAWS
    assert {(each.version, each.variant) for each in drawn} == {(4, "specified in RFC 4122")}
