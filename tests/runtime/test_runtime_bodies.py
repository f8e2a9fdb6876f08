"""What the body of a change may be."""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.http.bodies import MAX_BYTES, MAX_DEPTH, MAX_NODES, InvalidDocumentError, has_more_nodes, parse_value

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda children: st.lists(children) | st.dictionaries(TEXT, children),
    max_leaves=30,
)


@given(VALUES, st.booleans())
def test_every_json_value_comes_back_equal(value: object, ascii_only: bool) -> None:
    body = json.dumps({"value": value}, ensure_ascii=ascii_only).encode()
    assert json.loads(parse_value(body)) == value


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,40})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
def test_every_number_keeps_its_digits(number: str) -> None:
    assert parse_value(b'{"value": [' + number.encode() + b"]}") == f"[{number}]"


def test_white_space_goes_and_the_order_of_members_stays() -> None:
    assert parse_value(b' {"value" : { "b" : 1.10 , "a" : [ 1E400 , null ] } } ') == '{"b":1.10,"a":[1E400,null]}'


def nested(depth: int) -> bytes:
    return b'{"value":' + b"[" * (depth - 1) + b"1" + b"]" * (depth - 1) + b"}"


def test_a_document_may_be_as_deep_as_the_limit() -> None:
    assert parse_value(nested(MAX_DEPTH)).count("[") == MAX_DEPTH - 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON: Expecting value at character 0"),
        (b'{"value": 1', "the body is not JSON: Expecting ',' delimiter at character 11"),
        (b'{"value": 1} x', "the body is not JSON: Extra data at character 13"),
        (b'{"value": "\xff"}', "the body is not UTF-8 at byte 11"),
        (b'{"value": NaN}', "NaN is not JSON"),
        (b'{"value": -Infinity}', "-Infinity is not JSON"),
        (b'{"value": "a\\u0000"}', "a string holds the character U+0000, which cannot be stored"),
        (b'{"value": {"\\u0000": 1}}', "a string holds the character U+0000, which cannot be stored"),
        (b'{"value": ["\\ud800"]}', "a string holds half of a surrogate pair, which is not a character"),
        (b'{"value": {"a": 1, "a": 2}}', "an object has two members of one name"),
        (b'{"value": 1, "value": 2}', "an object has two members of one name"),
        (nested(MAX_DEPTH + 1), "the document is nested more than 100 levels deep"),
        (nested(10_000), "the document is nested more than 100 levels deep"),
        (nested(100_000), "the document has more than 20000 values"),
        (b'{"value": [' + b"1," * 19_998 + b"1]}", "the document has more than 20000 values"),
        (b'"' * 100_000 + b"," * 20_000, "the document has more than 20000 values"),
        (b"[1]", 'the body must be an object with the one member "value"'),
        (b"{}", 'the body must be an object with the one member "value"'),
        (b'{"value": 1, "more": 2}', 'the body must be an object with the one member "value"'),
    ],
)
def test_what_could_not_be_kept_is_refused_with_the_reason(body: bytes, message: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        parse_value(body)
    assert str(caught.value) == message


ANY_TEXT = st.text(st.characters(), max_size=5) | st.sampled_from(["\0", "\ud800", "\\u0000", "\\ud800"])


@given(ANY_TEXT, ANY_TEXT, st.integers(MAX_DEPTH - 3, MAX_DEPTH))
def test_a_text_at_any_depth_is_kept_exactly_or_refused(name: str, text: str, depth: int) -> None:
    value: object = {name: text}
    for _ in range(depth - 3):
        value = [value]
    body = json.dumps({"value": value}).encode()
    if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in name + text):
        with pytest.raises(InvalidDocumentError, match=r"^a string holds "):
            parse_value(body)
    else:
        assert json.loads(parse_value(body)) == value


def count(value: object) -> int:
    """Return the number of values in a document, itself included."""
    if isinstance(value, dict):
        return 1 + sum(map(count, value.values()))
    return 1 + sum(map(count, value)) if isinstance(value, list) else 1


SEPARATORS = st.text('\\\\",[]{}:a', max_size=30)
HOSTILE = st.recursive(
    SEPARATORS | st.integers(), lambda each: st.lists(each) | st.dictionaries(SEPARATORS, each), max_leaves=20
)


@given(HOSTILE, st.integers(0, 40), st.booleans())
def test_values_are_counted_exactly_without_building_them(value: object, most: int, spaced: bool) -> None:
    """Separators in strings are not counted; an empty list or object may count as one value more."""
    text = json.dumps(value, indent=1 if spaced else None).encode()
    empty = sum(text.count(each) for each in (b"[]", b"{}"))
    more = has_more_nodes(text, most)
    assert more or count(value) <= most
    assert not more or count(value) + empty > most


def test_a_mebibyte_of_small_numbers_takes_no_more_memory_than_a_few_copies_of_it() -> None:
    body = b'{"value": [' + b"1," * 500_000 + b"1]}"
    tracemalloc.start()
    try:
        with pytest.raises(InvalidDocumentError, match="more than 20000 values"):
            parse_value(body)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(body)
    finally:
        tracemalloc.stop()


def test_a_document_of_one_long_text_is_no_matter_how_many_separators_it_holds() -> None:
    body = json.dumps({"value": '[{",\\' * 100_000}).encode()
    assert len(body) < MAX_BYTES
    assert json.loads(parse_value(body)) == '[{",\\' * 100_000


def test_as_many_values_as_the_limit_are_kept() -> None:
    body = b'{"value": [' + b"1," * (MAX_NODES - 3) + b"1]}"
    assert json.loads(parse_value(body)) == [1] * (MAX_NODES - 2)
