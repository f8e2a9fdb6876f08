"""Who may do what in the cluster: the rendered Roles, asked as the API server asks them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest

from compiler.emit.kinds import KINDS
from compiler.emit.site import sites
from tests.compiler.project import changed, documents, resolved, site

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
ZONES = ("cbp-public", "cbp-application", "cbp-data", "cbp-management")
Question = tuple[str, str, str]
"""A verb, and the API group and name of a resource."""

LOOK = ("get", "list", "watch")
CHANGE = ("create", "update", "patch", "delete", "deletecollection")
# Objects that controllers make, by the kind of the rendered object that they make them of.
MADE = {
    "Service": {("", "services"), ("discovery.k8s.io", "endpointslices")},
    "Deployment": {("", "pods"), ("metrics.k8s.io", "pods"), ("apps", "replicasets")},
    "CronJob": {("", "pods"), ("metrics.k8s.io", "pods"), ("batch", "jobs")},
    "Cluster": {
        ("", "pods"),
        ("metrics.k8s.io", "pods"),
        ("", "persistentvolumeclaims"),
        ("", "services"),
        ("batch", "jobs"),
        ("discovery.k8s.io", "endpointslices"),
        ("policy", "poddisruptionbudgets"),
    },
    "Pooler": {("apps", "deployments"), ("apps", "replicasets")},
    "ScheduledBackup": {("postgresql.cnpg.io", "backups"), ("snapshot.storage.k8s.io", "volumesnapshots")},
    "RedisReplication": {("apps", "statefulsets")},
    "ScaledObject": {("autoscaling", "horizontalpodautoscalers")},
    "Certificate": {("cert-manager.io", "certificaterequests")},
}
EVENTS = {("", "events"), ("events.k8s.io", "events")}
NAMES = {(kind.api_version, kind.name): (kind.group, kind.plural) for kind in KINDS}
VISIBLE = {(kind.group, kind.plural) for kind in KINDS if kind.namespaced and kind.group != "argoproj.io"}.union(
    EVENTS, *MADE.values()
)
# What leads to more rights, to a secret, or into a pod; and what belongs to the whole cluster.
HIDDEN = {
    ("", "secrets"),
    ("", "pods/log"),
    ("", "pods/exec"),
    ("", "pods/attach"),
    ("", "pods/portforward"),
    ("", "pods/ephemeralcontainers"),
    ("", "pods/proxy"),
    ("", "services/proxy"),
    ("", "serviceaccounts/token"),
    ("", "nodes"),
    ("", "namespaces"),
    ("", "users"),
    ("", "groups"),
    ("apps", "deployments/scale"),
    ("argoproj.io", "applications"),
    ("rbac.authorization.k8s.io", "clusterroles"),
    ("rbac.authorization.k8s.io", "clusterrolebindings"),
}
QUESTIONS = {
    (verb, *resource)
    for verb, resource in product((*LOOK, *CHANGE, "bind", "escalate", "impersonate"), VISIBLE | HIDDEN)
}
RESTART = {("get", "", "pods/log"), *((verb, "", "pods") for verb in (*LOOK, "delete"))}


def granted(at: Site, group: str, namespace: str) -> set[Question]:
    """What a group may do in a namespace: the answers of every Role that a RoleBinding gives it there."""
    found = {(item["kind"], item["metadata"]["name"]): item for item in within(at, namespace)}
    rules = [
        rule
        for (kind, _), binding in found.items()
        if kind == "RoleBinding"
        for subject in binding["subjects"]
        if subject == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}
        for rule in found[binding["roleRef"]["kind"], binding["roleRef"]["name"]]["rules"]
    ]
    return {
        (verb, api, resource)
        for verb, api, resource in QUESTIONS
        if any(
            {verb, "*"} & {*rule["verbs"]}
            and {api, "*"} & {*rule["apiGroups"]}
            and {resource, "*"} & {*rule["resources"]}
            for rule in rules
        )
    }


def within(at: Site, namespace: str) -> list[Document]:
    return [item for item in documents(at).values() if item["metadata"].get("namespace") == namespace]


@every_site
def test_readers_look_at_what_their_zone_holds_and_at_what_becomes_of_it_and_change_nothing(at: Site) -> None:
    """A kind that is rendered in one zone is no right in another; Secrets and logs are nowhere."""
    for namespace in ZONES:
        held = within(at, namespace)
        resources = {NAMES[item["apiVersion"], item["kind"]] for item in held}
        looking = resources.union(EVENTS, *(MADE.get(item["kind"], set()) for item in held))
        rights = granted(at, at.environment.sign_in.groups.readers, namespace)
        assert rights == {(verb, *resource) for verb in LOOK for resource in looking}


@every_site
def test_operators_restart_the_application_and_read_its_logs_and_that_is_all(at: Site) -> None:
    group = at.environment.sign_in.groups.operators
    assert {namespace: granted(at, group, namespace) for namespace in ZONES} == {
        **{namespace: set() for namespace in ZONES},
        "cbp-application": RESTART,
    }


@every_site
def test_administrators_have_vault_and_nothing_in_the_cluster(at: Site) -> None:
    for namespace in ZONES:
        assert granted(at, at.environment.sign_in.groups.administrators, namespace) == set()


@every_site
def test_people_have_rights_as_groups_and_inside_a_namespace_alone(at: Site) -> None:
    bindings = [item for item in documents(at).values() if item["kind"] in ("RoleBinding", "ClusterRoleBinding")]
    people = {
        (item["kind"], subject["kind"], subject["name"])
        for item in bindings
        for subject in item["subjects"]
        if subject["kind"] != "ServiceAccount"
    }
    groups = at.environment.sign_in.groups
    assert people == {("RoleBinding", "Group", name) for name in (groups.readers, groups.operators)}
    (role,) = [item for item in documents(at).values() if item["kind"] == "ClusterRole"]
    review = {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    assert role["rules"] == [review]


def test_without_roles_nobody_is_given_a_right() -> None:
    at = site(changed({"access_control.infrastructure.authorization.rbac": "false"}))
    for group in at.environment.sign_in.groups.model_dump().values():
        assert not any(granted(at, group, namespace) for namespace in ZONES)


def test_a_resource_is_named_as_the_api_server_names_it() -> None:
    plurals = {kind.name: kind.plural for kind in KINDS}
    assert plurals["NetworkPolicy"] == "networkpolicies"
    assert plurals["Ingress"] == "ingresses"
    assert plurals["RedisReplication"] == "redisreplications"
