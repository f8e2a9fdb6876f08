"""What the pods of Redis and of its sentinels have in common: the account, the placement, and what they may do.

Sources: ``redundancy.application``, ``storage.cache.type``.
Upstream: https://redis-operator.opstree.dev/docs/crd-reference/
"""

from __future__ import annotations

from typing import Any

from compiler.emit.names import AUTHORITY_FILE, CACHE, CACHE_SERVER

USER = 1000
PASSWORD = {"name": CACHE, "key": "password"}
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
# What Argo CD notes on the objects that it applies would make their copies below look like its own.
_NOT_INHERITED = [f"argocd.argoproj.io/{name}" for name in ("sync-options", "sync-wave", "tracking-id")]


def kubernetes_config(image: str, resources: dict[str, str]) -> dict[str, Any]:
    """Return ``kubernetesConfig``: requests are limits, and nobody is answered without the password."""
    return {
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "redisSecret": PASSWORD,
        "resources": {"requests": resources, "limits": resources},
        "updateStrategy": {"type": "RollingUpdate"},
        "ignoreAnnotations": _NOT_INHERITED,
    }


def pods(labels: dict[str, str]) -> dict[str, Any]:
    """Return what pods of both kinds have: TLS and no other port, an account, and a place apart from each other.

    Never two are on one node, no zone has two more than another, and one is drained at a time.
    """
    selector = {"matchLabels": labels}
    apart = {"topologyKey": "kubernetes.io/hostname", "labelSelector": selector}
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": selector,
    }
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
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [apart]}},
        "topologySpreadConstraints": [spread],
        "pdb": {"enabled": True, "maxUnavailable": 1},
    }
