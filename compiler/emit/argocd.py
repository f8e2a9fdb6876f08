"""Argo CD: for each environment a project that may reach its clusters alone, and an Application for each cluster.

Sources: the environment's ``delivery`` and ``clusters``.
Upstream: https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.artifact import Artifact, Document
from compiler.emit.names import namespace
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.model.environment import Environment
    from compiler.model.network import Zone
    from compiler.resolve.resolved import Resolved

API_VERSION = "argoproj.io/v1alpha1"
ARGOCD_NAMESPACE = "argocd"
# The cluster's folder in generated/<environment>/<cluster>/kubernetes.
CLUSTER_SEGMENT = 2
_NAMESPACED_KINDS = (
    ("", "ConfigMap"),
    ("", "ResourceQuota"),
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
)


def argocd(resolved: Resolved) -> Iterator[Artifact]:
    """Yield ``argocd/<environment>/appproject.yaml`` and ``applicationset.yaml``."""
    environment = resolved.environment
    header = f"Compiled from environments/{environment.name}/. Edit that; cbp compile writes this file."
    zones = resolved.spec.network.segmentation.zones
    for document in (_project(environment, zones), _application_set(environment)):
        path = f"argocd/{environment.name}/{document['kind'].lower()}.yaml"
        yield Artifact(path, to_yaml(document, header), document)


def destination(environment: Environment, cluster: str) -> str:
    """Return the name under which a cluster is registered with Argo CD."""
    return f"{environment.name}-{cluster}"


def _project(environment: Environment, zones: tuple[Zone, ...]) -> Document:
    destinations = [
        {"name": destination(environment, cluster), "namespace": namespace(zone)}
        for cluster in environment.clusters
        for zone in zones
    ]
    spec = {
        "description": f"The Configuration API in {environment.name}",
        "sourceRepos": [environment.delivery.repository],
        "destinations": destinations,
        "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
        "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in _NAMESPACED_KINDS],
        "orphanedResources": {"warn": True},
    }
    return _argo("AppProject", _project_name(environment), spec)


def _application_set(environment: Environment) -> Document:
    cluster = f"{{{{ index .path.segments {CLUSTER_SEGMENT} }}}}"
    directory = {"path": f"generated/{environment.name}/*/kubernetes"}
    source = {"repoURL": environment.delivery.repository, "revision": environment.delivery.revision}
    spec = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"git": {**source, "directories": [directory]}}],
        "template": {
            "metadata": {"name": f"cbp-{environment.name}-{cluster}"},
            "spec": _application(environment, cluster),
        },
    }
    return _argo("ApplicationSet", _project_name(environment), spec)


def _application(environment: Environment, cluster: str) -> dict[str, Any]:
    """One Application for a cluster: waves order what lies in it, and do not reach across Applications."""
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
            "retry": {"limit": 5, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"}},
        },
        # The autoscaler owns the number of replicas.
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}],
    }


def _argo(kind: str, name: str, spec: dict[str, Any]) -> Document:
    metadata = {"name": name, "namespace": ARGOCD_NAMESPACE}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}


def _project_name(environment: Environment) -> str:
    return f"cbp-{environment.name}"
