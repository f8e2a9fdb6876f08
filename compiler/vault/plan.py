"""The plan as a file: what ``cbp compile`` wrote, read again and checked, since it may come from anywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REFERENCE = "$ref"
Place = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+$")]
"""A path of the HTTP API below ``/v1/``: no part of it leads upwards, or needs an escape."""


class Document(BaseModel):
    """One write: a path, its data, and the names of the fields whose values are given when it is applied."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Place
    data: dict[str, Any]
    write_only: Annotated[tuple[str, ...], Field(alias="writeOnly")]

    @property
    def title(self) -> str:
        """What messages call it: its path, and its name where several share one."""
        name = self.data.get("name", self.data.get("method_name"))
        return f"{self.path} ({name})" if isinstance(name, str) else self.path


class Plan(BaseModel):
    """Ordered documents for one server."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flavour: Literal["openbao", "vault"]
    address: str
    documents: Annotated[tuple[Document, ...], Field(min_length=1)]

    def without(self, prefixes: tuple[str, ...]) -> Plan:
        """Return the plan without the documents below any of the paths.

        Raises:
            VaultError: no document is below one of the paths, nothing is left, or what is left refers to what is not.
        """
        for prefix in prefixes:
            if not any(f"{item.path}/".startswith(f"{prefix.strip('/')}/") for item in self.documents):
                raise VaultError(f"the plan has no document below '{prefix}'")
        left_out = tuple(f"{prefix.strip('/')}/" for prefix in prefixes)
        kept = tuple(item for item in self.documents if not f"{item.path}/".startswith(left_out))
        if not kept:
            raise VaultError("no document is left")
        plan = self.model_copy(update={"documents": kept})
        _ordered(plan, "what is left of the plan")
        return plan


def read(file: Path) -> Plan:
    """Return the plan in a file.

    Raises:
        VaultError: the file is not a plan, or refers to a document that does not come before.
        OSError: the file cannot be read.
    """
    try:
        plan = Plan.model_validate(yaml.safe_load(file.read_bytes()))
    except yaml.YAMLError as error:
        raise VaultError(f"{file}: this is not valid YAML") from error
    except ValidationError as error:
        places = ", ".join(".".join(map(str, item["loc"])) or "the document" for item in error.errors())
        raise VaultError(f"{file}: this is no plan for Vault, because of {places}") from error
    _ordered(plan, str(file))
    return plan


def references(value: Any) -> Iterator[tuple[str, str]]:
    """Yield the path and the field of every reference in a value."""
    if isinstance(value, dict):
        if value.keys() == {_REFERENCE}:
            path, _, field = str(value[_REFERENCE]).partition("#/")
            yield path, _unescaped(field)
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(value: Any, said: dict[tuple[str, str], Any]) -> Any:
    """Return a value with every reference replaced by what the server said; ``said`` has it by path and field."""
    if isinstance(value, dict):
        if value.keys() == {_REFERENCE}:
            return said[next(references(value))]
        return {name: resolved(item, said) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, said) for item in value]
    return value


def _ordered(plan: Plan, name: str) -> None:
    before: set[str] = set()
    for document in plan.documents:
        for path, field in references(document.data):
            if path not in before or not field:
                raise VaultError(f"{name}: {document.path} refers to {path}, which does not come before it")
        before.add(document.path)


def _unescaped(field: str) -> str:
    """RFC 6901, 4: one segment; ``~1`` is a slash, and ``~0`` a tilde, in this order."""
    return re.sub("~0", "~", re.sub("~1", "/", field))
