"""Argo CD is given each environment's folder and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.emit.cluster import environment_artifacts
from tests.compiler.project import changed, documents, resolved, site

if TYPE_CHECKING:
    from compiler.emit.artifact import Document


def emitted(environment: str) -> dict[str, Document]:
    found = environment_artifacts(resolved()[environment])
    return {artifact.path: artifact.document for artifact in found if artifact.document}


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_an_environment_has_a_project_and_one_application_for_each_cluster(environment: str) -> None:
    found = emitted(environment)
    assert set(found) == {f"argocd/{environment}/{name}.yaml" for name in ("applicationset", "appproject")}
    template = found[f"argocd/{environment}/applicationset.yaml"]["spec"]["template"]["spec"]
    (generator,) = found[f"argocd/{environment}/applicationset.yaml"]["spec"]["generators"]
    assert generator["git"]["directories"] == [{"path": f"generated/{environment}/*/kubernetes"}]
    assert template["project"] == f"cbp-{environment}"
    assert template["source"]["path"] == "{{ .path.path }}"
    assert template["destination"]["name"] == f"{environment}-{{{{ index .path.segments 2 }}}}"


def test_a_project_reaches_the_clusters_of_its_own_environment_alone() -> None:
    project = emitted("production")["argocd/production/appproject.yaml"]["spec"]
    clusters = {item["name"] for item in project["destinations"]}
    assert clusters == {"production-eu-central-1", "production-eu-west-1"}
    assert {item["namespace"] for item in project["destinations"]} == {
        f"cbp-{zone}" for zone in ("public", "application", "data", "management")
    }
    assert project["sourceRepos"] == ["https://git.bank.example/platform/cbp-config.git"]


def test_a_project_admits_every_kind_that_is_rendered_and_no_other() -> None:
    project = emitted("production")["argocd/production/appproject.yaml"]["spec"]
    rendered = [item for name in ("eu-central-1", "eu-west-1") for item in documents(site(cluster=name)).values()]
    kinds = {(group(item), item["kind"]) for item in rendered if "namespace" in item["metadata"]}
    assert kinds == {(item["group"], item["kind"]) for item in project["namespaceResourceWhitelist"]}
    named = {
        (group(item), item["kind"], item["metadata"]["name"])
        for item in rendered
        if "namespace" not in item["metadata"]
    }
    assert named == {(item["group"], item["kind"], item["name"]) for item in project["clusterResourceWhitelist"]}


def group(document: Document) -> str:
    return str(document["apiVersion"].rpartition("/")[0])


def test_the_autoscalers_and_argo_cd_do_not_fight_over_the_number_of_pods() -> None:
    template = emitted("staging")["argocd/staging/applicationset.yaml"]["spec"]["template"]["spec"]
    assert template["ignoreDifferences"] == [
        {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]},
        {"group": "postgresql.cnpg.io", "kind": "Cluster", "jsonPointers": ["/spec/instances"]},
    ]
    assert "RespectIgnoreDifferences=true" in template["syncPolicy"]["syncOptions"]


def test_people_may_look_and_operators_sync_and_nobody_may_change_an_application() -> None:
    project = emitted("production")["argocd/production/appproject.yaml"]["spec"]
    assert {role["name"]: (role["groups"], role["policies"]) for role in project["roles"]} == {
        "readers": (["cbp-production-readers"], [right("readers", "get")]),
        "operators": (["cbp-production-operators"], [right("operators", "get"), right("operators", "sync")]),
    }


def right(role: str, action: str) -> str:
    return f"p, proj:cbp-production:{role}, applications, {action}, cbp-production/*, allow"


def test_without_roles_nobody_is_given_a_right() -> None:
    item = changed({"access_control.infrastructure.authorization.rbac": "false"})
    project, _ = (artifact.document for artifact in environment_artifacts(item))
    assert project
    assert project["spec"]["roles"] == []


def test_an_application_set_that_is_deleted_takes_nothing_along() -> None:
    spec = emitted("production")["argocd/production/applicationset.yaml"]["spec"]
    assert spec["syncPolicy"] == {"preserveResourcesOnDeletion": True}


def test_each_environment_follows_a_revision_of_its_own() -> None:
    revisions = {
        name: emitted(name)[f"argocd/{name}/applicationset.yaml"]["spec"]["template"]["spec"]["source"][
            "targetRevision"
        ]
        for name in ("development", "staging", "production")
    }
    assert revisions == {"development": "main", "staging": "staging", "production": "production"}


def test_a_sync_goes_on_until_people_have_told_vault_of_the_database() -> None:
    template = emitted("production")["argocd/production/applicationset.yaml"]["spec"]["template"]
    assert template["spec"]["syncPolicy"]["retry"]["limit"] == -1
    # What the operators' defaults add is no difference that would be healed for ever.
    assert template["metadata"]["annotations"] == {"argocd.argoproj.io/compare-options": "ServerSideDiff=true"}
