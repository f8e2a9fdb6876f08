"""The old side of a transition: one cluster in the base, in the form in which policies see the new side.

Only files that differ are read and parsed: a file that Git knows by the same hash holds the same document.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from compiler.emit.kubernetes.objects import file_name
from compiler.history.base import GENERATED, OBJECTS, NoBaseError
from compiler.policy.documents import normalised

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from compiler.emit.artifact import Artifact, Document
    from compiler.history.base import Base

_SETTINGS = "runtime/settings.json"


@dataclass(frozen=True, slots=True)
class Before:
    """The objects of a cluster and of its environment in a base.

    ``clusters`` are those that the environment had. ``documents`` and ``argocd`` are the Kubernetes objects, by the
    file in which the compiler writes them now; ``settings`` are those of the API, None for a cluster that is new.
    """

    base: Base
    clusters: tuple[str, ...]
    documents: Mapping[str, Document]
    argocd: Mapping[str, Document]
    settings: Document | None

    def as_input(self) -> dict[str, Any]:
        """Return it as the part ``before`` of the policies' input."""
        return {
            "clusters": list(self.clusters),
            "documents": {file: normalised(document) for file, document in self.documents.items()},
            "argocd": {file: normalised(document) for file, document in self.argocd.items()},
            **({"settings": self.settings} if self.settings else {}),
        }


def before(base: Base, folder: str, artifacts: Collection[Artifact], shared: Collection[Artifact]) -> Before:
    """Return the old side of the cluster with a folder below ``generated/``, such as ``production/eu-central-1``.

    ``artifacts`` and ``shared`` are the new files of the cluster and of its environment.

    Raises:
        NoBaseError: a file cannot be read as a document, or the environment has another layout.
        GitError: an object of Git is missing.
    """
    environment = folder.partition("/")[0]
    known = {artifact.path: artifact for artifact in (*artifacts, *shared) if artifact.document is not None}
    objects, argocd = f"{folder}/{OBJECTS}/", f"argocd/{environment}/"
    wanted = [path for path in base.files if path.startswith((objects, argocd)) and path.endswith((".yaml", ".yml"))]
    differing = {path for path in wanted if path not in known or not base.holds(path, known[path].content)}
    contents = base.read(differing)
    found: dict[str, Any] = {path: known[path].document for path in wanted if path not in differing}
    found |= {path: _parsed(base, path, content) for path, content in contents.items()}
    kept = {path: document for path, document in found.items() if _is_object(document)}
    return Before(
        base,
        base.clusters(environment),
        dict(_by_file(f"{GENERATED}/{objects}", kept, objects)),
        dict(_of_argo_cd(argocd, kept, shared)),
        _settings(base, f"{folder}/{_SETTINGS}"),
    )


def _by_file(place: str, found: Mapping[str, Any], below: str) -> Iterator[tuple[str, Document]]:
    """Yield each object with the file in which the compiler writes it now, whatever file held it then."""
    for path, document in found.items():
        if path.startswith(below):
            yield f"{place}{file_name(document)}", document


def _of_argo_cd(below: str, found: Mapping[str, Any], shared: Iterable[Artifact]) -> Iterator[tuple[str, Document]]:
    """Yield each object for Argo CD with the file in which the compiler writes it now; its own if it is gone."""
    files = {_identity(artifact.document): artifact.path for artifact in shared if artifact.document is not None}
    for path, document in found.items():
        if path.startswith(below):
            yield f"{GENERATED}/{files.get(_identity(document), path)}", document


def _identity(document: Document) -> tuple[str, str]:
    return document["kind"], document["metadata"]["name"]


def _parsed(base: Base, path: str, content: bytes) -> Any:
    try:
        return yaml.load(content, yaml.CSafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NoBaseError(f"{GENERATED}/{path} in {base} is not YAML: compare with another commit") from error


def _is_object(document: Any) -> bool:
    if not isinstance(document, dict) or not {"apiVersion", "kind"} <= document.keys():
        return False
    metadata = document.get("metadata")
    return isinstance(metadata, dict) and "name" in metadata


def _settings(base: Base, path: str) -> Document | None:
    if path not in base.files:
        return None
    try:
        found = json.loads(base.read([path])[path])
    except (ValueError, RecursionError) as error:
        raise NoBaseError(f"{GENERATED}/{path} in {base} is not JSON: compare with another commit") from error
    return found if isinstance(found, dict) else None
