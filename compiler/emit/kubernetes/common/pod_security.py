"""Security contexts for Pod Security's restricted profile, with a read-only root file system.

Source: ``access_control.infrastructure.principle``.
Upstream: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from typing import Any

OWN_USER = 65532
"""The user ID that the API's own image runs as (Containerfile)."""
CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def pod_context(user: int | None = None) -> dict[str, Any]:
    """Return a pod's ``securityContext``; without ``user`` the image's own user applies, which may not be root."""
    accounts = {} if user is None else {"runAsUser": user, "runAsGroup": user, "fsGroup": user}
    return {"runAsNonRoot": True, **accounts, "seccompProfile": {"type": "RuntimeDefault"}}
