"""A name that is not known is answered with the one that may be meant, or with those that there are."""

from __future__ import annotations

from compiler.diagnostics import closest, did_you_mean, use_one_of


def test_the_known_name_that_is_close_is_meant_and_a_text_longer_than_any_name_means_none() -> None:
    assert closest("limts", ["compute", "limits"]) == "limits"
    assert closest("k8s10", ["NET001", "K8S010"]) == "K8S010"
    assert closest("something", ["compute", "limits"]) is None
    assert closest("limits" * 100_000, ["limits" * 100_000]) is None


def test_as_many_known_names_are_listed_as_anybody_reads() -> None:
    assert use_one_of(["a", "b"]) == "use one of: a, b"
    assert use_one_of(map(str, range(130))).endswith("98, 99 and 30 more")


def test_the_advice_names_the_preferred_name_that_is_close_or_else_says_otherwise() -> None:
    assert did_you_mean("minn", ["min", "mind"]) == "did you mean 'min'?"
    assert did_you_mean("minn", ["min", "mine"], preferred=["mine"]) == "did you mean 'mine'?"
    assert did_you_mean("x", ["min", "max"]) == "use one of: min, max"
    assert did_you_mean("x", ["min", "max"], otherwise="remove it") == "remove it"
