"""A structural schema becomes a strict one: what the API server would drop or refuse is refused."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from compiler.schemas.strict import strict
from tests.compiler.schemas.crd import crd, widget

OPEN = {"x-kubernetes-preserve-unknown-fields": True}
INT_OR_STRING = {"x-kubernetes-int-or-string": True}


def allows(spec: dict[str, Any], value: object) -> bool:
    """Return whether an object whose ``spec`` has the schema ``spec`` may hold a value there."""
    structural = crd(spec)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return jsonschema_rs.Draft202012Validator(strict(structural)).is_valid(widget(value))


def object_(**properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


@pytest.mark.parametrize(
    ("spec", "allowed", "refused"),
    [
        pytest.param(object_(a={"type": "string"}), [{}, {"a": "x"}], [{"b": "x"}, {"a": 1}], id="properties"),
        pytest.param({"type": "object"}, [{}], [{"a": 1}], id="an object without properties holds nothing"),
        pytest.param(
            {"type": "object", "additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": "x"}], id="a map"
        ),
        pytest.param(
            {"type": "object", "additionalProperties": object_(a={"type": "string"})},
            [{"x": {"a": "y"}}],
            [{"x": {"b": "y"}}],
            id="a map of objects",
        ),
        pytest.param({"type": "object", "additionalProperties": True}, [{"a": 1}], [[]], id="a map of anything"),
        pytest.param({"type": "object", **OPEN}, [{"a": {"b": 1}}], [1], id="an object that keeps unknown fields"),
        pytest.param(
            {**object_(a=object_(b={"type": "string"})), **OPEN},
            [{"c": 1, "a": {"b": "x"}}],
            [{"a": {"c": 1}}],
            id="unknown fields are kept at their own level alone",
        ),
        pytest.param(OPEN, [1, "x", {"a": []}, None], [], id="any value"),
        pytest.param({"type": "array", "items": object_()}, [[{}]], [[{"a": 1}]], id="a list of objects"),
        pytest.param(INT_OR_STRING, [1, "50%"], [1.5, [], None], id="int or string"),
        pytest.param(
            {**INT_OR_STRING, "anyOf": [{"type": "integer"}, {"type": "string"}], "pattern": "^[0-9]+%$"},
            [1, "50%"],
            ["half"],
            id="int or string as controller-gen writes it",
        ),
        pytest.param({**INT_OR_STRING, "nullable": True}, [1, "x", None], [[]], id="nullable int or string"),
        pytest.param({"type": "string", "nullable": True}, ["x", None], [1], id="nullable"),
        pytest.param(
            {"type": "string", "enum": ["a"], "nullable": True}, ["a", None], ["b"], id="nullable choice of texts"
        ),
        pytest.param({"type": "integer", "format": "int32"}, [1, 2**40], ["1"], id="a width is no format"),
        pytest.param(
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True, "maximum": 3, "exclusiveMaximum": False},
            [2, 3],
            [1, 4],
            id="bounds that are excluded by a flag",
        ),
        pytest.param(
            {
                **object_(a={"type": "string"}, b={"type": "string"}),
                "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
            },
            [{"a": "x"}],
            [{}, {"a": "x", "b": "y"}],
            id="one of two",
        ),
        pytest.param(
            {
                **object_(a={"type": "string"}, b={"type": "string"}),
                "anyOf": [{"properties": {"a": {"enum": ["x"]}}}],
                "not": {"required": ["b"]},
            },
            [{"a": "x"}],
            [{"a": "y"}, {"a": "x", "b": "z"}],
            id="a branch narrows values and forbids no field that it does not name",
        ),
        pytest.param(
            {**object_(spec=object_()), "x-kubernetes-embedded-resource": True},
            [{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {}}],
            [{"status": {}}],
            id="an embedded object",
        ),
    ],
)
def test_a_value_is_allowed_as_the_api_server_would_keep_it(
    spec: dict[str, Any], allowed: list[object], refused: list[object]
) -> None:
    assert [value for value in allowed if not allows(spec, value)] == []
    assert [value for value in refused if allows(spec, value)] == []


def test_an_object_has_its_api_version_kind_and_metadata_though_its_definition_leaves_them_out() -> None:
    validator = jsonschema_rs.Draft202012Validator(strict({"properties": {"spec": {"type": "string"}}}))
    assert validator.is_valid(widget("x"))
    assert not validator.is_valid({**widget("x"), "kind": 1})
    assert not validator.is_valid({**widget("x"), "specs": "x"})


def test_what_is_no_json_schema_is_left_out() -> None:
    described = {"type": "string", "description": "x", "default": "y", "format": "byte", "example": "z"}
    extended = {"x-kubernetes-validations": [{"rule": "self.size() > 1"}], "x-kubernetes-list-type": "atomic"}
    spec = strict({"properties": {"spec": {**described, **extended}}})["properties"]["spec"]
    assert spec == {"type": "string"}
    assert strict({"properties": {"spec": {"type": "string", "format": "ipv4"}}})["properties"]["spec"] == {
        "type": "string",
        "format": "ipv4",
    }
