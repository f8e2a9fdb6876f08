"""Every Kubernetes object of a cluster as a file, and the kustomization that names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact, Document
from compiler.emit.kubernetes.boundary import boundary
from compiler.emit.kubernetes.network import network
from compiler.emit.kubernetes.scaling import scaling
from compiler.emit.kubernetes.traffic import traffic
from compiler.emit.kubernetes.workload import workload
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from runtime.settings import Settings


def objects(site: Site, settings: Settings) -> Iterator[Artifact]:
    """Yield ``kubernetes/<namespace>/<kind>-<name>.yaml`` for each object, and ``kubernetes/kustomization.yaml``."""
    documents = (
        *boundary(site),
        *network(site),
        *workload(site, settings),
        *traffic(site, settings),
        *scaling(site),
    )
    paths = {file_name(document): document for document in documents}
    header = f"Compiled from spec/ and environments/{site.environment.name}/. Edit those; cbp compile writes this file."
    for path, document in sorted(paths.items()):
        yield Artifact(f"{site.folder}/kubernetes/{path}", to_yaml(document, header), document)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(paths),
    }
    yield Artifact(f"{site.folder}/kubernetes/kustomization.yaml", to_yaml(kustomization, header))


def file_name(document: Document) -> str:
    """Return an object's file below ``kubernetes/``: its namespace (or ``cluster``), kind and name."""
    metadata = document["metadata"]
    folder = metadata.get("namespace", "cluster")
    return f"{folder}/{document['kind'].lower()}-{metadata['name']}.yaml"
