"""Objects for Argo CD: an AppProject for each environment, and an ApplicationSet with an Application per cluster.

Sources: the environment's ``delivery`` and ``clusters``, and the autoscalers that each cluster runs.
Upstream: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/,
https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Template/#generator-templates
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.argocd_delivery import delivery
from compiler.emit.argocd_objects import COMPARED, SOURCE_NAMESPACES, argo_object, project_name, role, sync_policy
from compiler.emit.artifact import Artifact, Document
from compiler.emit.kubernetes.cluster.external_secrets import REVIEWERS
from compiler.emit.kubernetes.cluster.storage_classes import CLASSES, performance_class
from compiler.emit.names import (
    COPIES_ADMITTED,
    IMAGES_ADMITTED,
    SECRETS_ADMITTED,
    VOLUME_SNAPSHOTS,
    ZONES_ADMITTED,
    namespace,
)
from compiler.emit.platforms import platform
from compiler.emit.providers import ARGO_CD
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from compiler.model.environment import Environment
    from compiler.model.network import Zone
    from compiler.resolve.resolved import Resolved

# The cluster's folder in generated/<environment>/<cluster>/kubernetes.
CLUSTER_SEGMENT = 2
_ADMITTED = [IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED, COPIES_ADMITTED]
# The ApplicationSet follows the project, without which Argo CD refuses its Applications and waits for minutes.
_PROJECT_FIRST = {"argocd.argoproj.io/sync-wave": "-1"}
# The number that an autoscaler changes, by the kind of its target.
_SCALED = {kinds.DEPLOYMENT: "/spec/replicas", kinds.POSTGRES_CLUSTER: "/spec/instances"}
_AUTOSCALERS = (kinds.HORIZONTAL_POD_AUTOSCALER.name, kinds.SCALED_OBJECT.name)


def argocd(resolved: Resolved, documents: Mapping[str, Sequence[Document]]) -> Iterator[Artifact]:
    """Yield the files below ``argocd/<environment>``; ``delivery/`` holds the two that are applied by hand.

    ``documents`` are the Kubernetes objects of each cluster, by its name.
    """
    environment = resolved.environment
    header = f"Compiled from environments/{environment.name}/. Edit that; cbp compile writes this file."
    zones = resolved.spec.network.segmentation.zones
    rbac = resolved.spec.access_control.infrastructure.authorization.rbac
    synced = (_project(environment, zones, rbac=rbac), _application_set(environment, documents))
    by_hand = delivery(environment, rbac=rbac)
    for folder, found in (("", synced), ("delivery/", by_hand)):
        for document in found:
            path = f"argocd/{environment.name}/{folder}{document['kind'].lower()}.yaml"
            yield Artifact(path, to_yaml(document, header), document)


def destination(environment: Environment, cluster: str) -> str:
    """Return the name under which Argo CD knows a cluster."""
    return f"{environment.name}-{cluster}"


def _project(environment: Environment, zones: tuple[Zone, ...], *, rbac: bool) -> Document:
    destinations = [
        {"name": destination(environment, cluster), "namespace": namespace(zone)}
        for cluster in environment.clusters
        for zone in zones
    ]
    spec = {
        "description": f"The Configuration API in {environment.name}",
        "sourceRepos": [environment.delivery.repository],
        "sourceNamespaces": SOURCE_NAMESPACES,
        "destinations": destinations,
        "clusterResourceWhitelist": _cluster_scoped(environment, zones),
        "namespaceResourceWhitelist": _namespaced(environment),
        "orphanedResources": {"warn": True},
        "roles": _roles(environment) if rbac else [],
    }
    return argo_object(kinds.APP_PROJECT, project_name(environment), spec, _PROJECT_FIRST)


def _roles(environment: Environment) -> list[dict[str, Any]]:
    """Return the project's roles: readers look, operators may also sync; pull requests alone decide the content."""
    groups, project = environment.sign_in.groups, project_name(environment)
    return [
        role(project, "readers", groups.readers, ("get",)),
        role(project, "operators", groups.operators, ("get", "sync")),
    ]


def _application_set(environment: Environment, documents: Mapping[str, Sequence[Document]]) -> Document:
    cluster = f"{{{{ index .path.segments {CLUSTER_SEGMENT} }}}}"
    spec = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"git": generator} for generator in _generators(environment, documents)],
        # Only pruning deletes objects, and none that holds data; deleting this ApplicationSet deletes none at all.
        "syncPolicy": {"preserveResourcesOnDeletion": True},
        "template": {
            "metadata": {"name": f"{project_name(environment)}-{cluster}", "annotations": COMPARED},
            "spec": _application(environment, cluster),
        },
    }
    return argo_object(kinds.APPLICATION_SET, project_name(environment), spec)


def _generators(environment: Environment, documents: Mapping[str, Sequence[Document]]) -> Iterator[dict[str, Any]]:
    """Yield a generator for the clusters with the same autoscalers; its template ignores the fields that those own.

    A field that is ignored where nobody else owns it would never be applied from Git.
    """
    source = {"repoURL": environment.delivery.repository, "revision": environment.delivery.revision}
    grouped: list[tuple[list[dict[str, Any]], list[str]]] = []
    for name, found in documents.items():
        ignored = list(_autoscaled(found))
        clusters = next((clusters for same, clusters in grouped if same == ignored), None)
        if clusters is None:
            grouped.append((ignored, clusters := []))
        clusters.append(name)
    for ignored, clusters in grouped:
        directories = [{"path": f"generated/{environment.name}/{name}/kubernetes"} for name in clusters]
        # Argo CD fills the rest of this template from the ApplicationSet's own.
        spec = {"project": project_name(environment), "destination": {}, "ignoreDifferences": ignored}
        yield {
            **source,
            "directories": directories,
            **({"template": {"metadata": {}, "spec": spec}} if ignored else {}),
        }


def _autoscaled(documents: Iterable[Document]) -> Iterator[dict[str, Any]]:
    """Yield the numbers that the autoscalers of a cluster own, for Argo CD to ignore."""
    fields = {(kind.api_version, kind.name): (kind.group, field) for kind, field in _SCALED.items()}
    for document in documents:
        if document["kind"] in _AUTOSCALERS:
            target = document["spec"]["scaleTargetRef"]
            group, field = fields[target["apiVersion"], target["kind"]]
            yield {
                "group": group,
                "kind": target["kind"],
                "name": target["name"],
                "namespace": document["metadata"]["namespace"],
                "jsonPointers": [field],
            }


def _application(environment: Environment, cluster: str) -> dict[str, Any]:
    """Return the spec of the one Application of a cluster: sync waves order objects only within an Application.

    It goes on trying: the first sync waits for people, who configure the database in Vault once it runs.
    """
    return {
        "project": project_name(environment),
        "source": {
            "repoURL": environment.delivery.repository,
            "targetRevision": environment.delivery.revision,
            "path": "{{ .path.path }}",
        },
        "destination": {"name": destination(environment, cluster), "namespace": namespace("application")},
        "syncPolicy": sync_policy("PruneLast=true", "RespectIgnoreDifferences=true"),
    }


def _namespaced(environment: Environment) -> list[dict[str, str]]:
    """Return the kinds that the project may create in a zone: all but Argo CD's own, which could widen the project.

    A DaemonSet runs on every node: it may create one only where a cluster's platform does not measure nodes itself.
    """
    measured = all(cluster.node_metrics for cluster in environment.clusters.values())
    left_out = {kinds.DAEMON_SET} if measured else frozenset()
    listed = (kind for kind in kinds.KINDS if kind.namespaced and kind.provider is not ARGO_CD and kind not in left_out)
    return [{"group": kind.group, "kind": kind.name} for kind in listed]


def _cluster_scoped(environment: Environment, zones: tuple[Zone, ...]) -> list[dict[str, str]]:
    """Return the cluster-scoped objects that it may create, each by name: any other might give full access."""
    performance = (performance_class(platform(cluster)) for cluster in environment.clusters.values())
    named = {
        kinds.NAMESPACE: [namespace(zone) for zone in zones],
        kinds.ADMISSION_POLICY: _ADMITTED,
        kinds.ADMISSION_BINDING: _ADMITTED,
        kinds.CLUSTER_ROLE: [REVIEWERS],
        kinds.CLUSTER_ROLE_BINDING: [REVIEWERS],
        kinds.STORAGE_CLASS: [item.name for item in CLASSES],
        kinds.VOLUME_ATTRIBUTES_CLASS: list(dict.fromkeys(name for name in performance if name)),
        kinds.VOLUME_SNAPSHOT_CLASS: [VOLUME_SNAPSHOTS],
    }
    return [{"group": kind.group, "kind": kind.name, "name": name} for kind, names in named.items() for name in names]
