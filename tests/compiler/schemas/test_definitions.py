"""Definitions are read as kubectl and releases print them; each served version becomes one canonical file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compiler.schemas.definitions import Definition, definitions, distinct
from compiler.schemas.errors import SchemaError
from tests.compiler.schemas.crd import FILE, as_json, as_yaml, crd

SPEC = {"type": "object", "properties": {"size": {"type": "integer"}}}
DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "operator"}}


def paths(text: bytes) -> list[str]:
    return [item.path for item in definitions("a.yaml", text)]


def broken(*at: str, value: object = None) -> dict[str, Any]:
    """Return a definition with what lies at a path replaced or, where there is no value, removed."""
    document = crd(SPEC)
    target: Any = document
    for key in at[:-1]:
        target = target[int(key) if key.isdecimal() else key]
    if value is None:
        del target[at[-1]]
    else:
        target[at[-1]] = value
    return document


def test_a_definition_becomes_a_file_for_each_version_that_is_served() -> None:
    assert paths(as_yaml(crd(SPEC, v1alpha1=False, v1=True, v2=True))) == [FILE, "example.com/widget_v2.json"]


@pytest.mark.parametrize(
    "text",
    [
        as_json(crd(SPEC)),
        as_yaml(DEPLOYMENT, crd(SPEC), None),
        as_yaml({"apiVersion": "v1", "kind": "List", "items": [DEPLOYMENT, crd(SPEC)]}),
        as_yaml({"kind": "CustomResourceDefinitionList", "items": [crd(SPEC)]}),
    ],
    ids=["JSON", "the manifest of a release", "what kubectl get prints", "what the API server answers"],
)
def test_a_definition_is_found_in_whatever_holds_it(text: bytes) -> None:
    assert definitions("a", text) == definitions("b", as_yaml(crd(SPEC)))


def test_the_same_definition_gives_the_same_bytes_whatever_the_order_of_its_keys() -> None:
    turned = json.loads(as_json(crd(SPEC)), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    (schema,) = definitions("a", as_json(turned))
    assert definitions("b", as_yaml(crd(SPEC))) == (schema,)
    assert (
        schema.content == json.dumps(json.loads(schema.content), sort_keys=True, separators=(",", ":")).encode() + b"\n"
    )


def test_yaml_means_what_it_means_to_kubernetes() -> None:
    spec = {"type": "string", "enum": ["EQUAL", "2001-01-01"]}
    text = as_yaml(crd(spec)).replace(b"EQUAL", b"=").replace(b"'2001-01-01'", b"2001-01-01")
    (schema,) = definitions("a", text)
    assert json.loads(schema.content)["properties"]["spec"]["enum"] == ["=", "2001-01-01"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"a: [", "this is not YAML"),
        (b"\xff\xff", "this is not YAML"),
        (b"", "there is no CustomResourceDefinition"),
        (b"just a text", "there is no CustomResourceDefinition"),
        (as_yaml(DEPLOYMENT), "there is no CustomResourceDefinition"),
        (as_yaml(broken("apiVersion", value="apiextensions.k8s.io/v1beta1")), "there is no CustomResourceDefinition"),
        (as_yaml(crd(SPEC, v1=False)), "there is no CustomResourceDefinition of apiextensions.k8s.io/v1 with a served"),
        (as_yaml(broken("spec")), "widgets.example.com is malformed: it has no 'spec'"),
        (as_yaml(broken("spec", "versions", "0", "schema")), "is malformed: it has no 'schema'"),
        (as_yaml(broken("spec", "versions", value=[1])), "is malformed: "),
        (as_yaml(broken("spec", "group", value="../../etc")), "is malformed: '../../etc' is not a valid name"),
        (as_yaml(broken("spec", "names", "kind", value="a/b")), "is malformed: 'a/b' is not a valid name"),
        (as_yaml(broken("spec", "versions", "0", "name", value="..")), "is malformed: '..' is not a valid name"),
        (as_yaml(crd({"type": "text"})), "is malformed: "),
        (as_yaml(crd({"type": "string", "pattern": "["})), "is malformed: "),
        (as_yaml(crd({"type": "object", "properties": [1]})), "is malformed: "),
    ],
)
def test_what_defines_nothing_that_can_judge_is_refused_by_the_name_of_the_file(text: bytes, why: str) -> None:
    with pytest.raises(SchemaError) as caught:
        definitions("a folder/a.yaml", text)
    message = str(caught.value)
    assert message.startswith("a folder/a.yaml: ")
    assert why in message
    assert "\n" not in message


def test_a_kind_may_be_defined_twice_in_one_way_and_not_in_two() -> None:
    a, b = Definition("b.json", b"1"), Definition("a.json", b"2")
    assert distinct([a, b, a]) == (b, a)
    with pytest.raises(SchemaError, match=r"b\.json is defined in two ways"):
        distinct([a, b, Definition("b.json", b"3")])
