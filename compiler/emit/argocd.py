"""Objects for Argo CD: an AppProject for each environment, and an ApplicationSet with an Application per cluster.

Sources: the environment's ``delivery`` and ``clusters``.
Upstream: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.artifact import Artifact, Document
from compiler.emit.kubernetes.cluster.external_secrets import REVIEWERS
from compiler.emit.names import IMAGES_ADMITTED, SECRETS_ADMITTED, STORAGE_CLASS, ZONES_ADMITTED, namespace
from compiler.emit.providers import ARGO_CD
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.kinds import Kind
    from compiler.model.environment import Environment
    from compiler.model.network import Zone
    from compiler.resolve.resolved import Resolved

# The cluster's folder in generated/<environment>/<cluster>/kubernetes.
CLUSTER_SEGMENT = 2
_ADMITTED = [IMAGES_ADMITTED, SECRETS_ADMITTED, ZONES_ADMITTED]
# The API server computes the differences, so that defaults that it or operators add are none.
_COMPARED = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}


def argocd(resolved: Resolved) -> Iterator[Artifact]:
    """Yield ``argocd/<environment>/appproject.yaml`` and ``applicationset.yaml``."""
    environment = resolved.environment
    header = f"Compiled from environments/{environment.name}/. Edit that; cbp compile writes this file."
    zones = resolved.spec.network.segmentation.zones
    rbac = resolved.spec.access_control.infrastructure.authorization.rbac
    for document in (_project(environment, zones, rbac=rbac), _application_set(environment)):
        path = f"argocd/{environment.name}/{document['kind'].lower()}.yaml"
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
        "destinations": destinations,
        "clusterResourceWhitelist": _cluster_scoped(zones),
        "namespaceResourceWhitelist": _namespaced(),
        "orphanedResources": {"warn": True},
        "roles": _roles(environment) if rbac else [],
    }
    return _argo(kinds.APP_PROJECT, _project_name(environment), spec)


def _roles(environment: Environment) -> list[dict[str, Any]]:
    """Return the project's roles: readers look, operators may also sync; pull requests alone decide the content."""
    groups, project = environment.sign_in.groups, _project_name(environment)
    rights = (("readers", groups.readers, ("get",)), ("operators", groups.operators, ("get", "sync")))
    return [
        {
            "name": name,
            "groups": [group],
            "policies": [f"p, proj:{project}:{name}, applications, {act}, {project}/*, allow" for act in acts],
        }
        for name, group, acts in rights
    ]


def _application_set(environment: Environment) -> Document:
    cluster = f"{{{{ index .path.segments {CLUSTER_SEGMENT} }}}}"
    directory = {"path": f"generated/{environment.name}/*/kubernetes"}
    source = {"repoURL": environment.delivery.repository, "revision": environment.delivery.revision}
    spec = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"git": {**source, "directories": [directory]}}],
        # Only pruning deletes objects, and asks before data is lost; deleting this ApplicationSet deletes none of them.
        "syncPolicy": {"preserveResourcesOnDeletion": True},
        "template": {
            "metadata": {"name": f"cbp-{environment.name}-{cluster}", "annotations": _COMPARED},
            "spec": _application(environment, cluster),
        },
    }
    return _argo(kinds.APPLICATION_SET, _project_name(environment), spec)


def _application(environment: Environment, cluster: str) -> dict[str, Any]:
    """Return the spec of the one Application of a cluster: sync waves order objects only within an Application."""
    return {
        "project": _project_name(environment),
        "source": {
            "repoURL": environment.delivery.repository,
            "targetRevision": environment.delivery.revision,
            "path": "{{ .path.path }}",
        },
        "destination": {"name": destination(environment, cluster), "namespace": namespace("application")},
        "syncPolicy": {
            "automated": {"prune": True, "selfHeal": True},
            "syncOptions": ["ServerSideApply=true", "PruneLast=true", "RespectIgnoreDifferences=true"],
            # The first sync waits for people: they configure the database in Vault once it runs.
            "retry": {"limit": -1, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"}},
        },
        # The autoscalers own these numbers.
        "ignoreDifferences": [
            {"group": kinds.DEPLOYMENT.group, "kind": kinds.DEPLOYMENT.name, "jsonPointers": ["/spec/replicas"]},
            {
                "group": kinds.POSTGRES_CLUSTER.group,
                "kind": kinds.POSTGRES_CLUSTER.name,
                "jsonPointers": ["/spec/instances"],
            },
        ],
    }


def _namespaced() -> list[dict[str, str]]:
    """Return the kinds that the project may create in a zone: all but Argo CD's own, which could widen the project."""
    listed = (kind for kind in kinds.KINDS if kind.namespaced and kind.provider is not ARGO_CD)
    return [{"group": kind.group, "kind": kind.name} for kind in listed]


def _cluster_scoped(zones: tuple[Zone, ...]) -> list[dict[str, str]]:
    """Return the cluster-scoped objects that it may create, each by name: any other might give full access."""
    named = {
        kinds.NAMESPACE: [namespace(zone) for zone in zones],
        kinds.ADMISSION_POLICY: _ADMITTED,
        kinds.ADMISSION_BINDING: _ADMITTED,
        kinds.CLUSTER_ROLE_BINDING: [REVIEWERS],
        kinds.STORAGE_CLASS: [STORAGE_CLASS],
        kinds.VOLUME_SNAPSHOT_CLASS: [STORAGE_CLASS],
    }
    return [{"group": kind.group, "kind": kind.name, "name": name} for kind, names in named.items() for name in names]


def _argo(kind: Kind, name: str, spec: dict[str, Any]) -> Document:
    metadata = {"name": name, "namespace": kind.provider.namespace}
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, "spec": spec}


def _project_name(environment: Environment) -> str:
    return f"cbp-{environment.name}"
