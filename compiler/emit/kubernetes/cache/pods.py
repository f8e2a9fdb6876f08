"""Fields that the pods of Redis and of its sentinels share: account, placement and security context.

Sources: ``redundancy.application``, ``storage.cache.type``, ``containers.images``.
Upstream: https://redis-operator.opstree.dev/docs/crd-reference/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.placement import node_anti_affinity, zone_spread
from compiler.emit.kubernetes.common.pod_security import CONTAINER
from compiler.emit.names import AUTHORITY_FILE, CACHE, CACHE_SERVER

if TYPE_CHECKING:
    from compiler.emit.kubernetes.common.resources import Resources
    from compiler.emit.site import Site

NODES = 3
"""The Redis servers: a primary and two replicas."""

SENTINELS = 3
"""The sentinels, of which a majority agrees while one zone of three is lost."""

USER = 1000
PASSWORD = {"name": CACHE, "key": "password"}
# Argo CD's annotations, which the operator would copy to the objects that it creates, so that they look like Argo CD's.
_NOT_INHERITED = [f"argocd.argoproj.io/{name}" for name in ("sync-options", "sync-wave", "tracking-id")]


def kubernetes_config(site: Site, resources: Resources) -> dict[str, Any]:
    """Return ``kubernetesConfig``: the image, its resources, and the password that every client has to send."""
    return {
        "image": site.spec.containers.images.valkey.reference,
        "imagePullPolicy": "IfNotPresent",
        "redisSecret": PASSWORD,
        "resources": resources.fields,
        "updateStrategy": {"type": "RollingUpdate"},
        "ignoreAnnotations": _NOT_INHERITED,
    }


def pods(site: Site, labels: dict[str, str]) -> dict[str, Any]:
    """Return the fields of both kinds: TLS on every port, a ServiceAccount, security contexts and placement.

    No node runs two of the pods, no zone has two more than another, and a drain takes one at a time.
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
        "securityContext": CONTAINER,
        # Of a container that does not run: the operator's own, which writes the configuration, takes its context.
        "initContainer": {
            "enabled": False,
            "image": site.spec.containers.images.valkey.reference,
            "securityContext": CONTAINER,
        },
        **node_anti_affinity(selector),
        **zone_spread(selector),
        "pdb": {"enabled": True, "maxUnavailable": 1},
    }
