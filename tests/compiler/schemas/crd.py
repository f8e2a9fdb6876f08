"""CustomResourceDefinitions for tests: a kind of the tests' own, whose schema each test writes."""

from __future__ import annotations

from typing import Any

import orjson
import yaml

from compiler.emit.artifact import Artifact, Document

API_VERSION, KIND = "example.com/v1", "Widget"
FILE = "example.com/widget_v1.json"


def crd(spec: dict[str, Any], *, group: str = "example.com", kind: str = KIND, **versions: bool) -> dict[str, Any]:
    """Return a definition; ``versions`` says of each whether it is served (v1 alone, where none is given)."""
    structural = {
        "type": "object",
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string", "description": "the version"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
        },
    }
    schema = {"openAPIV3Schema": structural}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.lower()}s.{group}"},
        "spec": {
            "group": group,
            "names": {"kind": kind, "plural": f"{kind.lower()}s"},
            "versions": [
                {"name": name, "served": served, "schema": schema}
                for name, served in (versions or {"v1": True}).items()
            ],
        },
    }


def as_yaml(*documents: object) -> bytes:
    return yaml.safe_dump_all(documents, encoding="utf-8", explicit_start=True)


def as_json(document: object) -> bytes:
    return orjson.dumps(document)


def widget(spec: object, **metadata: Any) -> Document:
    """Return an object of the kind."""
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "a", **metadata}, "spec": spec}


def artifact(document: Document) -> Artifact:
    return Artifact("somewhere/widget-a.yaml", b"", document)
