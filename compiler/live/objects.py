"""Objects of a cluster, compiled or live, by their identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from compiler.live.errors import LiveError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

Fields = Mapping[str, Any]
"""An object as JSON."""
GroupKind = tuple[str, str]
"""An API group, empty for the core group, and a kind."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """The identity of an object in a cluster; the version of its API is not part of it."""

    namespace: str
    kind: str
    name: str
    group: str

    @property
    def group_kind(self) -> GroupKind:
        """The group and the kind."""
        return self.group, self.kind

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def identity(fields: Fields) -> Identity:
    """Return the identity of an object."""
    metadata = fields["metadata"]
    group = fields["apiVersion"].rpartition("/")[0]
    return Identity(metadata.get("namespace") or "", fields["kind"], metadata["name"], group)


@dataclass(frozen=True, slots=True)
class Compiled:
    """The compiled objects of one cluster, and the fields that Argo CD leaves to others."""

    objects: Mapping[Identity, Fields]
    left_to_others: frozenset[tuple[GroupKind, str]]
    """Pairs of a kind and a JSON Pointer."""

    @property
    def zones(self) -> tuple[str, ...]:
        """The namespaces of the zones, sorted."""
        return tuple(sorted(item.name for item in self.objects if item.group_kind == ("", "Namespace")))


def compiled(root: Path, environment: str, cluster: str) -> Compiled:
    """Return the compiled objects of ``generated/<environment>/<cluster>/kubernetes``.

    Raises:
        LiveError: nothing is compiled for that cluster.
    """
    folder = root / "generated" / environment / cluster / "kubernetes"
    files = sorted(file for file in folder.glob("*/*.yaml"))
    if not files:
        raise LiveError(f"{folder}: nothing is compiled there: name a cluster as ENVIRONMENT/CLUSTER")
    documents = [yaml.load(file.read_bytes(), yaml.CSafeLoader) for file in files]
    application_set = root / "generated/argocd" / environment / "applicationset.yaml"
    application = yaml.load(application_set.read_bytes(), yaml.CSafeLoader)["spec"]["template"]["spec"]
    left = frozenset(
        ((item["group"], item["kind"]), pointer)
        for item in application.get("ignoreDifferences", ())
        for pointer in item.get("jsonPointers", ())
    )
    return Compiled({identity(item): item for item in documents}, left)


def listed(source: str, text: bytes) -> tuple[Fields, ...]:
    """Return the objects of a file (JSON or YAML, objects and lists of them), without the values of its Secrets.

    Raises:
        LiveError: the file is neither, or holds something else.
    """
    try:
        documents = list(yaml.load_all(text, yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise LiveError(f"{source}: this is neither JSON nor YAML: give the output of kubectl get -o json") from None
    return tuple(_without_values(item) for item in _flat(source, documents))


def _flat(source: str, documents: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for document in documents:
        if isinstance(document, dict) and str(document.get("kind", "")).endswith("List") and "items" in document:
            yield from _flat(source, document["items"] or ())
        elif _is_object(document):
            yield document
        elif document is not None:
            raise LiveError(f"{source}: this holds something that is no object of Kubernetes")


def _is_object(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    metadata = document.get("metadata")
    named = isinstance(metadata, dict) and isinstance(metadata.get("name"), str)
    return named and all(isinstance(document.get(key), str) for key in ("apiVersion", "kind"))


def _without_values(fields: Fields) -> Fields:
    if identity(fields).group_kind != ("", "Secret"):
        return fields
    return {key: value for key, value in fields.items() if key not in ("data", "stringData")}
