"""Roles of people in every zone, and the groups of the identity provider that have them.

Readers look at everything that is rendered and at what comes of it, and at no secret. Operators read the application's
logs and restart it, by deleting its pods: whoever may change a workload may run anything with the secrets of its
namespace, and Argo CD would take the change back. Administrators have no right in Kubernetes: they change Vault.

Sources: ``access_control.infrastructure``, the environment's ``sign_in.groups``.
Upstream: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.network import Zone

Rule = dict[str, Any]

LOOK = ["get", "list", "watch"]
# What controllers and operators make of the rendered objects, by API group.
MADE: dict[str, tuple[str, ...]] = {
    "": ("events", "persistentvolumeclaims", "pods"),
    "apps": ("replicasets", "statefulsets"),
    "batch": ("jobs",),
    "discovery.k8s.io": ("endpointslices",),
    "events.k8s.io": ("events",),
    "metrics.k8s.io": ("pods",),
    kinds.SCHEDULED_BACKUP.group: ("backups",),
    kinds.VOLUME_SNAPSHOT_CLASS.group: ("volumesnapshots",),
}


def access(site: Site) -> Iterator[Document]:
    """Yield the Roles of every zone and their RoleBindings; nothing where rights do not follow from roles."""
    if not site.spec.access_control.infrastructure.authorization.rbac:
        return
    groups, zones = site.environment.sign_in.groups, site.spec.network.segmentation.zones
    for zone in zones:
        yield from _role(zone, "readers", groups.readers, _looking())
    if "application" in zones:
        yield from _role("application", "operators", groups.operators, _restarting())


def _role(zone: Zone, name: str, group: str, rules: list[Rule]) -> Iterator[Document]:
    yield kubernetes_object(kinds.ROLE, name, Wave.ACCESS, zone=zone, rules=rules)
    yield kubernetes_object(
        kinds.ROLE_BINDING,
        name,
        Wave.ACCESS,
        zone=zone,
        roleRef={"apiGroup": kinds.ROLE.group, "kind": kinds.ROLE.name, "name": name},
        subjects=[{"apiGroup": kinds.ROLE.group, "kind": "Group", "name": group}],
    )


def _looking() -> list[Rule]:
    found = {group: set(resources) for group, resources in MADE.items()}
    for kind in kinds.KINDS:
        if kind.namespaced and kind.provider is not kinds.ARGO_CD:
            found.setdefault(kind.group, set()).add(kind.plural)
    return [
        {"apiGroups": [group], "resources": sorted(resources), "verbs": LOOK}
        for group, resources in sorted(found.items())
    ]


def _restarting() -> list[Rule]:
    return [
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "delete"]},
    ]
