"""Every Kubernetes object of a cluster as a file, and the kustomization that names them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.artifact import Artifact, Document
from compiler.emit.kubernetes.application.autoscaling import scaling
from compiler.emit.kubernetes.application.deployment import workload
from compiler.emit.kubernetes.application.ingress import traffic
from compiler.emit.kubernetes.cache.redis import cache
from compiler.emit.kubernetes.cluster.certificates import certificates
from compiler.emit.kubernetes.cluster.external_secrets import secrets
from compiler.emit.kubernetes.cluster.namespaces import boundary
from compiler.emit.kubernetes.cluster.rbac import access
from compiler.emit.kubernetes.cluster.storage_classes import storage
from compiler.emit.kubernetes.database.documents import data_layer
from compiler.emit.kubernetes.monitoring.pod_monitors import monitoring
from compiler.emit.kubernetes.network.network_policies import network
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from runtime.settings import Settings


def objects(site: Site, settings: Settings) -> Iterator[Artifact]:
    """Yield ``kubernetes/<namespace>/<kind>-<name>.yaml`` for each object, and ``kubernetes/kustomization.yaml``."""
    paths = {file_name(document): document for document in documents(site, settings)}
    header = f"Compiled from spec/ and environments/{site.environment.name}/. Edit those; cbp compile writes this file."
    for path, document in sorted(paths.items()):
        yield Artifact(f"{site.folder}/kubernetes/{path}", to_yaml(document, header), document)
    kustomization = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": sorted(paths),
    }
    yield Artifact(f"{site.folder}/kubernetes/kustomization.yaml", to_yaml(kustomization, header))


def documents(site: Site, settings: Settings) -> Iterator[Document]:
    """Yield each object: what every cluster has, and what only one that serves has."""
    yield from boundary(site)
    yield from network(site)
    yield from access(site)
    yield from secrets(site)
    yield from certificates(site)
    yield from storage(site)
    yield from data_layer(site, settings)
    yield from cache(site)
    yield from monitoring(site)
    if site.serves:
        yield from workload(site, settings)
        yield from traffic(site, settings)
        yield from scaling(site)


def file_name(document: Document) -> str:
    """Return an object's file below ``kubernetes/``: its namespace (or ``cluster``), kind and name."""
    metadata = document["metadata"]
    folder = metadata.get("namespace", "cluster")
    return f"{folder}/{document['kind'].lower()}-{metadata['name']}.yaml"
