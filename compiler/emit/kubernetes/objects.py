"""Files of Kubernetes objects, and the kustomization that lists them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact, Document
from compiler.emit.kubernetes.common.contents import name_without_content
from compiler.emit.running import anew
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.running import Run
    from compiler.emit.site import Site


def objects(site: Site, documents: Iterable[Document], run: Run = anew) -> Iterator[Artifact]:
    """Yield ``kubernetes/<namespace>/<kind>-<name>.yaml`` for each object, and ``kubernetes/kustomization.yaml``."""
    by_name = in_order(documents)
    for name, document in by_name.items():
        yield from run((site.name, name), partial(_file, site, document), (document,))
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": list(by_name),
    }
    yield Artifact(f"{site.folder}/kubernetes/kustomization.yaml", to_yaml(kustomization, site.header))


def _file(site: Site, document: Document) -> Iterator[Artifact]:
    yield Artifact(object_path(site, document), to_yaml(document, site.header), document)


def in_order(documents: Iterable[Document]) -> dict[str, Document]:
    """Return objects by the names of their files, in the order of those."""
    return dict(sorted({file_name(document): document for document in documents}.items()))


def object_path(site: Site, document: Document) -> str:
    """Return the path of an object's file, below ``generated/``."""
    return f"{site.folder}/kubernetes/{file_name(document)}"


def file_name(document: Document) -> str:
    """Return an object's path below ``kubernetes/``: its namespace (or ``cluster``), kind and name.

    The file of an object that is named by its content stays the same, so that a difference shows what changed in it.
    """
    folder = document["metadata"].get("namespace", "cluster")
    return f"{folder}/{document['kind'].lower()}-{name_without_content(document)}.yaml"
