"""Schemas of Kubernetes' core kinds, one set for each minor version, from the package ``kubernetes-validate``.

The set is strict: an unknown field is an error. Its definitions are read once for each version, a validator is built
once for each kind, and equal documents are validated once.
"""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from compiler.diagnostics import Code, Finding, Span
from compiler.emit.memoize import memoize_by_content

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.emit.artifact import Artifact, Document

REPORT = "report this: no specification may lead to a document that Kubernetes refuses"
_DEFINITIONS = "json-schema:///api/_definitions.json"
METADATA = f"{_DEFINITIONS}#/$defs/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


def check(artifacts: Iterable[Artifact], version: str, at: Span) -> tuple[Finding, ...]:
    """Check every object of a core kind against one version of Kubernetes; ``at`` is the line that states the version.

    Objects of other kinds are checked by :mod:`compiler.schemas.custom`.
    """
    folder = _folder(version)
    if not folder.is_dir():
        help_ = f"use one of: {', '.join(versions())}"
        return (Finding(Code.SCHEMA002, f"there are no core schemas for Kubernetes {version}", help_, at),)
    return tuple(
        finding(artifact, error)
        for artifact in artifacts
        if artifact.document is not None and _schema(version, *kind(artifact))
        for error in _errors(artifact.document, version)
    )


def describes(artifact: Artifact, version: str) -> bool:
    """Return whether one version of Kubernetes has a schema for an object's kind; a file without a kind has none."""
    return _schema(version, *kind(artifact)) is not None


def kind(artifact: Artifact) -> tuple[str, str]:
    """Return an object's API version and kind; empty for a document that is no Kubernetes object."""
    document = artifact.document or {}
    return str(document.get("apiVersion", "")), str(document.get("kind", ""))


@cache
def versions() -> tuple[str, ...]:
    """Return the versions of Kubernetes that have schemas, in order, as ``1.35``."""
    names = (re.fullmatch(r"v(1\.\d+)\.0-local-strict", folder.name) for folder in _data().iterdir())
    return tuple(sorted((name[1] for name in names if name), key=lambda version: int(version.split(".")[1])))


def finding(artifact: Artifact, error: str, help_: str = REPORT) -> Finding:
    """Return a schema's error about a rendered document as a finding about its file."""
    return Finding(Code.SCHEMA001, error, help_, path=f"generated/{artifact.path}")


@memoize_by_content
def _errors(document: Document, version: str) -> tuple[str, ...]:
    """Return the errors of an object of a core kind, each with a pointer to its place."""
    return described(_validator(version, document["apiVersion"], document["kind"]).iter_errors(document))


def described(errors: Iterable[jsonschema_rs.ValidationError]) -> tuple[str, ...]:
    """Return each error as text, with a pointer to its place in the document."""
    return tuple(f"{error.message} at {''.join(f'/{part}' for part in error.instance_path) or '/'}" for error in errors)


@cache
def _validator(version: str, api_version: str, kind_: str) -> jsonschema_rs.Draft202012Validator:
    schema = _schema(version, api_version, kind_) or False  # without a schema every document is refused
    return jsonschema_rs.Draft202012Validator(schema, registry=registry(version))


@cache
def _schema(version: str, api_version: str, kind_: str) -> dict[str, Any] | None:
    """Return the schema of a kind, which refers to the definitions; None where there is none."""
    group, _, number = api_version.rpartition("/")
    name = "-".join(filter(None, (kind_.lower(), group.split(".")[0], number)))
    file = _folder(version) / f"{name}.json"
    if not file.is_file():
        return None
    schema: dict[str, Any] = json.loads(file.read_bytes())
    return schema if api_version in _api_versions(schema) else None


def _api_versions(schema: dict[str, Any]) -> list[str]:
    """Return the exact API versions that a schema describes: its file's name leaves out the group's domain."""
    allowed: list[str] = schema["properties"].get("apiVersion", {}).get("enum", [])
    return allowed


@cache
def registry(version: str) -> jsonschema_rs.Registry:
    """Return the definitions that the schemas of one version refer to, ``METADATA`` among them."""
    definitions = json.loads((_folder(version) / "_definitions.json").read_bytes())
    return jsonschema_rs.Registry([(_DEFINITIONS, definitions)])


def _folder(version: str) -> Path:
    return _data() / f"v{version}.0-local-strict"


@cache
def _data() -> Path:
    """Return the data's folder without importing the package, which would load a second JSON Schema library."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("kubernetes-validate is not installed: run 'make install'")
    return Path(spec.submodule_search_locations[0]) / "kubernetes-json-schema"
