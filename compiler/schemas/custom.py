"""Schemas of custom resources, from a folder that the user names (``--schemas``, ``CBP_SCHEMAS``).

A schema of one version of one kind lies at ``<group>/<kind>_<version>.json`` (see ``docs/schemas.md``). It is read when
the first object of its kind is checked. A fault of the folder is an error, never a pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema_rs
import orjson

from compiler.diagnostics import Code, Finding
from compiler.schemas import core
from compiler.schemas.definitions import file_name
from compiler.schemas.errors import SchemaError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from compiler.emit.artifact import Artifact


class CustomSchemas:
    """The schemas of a folder, or none. With ``required``, a kind without a schema is an error."""

    def __init__(self, folder: Path | None = None, *, required: bool = False) -> None:
        self._folder = folder
        self._required = required
        self._validators: dict[tuple[str, str], jsonschema_rs.Draft202012Validator | None] = {}

    def check(self, artifacts: Iterable[Artifact]) -> tuple[Finding, ...]:
        """Check every object of a custom kind that has a schema; other files are skipped.

        Raises:
            SchemaError: the folder, or a schema in it, cannot be used.
        """
        advice = f"{core.REPORT}; or write the schema in {self._folder} again, if it is not the operator's"
        return tuple(
            core.finding(artifact, error, advice)
            for artifact in artifacts
            if (validator := self._validator(*core.kind(artifact)))
            for error in core.described(validator.iter_errors(artifact.document))
        )

    def unchecked(self, artifacts: Iterable[Artifact]) -> dict[str, Artifact]:
        """Return the kinds without a schema, as ``apiVersion/kind`` in order, each with one of its objects."""
        found = {"/".join(core.kind(artifact)): artifact for artifact in artifacts if core.kind(artifact)[1]}
        newest = core.versions()[-1]
        return {
            name: artifact
            for name, artifact in sorted(found.items())
            if not core.describes(artifact, newest) and not self._validator(*core.kind(artifact))
        }

    def absent(self, unchecked: Mapping[str, Artifact]) -> tuple[Finding, ...]:
        """Return a finding for each kind without a schema, where schemas are required."""
        help_ = "write its schema with cbp schemas add, and name the folder by --schemas"
        return tuple(
            Finding(Code.SCHEMA003, f"there is no schema for {name}", help_, path=f"generated/{artifact.path}")
            for name, artifact in unchecked.items()
            if self._required
        )

    def _validator(self, api_version: str, kind: str) -> jsonschema_rs.Draft202012Validator | None:
        if self._folder is None or "/" not in api_version:
            return None
        if (api_version, kind) not in self._validators:
            self._validators[api_version, kind] = _load(self._folder, file_name(api_version, kind))
        return self._validators[api_version, kind]


def _load(folder: Path, name: str) -> jsonschema_rs.Draft202012Validator | None:
    """Return the validator of a file of the folder; None where there is no such file."""
    file = folder / name
    try:
        if not folder.is_dir():
            raise SchemaError(f"{folder}: there is no such folder of schemas: see --schemas and CBP_SCHEMAS")
        if not file.exists():
            return None
        return _strict(orjson.loads(file.read_bytes()))
    except OSError as error:
        raise SchemaError(f"{file}: {error.strerror or error}") from error
    except ValueError as error:  # raised by the JSON and JSON Schema libraries
        help_ = "write it again with cbp schemas add"
        raise SchemaError(f"{file}: this is not a strict schema: {' '.join(str(error).split())}: {help_}") from error


def _strict(schema: Any) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a strict schema, with Kubernetes' own schema for the object's metadata."""
    if not isinstance(schema, dict) or schema.get("additionalProperties") is not False:
        raise ValueError("it accepts unknown fields")
    properties = {**schema.get("properties", {}), "metadata": {"$ref": core.METADATA}}
    return jsonschema_rs.Draft202012Validator(
        {**schema, "properties": properties}, registry=core.registry(core.versions()[-1])
    )
