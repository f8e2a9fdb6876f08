"""Names, entity tags and conditions."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.entries import PreconditionFailedError, PreconditionRequiredError, Version
from runtime.domain.names import InvalidNameError, check_key, check_namespace
from runtime.domain.preconditions import (
    Conditions,
    InvalidTagsError,
    Tags,
    entity_tag,
    is_unmodified,
    parse_tags,
    permit_change,
)

ANY = Tags(anything=True)
V7 = Version("0a1b2c3d", 7)
V8 = Version("0a1b2c3d", 8)
SEVEN = Tags(strong=frozenset({'"0a1b2c3d-7"'}))
WEAK_SEVEN = Tags(weak=frozenset({'"0a1b2c3d-7"'}))
SIX = Tags(strong=frozenset({'"0a1b2c3d-6"'}))
RESTORED = Tags(strong=frozenset({'"ffffffff-7"'}))
NUMBER = Tags(strong=frozenset({'"7"'}))


@pytest.mark.parametrize("name", ["a", "0", "payments", "eu-west-1", "a" * 63])
def test_a_dns_label_names_a_namespace(name: str) -> None:
    assert check_namespace(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a.b", "a" * 64, "a\n", "é", "a\0"])
def test_anything_else_names_no_namespace(name: str) -> None:
    with pytest.raises(InvalidNameError, match=r"^a namespace holds 1 to 63 lower-case"):
        check_namespace(name)


@pytest.mark.parametrize("key", ["a", "_", "limits.per-day_2", "A" * 253, "9"])
def test_a_key_holds_letters_digits_dots_underscores_and_hyphens(key: str) -> None:
    assert check_key(key) == key


@pytest.mark.parametrize("key", ["", ".", "..", "-a", "a/b", "a b", "a" * 254, "a\n", "ü", "%41"])
def test_a_key_that_a_proxy_could_rewrite_is_refused(key: str) -> None:
    with pytest.raises(InvalidNameError, match=r"^a key holds 1 to 253 letters"):
        check_key(key)


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("*", ANY),
        ('"0a1b2c3d-7"', SEVEN),
        (' "0a1b2c3d-7" ', SEVEN),
        ('W/"0a1b2c3d-7"', WEAK_SEVEN),
        ('"7", W/"8","9"', Tags(frozenset({'"7"', '"9"'}), frozenset({'"8"'}))),
        ('"a,b"', Tags(frozenset({'"a,b"'}))),
        (', "0a1b2c3d-7"', SEVEN),
        ('"0a1b2c3d-7" ,', SEVEN),
        ('"7",, \t,"9"', Tags(frozenset({'"7"', '"9"'}))),
        ("", Tags()),
        (" , ", Tags()),
    ],
)
def test_a_header_lists_entity_tags(header: str, tags: Tags) -> None:
    assert parse_tags(header) == tags


@pytest.mark.parametrize("header", ["7", '"7', '"7" "8"', 'w/"7"', '*, "7"', '"7",,x', '"\x7f"'])
def test_a_header_that_lists_anything_else_is_refused(header: str) -> None:
    with pytest.raises(InvalidTagsError, match=re.escape("expected * or a list of quoted entity tags")):
        parse_tags(header)


@given(st.lists(st.builds(Version, st.from_regex(r"[0-9a-f]{8}", fullmatch=True), st.integers(0, 2**63)), min_size=1))
def test_every_version_survives_the_way_through_a_header(versions: list[Version]) -> None:
    tags = frozenset(map(entity_tag, versions))
    assert len(tags) == len(set(versions))
    assert parse_tags(", ".join(map(entity_tag, versions))) == Tags(tags)


@pytest.mark.parametrize(
    ("conditions", "current"),
    [
        (Conditions(), None),
        (Conditions(if_none_match=ANY), None),
        (Conditions(if_match=ANY), V7),
        (Conditions(if_match=SEVEN), V7),
        (Conditions(if_match=SEVEN, if_none_match=SIX), V7),
    ],
)
def test_a_change_is_permitted_to_who_knows_what_is_there(conditions: Conditions, current: Version | None) -> None:
    permit_change(conditions, current)


@pytest.mark.parametrize(
    ("conditions", "current"),
    [
        (Conditions(if_match=ANY), None),
        (Conditions(if_match=SEVEN), None),
        (Conditions(if_match=SEVEN), V8),
        (Conditions(if_match=WEAK_SEVEN), V7),
        (Conditions(if_match=RESTORED), V7),
        (Conditions(if_match=NUMBER), V7),
        (Conditions(if_none_match=ANY), V7),
        (Conditions(if_match=SEVEN, if_none_match=WEAK_SEVEN), V7),
    ],
)
def test_a_change_whose_condition_does_not_hold_fails(conditions: Conditions, current: Version | None) -> None:
    with pytest.raises(PreconditionFailedError) as caught:
        permit_change(conditions, current)
    assert caught.value.current == current


def test_an_existing_entry_does_not_change_without_if_match() -> None:
    with pytest.raises(PreconditionRequiredError, match=r"^the entry exists at revision 7: send If-Match"):
        permit_change(Conditions(), V7)


@pytest.mark.parametrize(
    ("conditions", "unmodified"),
    [
        (Conditions(), False),
        (Conditions(if_none_match=SEVEN), True),
        (Conditions(if_none_match=WEAK_SEVEN), True),
        (Conditions(if_none_match=ANY), True),
        (Conditions(if_match=SEVEN, if_none_match=SIX), False),
        (Conditions(if_none_match=RESTORED), False),
        (Conditions(if_none_match=NUMBER), False),
    ],
)
def test_a_reader_that_holds_the_version_is_told_so(conditions: Conditions, *, unmodified: bool) -> None:
    assert is_unmodified(conditions, V7) is unmodified


@pytest.mark.parametrize("tags", [SIX, WEAK_SEVEN, RESTORED, NUMBER])
def test_a_reader_whose_if_match_does_not_hold_is_refused(tags: Tags) -> None:
    with pytest.raises(PreconditionFailedError) as caught:
        is_unmodified(Conditions(if_match=tags), V7)
    assert caught.value.current == V7
