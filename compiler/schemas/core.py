"""Kubernetes' own schemas, one set for each minor version, from the data of the package ``kubernetes-validate``.

The set is strict: an unknown field is an error. Its definitions are read once for each version, and a validator is
built once for each kind; what is validated after that takes microseconds.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from compiler.diagnostics import Finding, Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.emit.artifact import Artifact

_DEFINITIONS = "json-schema:///api/_definitions.json"


def check(artifacts: Iterable[Artifact], version: str, at: Span) -> tuple[Finding, ...]:
    """Judge every object of a core kind for one version of Kubernetes, which ``at`` asks for.

    An object of any other kind is left to its custom resource's schema.
    """
    folder = _folder(version)
    if not folder.is_dir():
        help_ = f"use one of: {', '.join(versions())}"
        return (Finding("SCHEMA002", f"there are no core schemas for Kubernetes {version}", help_, at),)
    findings: list[Finding] = []
    for artifact in artifacts:
        if artifact.document is not None and (validator := _validator(version, *kind(artifact))):
            findings.extend(_findings(artifact, validator))
    return tuple(findings)


def unchecked(artifacts: Iterable[Artifact], version: str) -> frozenset[str]:
    """Return the kinds (``apiVersion/kind``) of objects that no core schema describes."""
    kinds = {kind(artifact) for artifact in artifacts if artifact.document and "kind" in artifact.document}
    return frozenset("/".join(found) for found in kinds if _validator(version, *found) is None)


def kind(artifact: Artifact) -> tuple[str, str]:
    """Return an object's API version and kind; empty for a document that is no Kubernetes object."""
    document = artifact.document or {}
    return str(document.get("apiVersion", "")), str(document.get("kind", ""))


def versions() -> tuple[str, ...]:
    """Return the versions of Kubernetes that there are schemas for, in order."""
    names = (re.fullmatch(r"v(1\.\d+)\.0-local-strict", folder.name) for folder in _data().iterdir())
    return tuple(sorted((name[1] for name in names if name), key=lambda version: int(version.split(".")[1])))


def _findings(artifact: Artifact, validator: jsonschema_rs.Draft202012Validator) -> Iterable[Finding]:
    for error in validator.iter_errors(artifact.document):
        pointer = "".join(f"/{part}" for part in error.instance_path) or "/"
        yield Finding(
            "SCHEMA001",
            f"{error.message} at {pointer}",
            "report this: no specification may lead to a document that Kubernetes refuses",
            path=f"generated/{artifact.path}",
        )


@cache
def _validator(version: str, api_version: str, kind_: str) -> jsonschema_rs.Draft202012Validator | None:
    group, _, number = api_version.rpartition("/")
    name = "-".join(filter(None, (kind_.lower(), group.split(".")[0], number)))
    file = _folder(version) / f"{name}.json"
    if not file.is_file():
        return None
    schema = json.loads(file.read_bytes())
    if api_version not in _api_versions(schema):
        return None
    return jsonschema_rs.Draft202012Validator(schema, registry=_registry(version))


def _api_versions(schema: dict[str, Any]) -> list[str]:
    """The exact versions that a schema describes: its file's name leaves out the group's domain."""
    allowed: list[str] = schema["properties"].get("apiVersion", {}).get("enum", [])
    return allowed


@cache
def _registry(version: str) -> jsonschema_rs.Registry:
    definitions = json.loads((_folder(version) / "_definitions.json").read_bytes())
    return jsonschema_rs.Registry([(_DEFINITIONS, definitions)])


def _folder(version: str) -> Path:
    return _data() / f"v{version}.0-local-strict"


@cache
def _data() -> Path:
    """The data's folder, found without importing the package, which would load a second JSON Schema library."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("kubernetes-validate is not installed: run 'make install'")
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
