"""ServiceAccounts, and Roles with one RoleBinding each.

Upstream: https://kubernetes.io/docs/reference/access-authn-authz/rbac/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.model.network import Zone

Rule = dict[str, Any]


def service_account(name: str, zone: Zone, labels: dict[str, str] | None = None) -> Document:
    """Return a ServiceAccount; a pod gets its token only if it mounts the token itself."""
    return kubernetes_object(
        kinds.SERVICE_ACCOUNT, name, Wave.ACCESS, zone=zone, labels=labels, automountServiceAccountToken=False
    )


def bound_role(
    name: str, zone: Zone, rules: list[Rule], subject: Rule, labels: dict[str, str] | None = None
) -> Iterator[Document]:
    """Yield a Role, and the RoleBinding of the same name that grants it to one subject."""
    yield kubernetes_object(kinds.ROLE, name, Wave.ACCESS, zone=zone, labels=labels, rules=rules)
    yield kubernetes_object(
        kinds.ROLE_BINDING,
        name,
        Wave.ACCESS,
        zone=zone,
        labels=labels,
        roleRef={"apiGroup": kinds.ROLE.group, "kind": kinds.ROLE.name, "name": name},
        subjects=[subject],
    )
