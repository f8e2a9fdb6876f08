"""The delivery of an environment to Argo CD: an Application for ``generated/argocd/<environment>``, and its project.

The owners of Argo CD apply these two by hand, once. From then on a new kind in the environment's AppProject, and a new
cluster in its ApplicationSet, come with the commit that needs them, which the owners of ``generated/argocd/`` have to
approve. Neither object lies in the folder that is synced, so that no merge can widen what the delivery itself may do.

Source: the environment's ``delivery``.
Upstream: https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.argocd_objects import COMPARED, SOURCE_NAMESPACES, argo_object, project_name, role, sync_policy
from compiler.emit.providers import ARGO_CD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.model.environment import Environment

# The cluster that Argo CD runs in, as Argo CD knows it from the start.
_ITSELF = {"server": "https://kubernetes.default.svc", "namespace": ARGO_CD.namespace}


def delivery(environment: Environment, *, rbac: bool) -> Iterator[Document]:
    """Yield the project, and the Application in it."""
    name = f"{project_name(environment)}-delivery"
    yield argo_object(kinds.APP_PROJECT, name, _project(environment, name, rbac=rbac))
    yield argo_object(kinds.APPLICATION, name, _application(environment, name), COMPARED)


def _project(environment: Environment, name: str, *, rbac: bool) -> dict[str, Any]:
    return {
        "description": f"What Argo CD may do for the Configuration API in {environment.name}",
        "sourceRepos": [environment.delivery.repository],
        "sourceNamespaces": SOURCE_NAMESPACES,
        "destinations": [_ITSELF],
        "clusterResourceBlacklist": [{"group": "*", "kind": "*"}],
        "namespaceResourceWhitelist": [
            {"group": kind.group, "kind": kind.name} for kind in (kinds.APP_PROJECT, kinds.APPLICATION_SET)
        ],
        "roles": [role(name, "readers", environment.sign_in.groups.readers, ("get",))] if rbac else [],
    }


def _application(environment: Environment, project: str) -> dict[str, Any]:
    return {
        "project": project,
        "source": {
            "repoURL": environment.delivery.repository,
            "targetRevision": environment.delivery.revision,
            "path": f"generated/argocd/{environment.name}",
        },
        "destination": _ITSELF,
        "syncPolicy": sync_policy(),
    }
