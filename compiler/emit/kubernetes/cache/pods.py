"""Fields that the pods of Redis and of its sentinels share: the account, the placement, and the security context.

Sources: ``redundancy.application``, ``storage.cache.type``.
Upstream: https://redis-operator.opstree.dev/docs/crd-reference/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.placement import node_anti_affinity, zone_spread
from compiler.emit.names import AUTHORITY_FILE, CACHE, CACHE_SERVER

if TYPE_CHECKING:
    from compiler.emit.kubernetes.common.resources import Resources

USER = 1000
PASSWORD = {"name": CACHE, "key": "password"}
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
# What Argo CD notes on the objects that it applies would make their copies below look like its own.
_NOT_INHERITED = [f"argocd.argoproj.io/{name}" for name in ("sync-options", "sync-wave", "tracking-id")]


def kubernetes_config(image: str, resources: Resources) -> dict[str, Any]:
    """Return ``kubernetesConfig``: requests are limits, and nobody is answered without the password."""
    return {
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "redisSecret": PASSWORD,
        "resources": resources.fields,
        "updateStrategy": {"type": "RollingUpdate"},
        "ignoreAnnotations": _NOT_INHERITED,
    }


def pods(labels: dict[str, str]) -> dict[str, Any]:
    """Return the fields of both kinds: TLS and no other port, an account, and a place apart from each other.

    Never two are on one node, no zone has two more than another, and one is drained at a time.
    """
    selector = {"matchLabels": labels}
    return {
        "TLS": {"secret": {"secretName": CACHE_SERVER}, "ca": AUTHORITY_FILE, "cert": "tls.crt", "key": "tls.key"},
        "serviceAccountName": CACHE,
        "podSecurityContext": {
            "runAsNonRoot": True,
            "runAsUser": USER,
            "fsGroup": USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "securityContext": RESTRICTED,
        **node_anti_affinity(selector),
        **zone_spread(selector),
        "pdb": {"enabled": True, "maxUnavailable": 1},
    }
