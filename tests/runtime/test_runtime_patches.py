"""A JSON Patch makes the second document of the first."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.entries import Json
from runtime.services.patches import MOST_BYTES_MORE, patch

NUMBERS = st.sampled_from(["0", "1", "1.0", "-0.0", "1E400", "123456789012345678901234567890"])
NAMES = st.text("ab/~0é", max_size=3)
TEXTS = st.recursive(
    st.sampled_from(["null", "true", "false", '"1"', '"a"']) | NUMBERS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5).map(lambda items: f"[{','.join(items)}]"),
        st.dictionaries(NAMES, inner, max_size=4).map(
            lambda found: f"{{{','.join(f'{json.dumps(name)}:{value}' for name, value in found.items())}}}"
        ),
    ),
    max_leaves=20,
)


class Number(str):
    """A number by its text, so that 1 and 1.0 differ."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and str(self) == str(other)

    __hash__ = str.__hash__


def parsed(text: str | bytes) -> Any:
    return json.loads(text, parse_int=Number, parse_float=Number)


def applied(operations: list[dict[str, Any]], document: Any) -> Any:
    """Apply a patch as RFC 6902 says, on a copy of the document in a list, whose first item is the root."""
    root = [document]
    for operation in operations:
        target: Any = root
        *path, last = [0, *(part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:])]
        for part in path:
            target = target[int(part) if isinstance(target, list) else part]
        if isinstance(target, list):
            position = int(last)
            if operation["op"] == "add":
                assert position <= len(target)
                target.insert(position, operation["value"])
                continue
            assert position < len(target)
            target[position : position + 1] = [] if operation["op"] == "remove" else [operation["value"]]
        elif operation["op"] == "remove":
            del target[last]
        else:
            assert operation["op"] == "add" or last in target
            target[last] = operation["value"]
    return root[0]


def operations(before: str, after: str) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = parsed(orjson.dumps(patch(Json(before), Json(after))))
    return made


@given(TEXTS, TEXTS)
def test_a_patch_makes_the_second_document_of_the_first(before: str, after: str) -> None:
    assert applied(operations(before, after), parsed(before)) == parsed(after)


@given(st.lists(NUMBERS, max_size=8), st.lists(NUMBERS, max_size=8))
def test_a_patch_of_arrays_makes_the_second_of_the_first(before: list[str], after: list[str]) -> None:
    texts = f"[{','.join(before)}]", f"[{','.join(after)}]"
    assert applied(operations(*texts), parsed(texts[0])) == parsed(texts[1])


@given(TEXTS)
def test_equal_documents_have_no_difference(text: str) -> None:
    assert operations(text, text) == []


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ('{"a":1,"b":2}', '{"b":2,"a":1}', []),
        ('{"a":1}', '{"a":1.0}', [("replace", "/a")]),
        ("[true]", "[1]", [("replace", "/0")]),
        ('{"a/b":{"~":1}}', '{"a/b":{}}', [("remove", "/a~1b/~0")]),
        ("[1,2,3,4]", "[1,9,2,3,4]", [("add", "/1")]),
        ("[1,2,3,4]", "[1,4]", [("remove", "/2"), ("remove", "/1")]),
        ('{"a":[{"b":1},{"c":2}]}', '{"a":[{"b":1},{"c":3}]}', [("replace", "/a/1/c")]),
        ("[1]", '{"a":1}', [("replace", "")]),
    ],
)
def test_a_patch_names_what_differs_and_nothing_else(before: str, after: str, expected: list[tuple[str, str]]) -> None:
    assert [(each["op"], each["path"]) for each in operations(before, after)] == expected


def test_a_patch_that_would_be_far_longer_than_the_document_replaces_it() -> None:
    name = "n" * 1000
    before, after = (json.dumps({name: [digit] * 1000}) for digit in (1, 2))
    made = operations(before, after)
    assert [each["path"] for each in made] == [""]
    few = operations(before, json.dumps({name: [1] * 999 + [2]}))
    assert [each["path"] for each in few] == [f"/{name}/999"]
    assert 1000 * len(name) > MOST_BYTES_MORE
