"""The one form for what is written differently: equal values are equal in it, and no others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compiler.vault.normal import differing, is_duration, normal, seconds

SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=3))
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
)


@given(st.integers(0, 10**9))
def test_every_way_to_write_a_duration_is_the_same_number_of_seconds(count: int) -> None:
    hours, rest = divmod(count, 3600)
    ways: tuple[object, ...] = (count, str(count), f"{count}s", f"{hours}h{rest // 60}m{rest % 60}s")
    assert {seconds(way) for way in ways} == {count}
    assert {normal(way, "token_ttl") for way in ways} == {count}


@pytest.mark.parametrize("text", ["", "h", "1", "1.5h", "-1h", "1h ", "one", "1w", "720h0m0", None, True, 1.5])
def test_what_is_no_duration_is_none(text: object) -> None:
    assert seconds(text) == (1 if text == "1" else None)


@given(st.lists(SCALARS), st.randoms())
def test_the_order_of_a_list_says_nothing(items: list[Any], chance: Any) -> None:
    shuffled = list(items)
    chance.shuffle(shuffled)
    assert normal(shuffled) == normal(items)


@pytest.mark.parametrize("empty", [None, "", [], {}, ()])
def test_what_was_left_empty_is_as_if_it_was_not_said(empty: object) -> None:
    assert differing({"a": empty}, {}) == ()
    assert differing({"a": "b"}, {"a": empty}) == ("a",)


@given(VALUES)
def test_a_normal_form_is_its_own(value: Any) -> None:
    assert normal(normal(value)) == normal(value)


@given(SCALARS, SCALARS)
def test_texts_numbers_and_flags_are_told_apart(one: Any, other: Any) -> None:
    same = (type(one), one) == (type(other), other)
    assert (differing({"name": one}, {"name": other}) == ()) is same


@pytest.mark.parametrize(
    ("field", "holds"),
    [
        ("token_ttl", True),
        ("rotation_period", True),
        ("period", True),
        ("delete_version_after", True),
        ("clock_skew_leeway", True),
        ("username", False),
        ("periodic", False),
        ("max_versions", False),
    ],
)
def test_a_duration_is_known_by_its_field(field: str, holds: bool) -> None:
    assert is_duration(field) is holds
    assert (differing({field: "1h"}, {field: 3600}) == ()) is holds


def test_a_server_may_say_more_than_a_plan_but_not_inside_of_what_is_planned() -> None:
    planned = {"bound_claims": {"groups": ["a"]}, "ttl": "1h"}
    assert differing(planned, {**planned, "accessor": "x", "ttl": 3600}) == ()
    assert differing(planned, {**planned, "bound_claims": {"groups": ["a", "b"]}}) == ("bound_claims",)
    assert differing(planned, {**planned, "bound_claims": {"groups": ["a"], "amr": ["mfa"]}}) == ("bound_claims",)
