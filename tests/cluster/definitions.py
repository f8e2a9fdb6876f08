"""CustomResourceDefinitions of the emitted kinds, made from the schemas that judge them elsewhere.

They stand in where a cluster lacks the operators' own: the API server refuses and prunes by them, and adds no default,
which the schemas do not hold.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from compiler.schemas.definitions import file_name

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.emit.kinds import Kind

Schema = dict[str, Any]
# The API server takes a definition of a group of Kubernetes' own only with this.
_PROTECTED = {"api-approved.kubernetes.io": "unapproved, for a test"}


def definition(kind: Kind, schemas: Path) -> Schema:
    """Return the definition of a kind by the schema that a folder has of it."""
    version = kind.api_version.rpartition("/")[2]
    schema = json.loads((schemas / file_name(kind.api_version, kind.name)).read_text())
    names = {"kind": kind.name, "plural": kind.plural, "singular": kind.name.lower(), "listKind": f"{kind.name}List"}
    served: Schema = {
        "name": version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": _root(schema)}},
        "subresources": {"status": {}, **_scale(kind)},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.plural}.{kind.group}", "annotations": _PROTECTED},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [served],
        },
    }


def _root(schema: Schema) -> Schema:
    fields = {name: _structural(child) for name, child in schema["properties"].items()}
    return {**fields, "metadata": {"type": "object"}, "status": _ANYTHING}


_ANYTHING: Schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def _structural(schema: Schema) -> Schema:
    """Return a structural schema: the fields and their types, without what OpenAPI 3.0 writes in another way."""
    kinds = schema.get("type")
    nullable = isinstance(kinds, list)
    kind = next((name for name in kinds if name != "null"), None) if isinstance(kinds, list) else kinds
    branches = {branch.get("type") for branch in schema.get("anyOf", ())}
    if {"integer", "string"} <= branches and kind is None:
        return {"x-kubernetes-int-or-string": True}
    if kind is None:
        return {"x-kubernetes-preserve-unknown-fields": True}
    found: Schema = {"type": kind, **({"nullable": True} if nullable else {})}
    for name in ("enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "required"):
        if name in schema:
            found[name] = [item for item in schema[name] if item is not None] if name == "enum" else schema[name]
    if "items" in schema:
        found["items"] = _structural(schema["items"])
    if kind == "object":
        found |= _fields(schema)
    return found


def _fields(schema: Schema) -> Schema:
    others = schema.get("additionalProperties", True)
    if "properties" in schema:
        found: Schema = {"properties": {name: _structural(child) for name, child in schema["properties"].items()}}
        return found if others is False else {**found, "x-kubernetes-preserve-unknown-fields": True}
    if isinstance(others, dict):
        return {"additionalProperties": _structural(others)}
    return {"x-kubernetes-preserve-unknown-fields": True}


def _scale(kind: Kind) -> Schema:
    scaled = {"Cluster": "instances", "Pooler": "instances"}.get(kind.name)
    paths = {"specReplicasPath": f".spec.{scaled}", "statusReplicasPath": f".status.{scaled}"}
    return {"scale": paths} if scaled else {}
