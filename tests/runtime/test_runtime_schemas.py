"""JSON Schemas of values: what is refused, what a violation says, and what a check costs at most."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runtime.domain.entries import Json
from runtime.services.schemas import MOST_VIOLATIONS, InvalidSchemaError, Schema

if TYPE_CHECKING:
    from collections.abc import Mapping


def violations(schema: Any, value: Any) -> list[tuple[str, str]]:
    found = Schema(json.dumps(schema)).violations(Json(json.dumps(value)))
    return [] if found is None else sorted((each.pointer, each.keyword) for each in found.found)


def test_every_violation_has_its_pointer_and_keyword() -> None:
    schema = {
        "type": "object",
        "required": ["owner"],
        "properties": {"a/b": {"items": {"type": "string"}}, "limit": {"minimum": 1, "multipleOf": 2}},
        "additionalProperties": False,
    }
    assert violations(schema, {"other": 1}) == [("", "additionalProperties"), ("", "required")]
    assert violations(schema, {"a/b": ["x", 1, "y", 2], "limit": -1}) == [
        ("", "required"),
        ("/a~1b/1", "type"),
        ("/a~1b/3", "type"),
        ("/limit", "minimum"),
        ("/limit", "multipleOf"),
    ]


def test_a_message_holds_no_value() -> None:
    schema = Schema('{"properties": {"password": {"pattern": "^[a-z]+$", "enum": ["a"], "maxLength": 3}}}')
    found = schema.violations(Json('{"password": "S3CRET"}'))
    assert found is not None
    assert len(found.found) == 3
    assert not any("S3CRET" in each.message for each in found.found)


def test_numbers_keep_their_digits_as_far_as_they_are_compared() -> None:
    assert violations({"multipleOf": 0.01}, 1.10) == []
    schema = Schema('{"type": "integer", "maximum": 123456789012345678901234567890}')
    assert schema.violations(Json("123456789012345678901234567890")) is None
    assert schema.violations(Json("123456789012345678901234567891")) is not None


@pytest.mark.parametrize("number", ["1E400", "-1E400", "9" * 5000])
def test_a_number_that_no_double_holds_satisfies_no_type(number: str) -> None:
    assert Schema('{"type": "number"}').violations(Json(number)) is not None
    assert Schema("true").violations(Json(number)) is None


def chain(keyword: str, length: int, repeated: int) -> dict[str, Any]:
    """Return a schema whose paths double with each link."""
    links = {f"a{n}": {keyword: [{"$ref": f"#/$defs/a{n + 1}"}] * repeated} for n in range(length)}
    return {"$defs": links | {f"a{length}": False}, "$ref": "#/$defs/a0"}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"properties": {"z": {"properties": {"z": True}}}}
    for _ in range(depth):
        schema = {"allOf": [schema], "unevaluatedProperties": {"type": "integer"}}
    return schema


TWICE = {"anyOf": [{"properties": {"c": {"$ref": "#"}}}, {"properties": {"c": {"$ref": "#"}}}]}


@pytest.mark.parametrize(
    ("schema", "detail"),
    [
        ({"$ref": "http://169.254.169.254/schema"}, r"^/\$ref: a reference is local"),
        ({"$ref": "file:///etc/passwd"}, r"^/\$ref: a reference is local"),
        ({"$ref": "#/$defs/none"}, r"^/\$ref: there is no schema at #/\$defs/none$"),
        ({"$ref": "#"}, r"^/\$ref: the schema applies itself to the same value, without end$"),
        ({"$defs": {"a": {"not": {"$ref": "#/$defs/a"}}}, "allOf": [{"$ref": "#/$defs/a"}]}, "applies itself"),
        ({"properties": {"a": {"$id": "https://bank.example/a"}}}, r"^/properties/a: \$id is not supported here"),
        ({"items": {"allOf": [{"$dynamicRef": "#x"}]}}, "is not supported here: refer by"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, r"^/\$schema: the dialect is"),
        ({"pattern": "(?=a)b"}, "^/pattern: the pattern has a lookaround"),
        ({"pattern": r"(a)\1"}, "^/pattern: the pattern has a lookaround"),
        ({"pattern": "(a{1,100}){1,100}b"}, "is too large"),
        ({"patternProperties": {"(": True}}, "^/patternProperties"),
        ({"type": "text"}, "^/type: "),
        (chain("anyOf", 18, 2), "^the schema may need more than 2500 steps for one value"),
        (chain("allOf", 30, 2), "^the schema may need more than 2500 steps"),
        (nested(8), "^the schema may need more than 2500 steps"),
        (TWICE, "^the schema may need more than 2500 steps"),
        ({"enum": list(range(2000))}, "^a schema has at most 2000 values$"),
        ({"const": "x" * 70_000}, "^a schema has at most 65536 bytes$"),
        (chain("allOf", 480, 1), "through too many others$"),
    ],
)
def test_a_schema_that_reaches_out_or_could_cost_too_much_is_refused(schema: Any, detail: str) -> None:
    with pytest.raises(InvalidSchemaError, match=detail):
        Schema(json.dumps(schema))


def test_a_schema_may_refer_to_itself_below() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/$defs/tree"}, "right": {"$ref": "#/$defs/tree"}}}
    schema = {"$id": "urn:bank:tree", "$defs": {"tree": tree}, "$ref": "#/$defs/tree"}
    assert violations(schema, {"left": {"right": {}}}) == []
    assert violations(schema, {"left": {"right": 1}}) == [("/left/right", "type")]


def test_names_of_properties_are_no_keywords() -> None:
    assert violations({"properties": {"$ref": {"type": "integer"}, "$anchor": True}}, {"$ref": "x"}) == [
        ("/$ref", "type")
    ]


def test_a_pattern_that_would_backtrack_takes_linear_time() -> None:
    assert violations({"pattern": "^(a+)+$"}, "a" * 100_000 + "b") == [("", "pattern")]


def test_a_document_that_is_too_large_for_its_schema_is_refused_unread() -> None:
    objects = {"items": {"enum": [{"a": number} for number in range(600)]}}
    found = Schema(json.dumps(objects)).violations(Json(json.dumps([{"a": -1}] * 5000)))
    assert found is not None
    assert found.found[0].message.startswith("the document is too large for the schema: ")
    patterns = {"allOf": [{"pattern": f"a{number}"} for number in range(50)]}
    assert violations(patterns, "x" * 1_000_000) == [("", "$schema")]


@pytest.mark.parametrize(("length", "listed", "complete"), [(20, 20, True), (21, 20, False), (9_000, 1, False)])
def test_a_bounded_number_of_violations_is_listed(length: int, listed: int, complete: bool) -> None:
    found = Schema('{"items": {"type": "string"}}').violations(Json(json.dumps([1] * length)))
    assert found is not None
    assert (len(found.found), found.complete, MOST_VIOLATIONS) == (listed, complete, 20)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=6,
)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["object", "array", "string", "integer", "null"]),
            "properties": st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
            "additionalProperties": inner,
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "required": st.just(["a"]),
            "minimum": st.integers(-2, 2),
            "maxLength": st.integers(0, 2),
            "uniqueItems": st.booleans(),
            "enum": st.lists(VALUES, min_size=1, max_size=2),
        },
    )


@given(st.recursive(st.booleans(), _schemas, max_leaves=6), VALUES)
def test_a_value_is_valid_exactly_when_another_validator_says_so(schema: Any, value: Any) -> None:
    """The other one is the reference implementation in Python."""
    expected = Draft202012Validator(schema).is_valid(value)
    assert (Schema(json.dumps(schema)).violations(Json(json.dumps(value))) is None) == expected
