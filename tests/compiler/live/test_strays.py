"""An object in a zone has to be compiled, or be made by a controller for one that is."""

from __future__ import annotations

import pytest

from compiler.emit.names import DATABASE_RESTORED
from compiler.live.comparison import check
from compiler.live.objects import Compiled, identity
from tests.compiler.live.cases import SITE, live, owned, reported

NOBODY = "no compiled object owns it"


def test_what_a_deployment_makes_belongs_to_it_down_to_the_pods() -> None:
    found = live()
    sets = owned("ReplicaSet", "api-1", found["Deployment"], "apps/v1")
    assert reported(*found.values(), sets, owned("Pod", "api-1-a", sets)) == []


@pytest.mark.parametrize(
    ("kind", "name"), [("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default"), ("Event", "api.1")]
)
def test_what_kubernetes_makes_in_every_namespace_is_no_stray(kind: str, name: str) -> None:
    assert reported(*live().values(), owned(kind, name)) == []


def test_an_object_of_any_kind_without_an_owner_is_a_stray_with_whoever_made_it() -> None:
    pod = owned("Pod", "shell")
    pod["metadata"]["managedFields"] = [{"manager": "kubectl-run"}]
    widget = owned("Widget", "w", api_version="widgets.example/v1")
    assert reported(*live().values(), pod, widget) == [
        f"stray Pod cbp-data/shell: {NOBODY}, by kubectl-run",
        f"stray Widget cbp-data/w: {NOBODY}",
    ]


def test_an_owner_that_makes_no_such_objects_is_a_pretence() -> None:
    found = live()
    binding = owned("RoleBinding", "admin", found["Deployment"], "rbac.authorization.k8s.io/v1")
    assert reported(*found.values(), binding) == [f"stray RoleBinding cbp-data/admin: {NOBODY}"]


def test_the_owner_is_the_object_with_that_uid_and_no_other_of_its_name() -> None:
    found = live()
    sets = owned("ReplicaSet", "api-1", found["Deployment"], "apps/v1")
    sets["metadata"]["ownerReferences"][0]["uid"] = "another"
    assert reported(*found.values(), sets) == [f"stray ReplicaSet cbp-data/api-1: {NOBODY}"]


def test_two_strays_that_own_each_other_are_both_strays() -> None:
    one = owned("ReplicaSet", "one", api_version="apps/v1")
    one["metadata"]["ownerReferences"] = [{"kind": "Deployment", "name": "two", "uid": "uid-of-two"}]
    two = owned("Deployment", "two", api_version="apps/v1")
    two["metadata"]["ownerReferences"] = [{"kind": "ReplicaSet", "name": "one", "uid": "uid-of-one"}]
    assert len(reported(*live().values(), one, two)) == 2


def test_an_object_outside_the_zones_is_nobodys_concern() -> None:
    pod = owned("Pod", "other")
    pod["metadata"]["namespace"] = "kube-system"
    assert reported(*live().values(), pod) == []


@pytest.mark.parametrize(
    ("subject", "reached"),
    [
        ({"kind": "ServiceAccount", "name": "default", "namespace": "cbp-data"}, "cbp-data/default"),
        ({"kind": "Group", "name": "system:serviceaccounts:cbp-data"}, "system:serviceaccounts:cbp-data"),
        ({"kind": "Group", "name": "system:serviceaccounts"}, "system:serviceaccounts"),
        ({"kind": "User", "name": "system:serviceaccount:cbp-data:a"}, "system:serviceaccount:cbp-data:a"),
        ({"kind": "ServiceAccount", "name": "default", "namespace": "kube-system"}, ""),
        ({"kind": "Group", "name": "system:authenticated"}, ""),
    ],
)
def test_a_binding_of_the_whole_cluster_that_reaches_an_account_of_a_zone_is_a_stray(
    subject: dict[str, str], reached: str
) -> None:
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "wide"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [subject],
    }
    lines = [f"stray ClusterRoleBinding wide: it gives ClusterRole admin to {reached}"] if reached else []
    assert reported(*live().values(), binding) == lines


def test_the_copy_of_a_restore_test_belongs_to_the_job_that_makes_it_and_no_other_database_does() -> None:
    job = owned("CronJob", "configuration-restore-test", api_version="batch/v1")
    copy, other = (owned("Cluster", name, api_version="postgresql.cnpg.io/v1") for name in (DATABASE_RESTORED, "other"))
    instance = owned("Pod", "restored-1", copy)
    tested = Compiled({**SITE.objects, identity(job): job}, SITE.left_to_others)
    strays = [str(item) for item in check(tested, [*live().values(), job, copy, instance, other])]
    assert strays == [f"Cluster cbp-data/other: {NOBODY}"]
    untested = reported(*live().values(), copy)
    assert untested == [f"stray Cluster cbp-data/{DATABASE_RESTORED}: {NOBODY}"]
