"""Parts that the objects for Argo CD share: their metadata, their sync policy, and the roles of readers.

Upstream: https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.kept import KEPT, kept
from compiler.emit.providers import ARGO_CD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from compiler.emit.artifact import Document
    from compiler.emit.kinds import Kind
    from compiler.model.environment import Environment

# The API server computes the differences, so that defaults that it or operators add are none.
COMPARED = {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
SOURCE_NAMESPACES = [ARGO_CD.namespace]
"""The namespaces whose Applications a project admits: Argo CD's own, which it admits in any case.

The list is stated because anybody could add to one that is left out, unseen.
"""


def project_name(environment: Environment) -> str:
    """Return the name of an environment's AppProject and of its ApplicationSet."""
    return f"cbp-{environment.name}"


def argo_object(kind: Kind, name: str, spec: dict[str, Any], annotations: dict[str, str] | None = None) -> Document:
    """Return an object in Argo CD's namespace; Argo CD keeps those that give an environment its clusters."""
    noted = {**(KEPT if kept(kind, name, None) else {}), **(annotations or {})}
    metadata = {"name": name, "namespace": ARGO_CD.namespace, **({"annotations": noted} if noted else {})}
    return {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, "spec": spec}


def sync_policy(*options: str) -> dict[str, Any]:
    """Return the policy of an Application that follows Git by itself, and never gives up.

    A sync that fails is tried again with the newest commit (``refresh``): without it, the commit that mends a release
    would wait for ever behind the one that failed.
    """
    return {
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": ["ServerSideApply=true", *options],
        "retry": {"limit": -1, "refresh": True, "backoff": {"duration": "10s", "factor": 2, "maxDuration": "3m"}},
    }


def role(project: str, name: str, group: str, actions: Sequence[str]) -> dict[str, Any]:
    """Return a role of a project: the actions of a group on the project's Applications."""
    return {
        "name": name,
        "groups": [group],
        "policies": [f"p, proj:{project}:{name}, applications, {action}, {project}/*, allow" for action in actions],
    }
