"""Plans for Vault, read from a file of ``cbp compile`` and checked, since the file may come from anywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REFERENCE = "$ref"
_NAME = "vault/plan.yaml"
"""The name of a plan in the folder of its cluster."""
ApiPath = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+$")]
"""A path of the HTTP API below ``/v1/``, without ``..`` and without characters that need an escape."""


class Document(BaseModel):
    """One write to the API: a path, its data, and the write-only fields, for which apply is given values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: ApiPath
    data: dict[str, Any]
    write_only: Annotated[tuple[str, ...], Field(alias="writeOnly")]

    @property
    def title(self) -> str:
        """The document's name in messages: its path, and the ``name`` in its data where several share the path."""
        name = self.data.get("name", self.data.get("method_name"))
        return f"{self.path} ({name})" if isinstance(name, str) else self.path


class Plan(BaseModel):
    """A plan: the documents for one server, in order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    flavour: Literal["openbao", "vault"]
    address: str
    ca_bundle: Annotated[str | None, Field(alias="caBundle")] = None
    """The authorities that sign the server's certificate, as PEM; None for those that the system trusts."""
    documents: Annotated[tuple[Document, ...], Field(min_length=1)]
    _left_out: tuple[Document, ...] = PrivateAttr(())

    @property
    def all_documents(self) -> tuple[Document, ...]:
        """The documents, and then those that are left out."""
        return (*self.documents, *self._left_out)

    @property
    def paths(self) -> frozenset[str]:
        """The paths of all documents."""
        return frozenset(item.path for item in self.all_documents)

    @property
    def mounts(self) -> dict[str, str]:
        """The type of each mount by its path, such as ``cbp`` or ``auth/oidc-production``."""
        found = {item.path: item.data.get("type", "") for item in self.all_documents}
        return {
            path.removeprefix("sys/").removeprefix("mounts/"): type_
            for path, type_ in found.items()
            if re.fullmatch("sys/(mounts|auth)/[^/]+", path)
        }

    def without(self, prefixes: tuple[str, ...]) -> Plan:
        """Return the plan without the documents below any of the paths.

        Raises:
            VaultError: no document is below a path, none is left, or one that is left refers to one that is not.
        """
        for prefix in prefixes:
            if not any(f"{item.path}/".startswith(f"{prefix.strip('/')}/") for item in self.documents):
                raise VaultError(f"the plan has no document below '{prefix}'")
        left_out = tuple(f"{prefix.strip('/')}/" for prefix in prefixes)
        kept = tuple(item for item in self.documents if not f"{item.path}/".startswith(left_out))
        if not kept:
            raise VaultError("no document is left")
        plan = self.model_copy(update={"documents": kept})
        plan._left_out = tuple(item for item in self.documents if item not in kept)  # noqa: SLF001 - its own kind
        _ordered(plan, "the rest of the plan")
        return plan


def read(file: Path) -> Plan:
    """Return the plan that a file holds.

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
        raise VaultError(f"{file}: this is not a plan for Vault: wrong at {places}") from error
    _ordered(plan, str(file))
    return plan


def beside(file: Path) -> Iterator[Plan]:
    """Yield the other plans of the ``generated/`` that a plan's file lies in, whose clusters may share its server.

    Raises:
        VaultError: a file is not a plan.
        OSError: a file cannot be read.
    """
    own = file.resolve()
    if own.match(f"*/*/{_NAME}"):
        for other in sorted(own.parents[3].glob(f"*/*/{_NAME}")):
            if other != own:
                yield read(other)


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


def resolved(value: Any, known: dict[tuple[str, str], Any]) -> Any:
    """Return a value with every reference replaced by its value in ``known``, a mapping from path and field."""
    if isinstance(value, dict):
        if value.keys() == {_REFERENCE}:
            return known[next(references(value))]
        return {name: resolved(item, known) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, known) for item in value]
    return value


def _ordered(plan: Plan, name: str) -> None:
    before: set[str] = set()
    for document in plan.documents:
        for path, field in references(document.data):
            if path not in before or not field:
                raise VaultError(f"{name}: {document.path} refers to {path}, which does not come before it")
        before.add(document.path)


def _unescaped(field: str) -> str:
    """Return one segment of a JSON Pointer unescaped (RFC 6901, 4): ``~1`` is a slash, then ``~0`` a tilde."""
    return re.sub("~0", "~", re.sub("~1", "/", field))
