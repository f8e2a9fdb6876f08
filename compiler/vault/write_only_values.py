"""Values that no file of the project holds: they are given when a plan is applied, and no message shows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.vault.plan import Document, Plan

SOURCES: dict[str, str] = {
    "kubernetes_ca_cert": "the certificate authority of the cluster's API server, as PEM (public)",
    "oidc_client_secret": "the secret of Vault's client at the identity provider",
    "password": "the password that cbp/.../vault-manager holds, with which Vault logs in to PostgreSQL",
}
"""The source of each value, by its field."""
VARIABLE = "CBP_VAULT_VALUES"
STANDARD_INPUT = "-"


class WriteOnlyValues:
    """Values by a document's path and field. Its ``repr`` shows none of them."""

    def __init__(self, values: Mapping[str, Mapping[str, str]]) -> None:
        self._values = values

    def of(self, document: Document) -> dict[str, str]:
        """Return the values that were given for a document, by field."""
        return dict(self._values.get(document.path, {}))

    def missing(self, document: Document) -> tuple[str, ...]:
        """Return the write-only fields of a document that were given no value."""
        return tuple(field for field in document.write_only if field not in self.of(document))

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value, so that messages can be cleared of them."""
        return tuple(value for fields in self._values.values() for value in fields.values())


def write_only_values(file: str | None, environment: Mapping[str, str], plan: Plan) -> WriteOnlyValues:
    """Return the values in a file (``-`` for standard input), or in the variable ``CBP_VAULT_VALUES``, or none.

    Both hold a YAML mapping from a document's path to its fields' values; a field without a value was not given.

    Raises:
        VaultError: the text is not such a mapping, or names a field that the plan does not ask for.
        OSError: the file cannot be read.
    """
    if file is None:
        name, text = VARIABLE, environment.get(VARIABLE, "")
    else:
        name, text = file, sys.stdin.read() if file == STANDARD_INPUT else Path(file).read_text(encoding="utf-8")
    values = _values(text, name)
    asked = {document.path: set(document.write_only) for document in plan.documents}
    for path, fields in values.items():
        if unknown := fields.keys() - asked.get(path, set()):
            raise VaultError(f"{name}: the plan asks for no value {min(unknown)} of {path}")
    return WriteOnlyValues(values)


def _values(text: str, name: str) -> dict[str, dict[str, str]]:
    try:
        document: Any = yaml.safe_load(text)
    except yaml.YAMLError:
        # The parser's message, and the error's cause, may quote a piece of a secret.
        raise VaultError(f"{name}: this is not valid YAML") from None
    if document is None:
        return {}
    if not isinstance(document, dict) or not all(_fields(item) for item in document.values()):
        raise VaultError(f"{name}: this is not a mapping from the paths of documents to their fields and texts")
    return {str(path): {field: value for field, value in fields.items() if value} for path, fields in document.items()}


def _fields(item: object) -> bool:
    return isinstance(item, dict) and all(
        value is None or (isinstance(value, str) and value) for value in item.values()
    )


def skeleton(plan: Plan) -> str:
    """Return the file of values for a plan, as YAML: every field that needs one, its source, and no value."""
    lines = ["# The values that no file of the project holds. Keep this file encrypted, or give it on standard input."]
    for document in plan.documents:
        if document.write_only:
            lines += [f"{document.path}:", *(f"  {field}: # {_source(field)}" for field in document.write_only)]
    return "\n".join(lines) + "\n"


def _source(field: str) -> str:
    return SOURCES.get(field, "a value of this field")
