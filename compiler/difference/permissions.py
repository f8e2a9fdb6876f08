"""Permissions that a change widens: of Kubernetes' roles, of Argo CD's projects, and of Vault's policies and logins."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from compiler.difference.effects import Class, Effect, Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.difference.comparison import Change

_ALLOWING = (
    "sourceRepos",
    "sourceNamespaces",
    "destinations",
    "clusterResourceWhitelist",
    "namespaceResourceWhitelist",
)
"""The lists of an AppProject each of whose entries allows something; the project's roles are none here."""
_POLICY = "sys/policies/acl/"
"""The path of Vault's policies: https://openbao.org/api-docs/system/policies/."""


def of_roles(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[Effect]:
    """Yield the rights that a Role or ClusterRole gains."""
    old, new = (set(_rights(side)) if side else set() for side in (before, after))
    for right in sorted(new - old):
        yield Effect(Class.PERMISSION, Reason("it may now {right}", {"right": right}))


def of_bindings(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[Effect]:
    """Yield the subjects that a RoleBinding or ClusterRoleBinding gains."""
    old, new = (set(_subjects(side)) if side else set() for side in (before, after))
    for subject in sorted(new - old):
        yield Effect(Class.PERMISSION, Reason("it is given to {subject}", {"subject": subject}))


def of_project(change: Change) -> Iterator[Effect]:
    """Yield what a field of an AppProject allows anew."""
    if len(change.steps) > 1 and change.steps[1] in _ALLOWING and change.after is not None:
        values = {"path": change.name, "after": str(change.after)}
        yield Effect(Class.PERMISSION, Reason("{path} allows {after}", values))


def of_vault(change: Change) -> Iterator[Effect]:
    """Yield what a plan for Vault allows anew: a line of a policy, or a name that a role is bound to."""
    added, field = change.after is not None, change.name
    if added and _POLICY in field and change.steps[-1].startswith("["):
        yield Effect(
            Class.PERMISSION, Reason("a policy of Vault has the line {line}", {"line": str(change.after).strip()})
        )
    elif added and any(step.startswith("bound_") for step in change.steps):
        values = {"path": field, "after": str(change.after)}
        yield Effect(Class.PERMISSION, Reason("{path} lets {after} log in", values))


def _rights(role: Mapping[str, Any]) -> Iterator[str]:
    for rule in role.get("rules") or ():
        named = f" named {', '.join(rule['resourceNames'])}" if rule.get("resourceNames") else ""
        groups, resources = rule.get("apiGroups") or ("",), rule.get("resources") or rule.get("nonResourceURLs") or ()
        for group, resource, verb in product(groups, resources, rule.get("verbs") or ()):
            yield f"{verb} {resource}{f'.{group}' if group else ''}{named}"


def _subjects(binding: Mapping[str, Any]) -> Iterator[str]:
    for subject in binding.get("subjects") or ():
        namespace = f"{subject['namespace']}/" if subject.get("namespace") else ""
        yield f"{subject['kind']} {namespace}{subject['name']}"
