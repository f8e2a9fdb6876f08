"""Roles of people in every zone, bound to groups of the identity provider.

Readers look at all objects that are rendered in a zone, and at those that controllers create for them, but at no
Secret; a new kind of object widens only the role of its own zone. Operators read the application's logs and restart it
by deleting its pods: they may not change workloads, since a changed workload could run anything with the secrets of its
namespace, and Argo CD would revert the change. Administrators have no right in Kubernetes: they change Vault.

Sources: ``access_control.infrastructure``, the environment's ``sign_in.groups``.
Upstream: https://kubernetes.io/docs/concepts/security/rbac-good-practices/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit import kinds
from compiler.emit.kubernetes.common.access import Rule, bound_role
from compiler.emit.names import namespace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

Resource = tuple[str, str]
"""API group and plural name."""

LOOK = ["get", "list", "watch"]
_EVENTS: tuple[Resource, ...] = (("", "events"), ("events.k8s.io", "events"))
_PODS: tuple[Resource, ...] = (("", "pods"), ("metrics.k8s.io", "pods"))
_SERVICES: tuple[Resource, ...] = (("", "services"), ("discovery.k8s.io", "endpointslices"))
_CLAIMS: tuple[Resource, ...] = (("", "persistentvolumeclaims"),)
_BUDGETS: tuple[Resource, ...] = ((kinds.POD_DISRUPTION_BUDGET.group, kinds.POD_DISRUPTION_BUDGET.plural),)
_STATEFUL: tuple[Resource, ...] = (("apps", "statefulsets"),)
_DEPLOYMENTS: tuple[Resource, ...] = (("apps", "deployments"), ("apps", "replicasets"))
_JOBS: tuple[Resource, ...] = (("batch", "jobs"),)
# Objects that controllers and operators create for a rendered one.
CREATED: dict[kinds.Kind, tuple[Resource, ...]] = {
    kinds.SERVICE: _SERVICES,
    kinds.DEPLOYMENT: (*_DEPLOYMENTS, *_PODS),
    kinds.CRON_JOB: (*_JOBS, *_PODS),
    kinds.JOB: _PODS,
    kinds.POSTGRES_CLUSTER: (*_PODS, *_JOBS, *_CLAIMS, *_SERVICES, *_BUDGETS),
    kinds.POOLER: (*_DEPLOYMENTS, *_PODS, *_SERVICES),
    kinds.SCHEDULED_BACKUP: (
        (kinds.SCHEDULED_BACKUP.group, "backups"),
        (kinds.VOLUME_SNAPSHOT_CLASS.group, "volumesnapshots"),
    ),
    kinds.REDIS_REPLICATION: (*_STATEFUL, *_PODS, *_CLAIMS, *_SERVICES, *_BUDGETS),
    kinds.REDIS_SENTINEL: (*_STATEFUL, *_PODS, *_SERVICES, *_BUDGETS),
    kinds.SCALED_OBJECT: ((kinds.HORIZONTAL_POD_AUTOSCALER.group, kinds.HORIZONTAL_POD_AUTOSCALER.plural),),
    kinds.CERTIFICATE: ((kinds.CERTIFICATE.group, "certificaterequests"),),
}


def readers_and_operators(site: Site, rendered: Iterable[Document]) -> Iterator[Document]:
    """Yield the Roles and RoleBindings of every zone; nothing where rights are not given through roles.

    ``rendered`` are the other objects of the cluster.
    """
    if not site.spec.access_control.infrastructure.authorization.rbac:
        return
    groups, zones = site.environment.sign_in.groups, site.spec.network.segmentation.zones
    held = _held(rendered)
    for zone in zones:
        yield from bound_role("readers", zone, _looking(held.get(namespace(zone), set())), _group(groups.readers))
    if "application" in zones and kinds.DEPLOYMENT in held.get(namespace("application"), set()):
        yield from bound_role("operators", "application", _restarting(), _group(groups.operators))


def _group(name: str) -> Rule:
    return {"apiGroup": kinds.ROLE.group, "kind": "Group", "name": name}


def _held(rendered: Iterable[Document]) -> dict[str, set[kinds.Kind]]:
    """Return the kinds of objects in each namespace, by its name."""
    known = {(kind.api_version, kind.name): kind for kind in kinds.KINDS}
    held: dict[str, set[kinds.Kind]] = {}
    for document in rendered:
        kind = known[document["apiVersion"], document["kind"]]
        held.setdefault(document["metadata"].get("namespace", ""), set()).add(kind)
    return held


def _looking(held: set[kinds.Kind]) -> list[Rule]:
    """Return the rules of a zone's readers: its kinds, Roles and RoleBindings, and the objects created for them."""
    resources = {(kind.group, kind.plural) for kind in (*held, kinds.ROLE, kinds.ROLE_BINDING)} | set(_EVENTS)
    resources |= {created for kind in held for created in CREATED.get(kind, ())}
    return [
        {"apiGroups": [group], "resources": sorted(name for of, name in resources if of == group), "verbs": LOOK}
        for group in sorted({of for of, _ in resources})
    ]


def _restarting() -> list[Rule]:
    return [
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": [*LOOK, "delete"]},
    ]
