"""Convert a custom resource's structural schema into a strict JSON Schema, which refuses unknown fields.

The API server drops (prunes) such fields without an error.

Sources: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ (structural
schemas, pruning, int-or-string, nullable, embedded resources), and the OpenAPI Specification 3.0.3, "Schema Object",
where it differs from JSON Schema 2020-12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]

_INT_OR_STRING = ({"type": "integer"}, {"type": "string"})
# The top-level fields of every object. Kubernetes' own schema describes the metadata.
_OBJECT: Schema = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}}

_KEPT = (
    *("type", "required", "enum", "pattern", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
)
# The other formats of OpenAPI are widths of numbers and encodings, which JSON Schema does not have.
_FORMATS = {"date-time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uri", "uuid"}


def strict(structural: Schema) -> Schema:
    """Return the JSON Schema (2020-12) of a whole object from the ``openAPIV3Schema`` of its definition."""
    return _with_object(_node({**structural, "type": "object"}))


def _node(node: Schema) -> Schema:
    """Return the schema of one structural node, where an object may hold only the described fields."""
    schema = _values(node, _node)
    if node.get("x-kubernetes-int-or-string") and "anyOf" not in schema:
        schema["anyOf"] = list(_INT_OR_STRING)
    if node.get("x-kubernetes-embedded-resource"):
        schema = _with_object(schema)
    if node.get("type") == "object" and not node.get("x-kubernetes-preserve-unknown-fields"):
        others = node.get("additionalProperties", False)
        schema["additionalProperties"] = _node(others) if isinstance(others, dict) else others
    return _with_null(schema) if node.get("nullable") else schema


def _branch(node: Schema) -> Schema:
    """Return the schema of a node below ``anyOf`` and the like, which restrict values and add no fields."""
    return _values(node, _branch)


def _values(node: Schema, below: Callable[[Schema], Schema]) -> Schema:
    schema = {key: node[key] for key in _KEPT if key in node}
    if node.get("format") in _FORMATS:
        schema["format"] = node["format"]
    for exclusive, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.pop(exclusive, False):  # a flag beside the limit, which JSON Schema has in the limit's place
            schema[exclusive] = schema.pop(limit)
    if "properties" in node:
        schema["properties"] = {name: below(child) for name, child in node["properties"].items()}
    if "items" in node:
        schema["items"] = below(node["items"])
    schema |= {key: [_branch(branch) for branch in node[key]] for key in ("allOf", "anyOf", "oneOf") if key in node}
    return {**schema, "not": _branch(node["not"])} if "not" in node else schema


def _with_object(schema: Schema) -> Schema:
    return {**schema, "properties": {**schema.get("properties", {}), **_OBJECT}}


def _with_null(schema: Schema) -> Schema:
    """Return a schema that accepts null, too; one without a type accepts it already, unless ``anyOf`` restricts it."""
    if "enum" in schema:
        schema["enum"] = [*(value for value in schema["enum"] if value is not None), None]
    if "type" in schema:
        schema["type"] = [schema["type"], "null"]
    elif "anyOf" in schema:
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    return schema
