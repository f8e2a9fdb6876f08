"""Argo CD is given each environment's folder and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.emit.cluster import environment_artifacts
from tests.compiler.project import changed, documents, resolved, site

if TYPE_CHECKING:
    from compiler.emit.artifact import Document
    from compiler.resolve.resolved import Resolved

WAVE = "argocd.argoproj.io/sync-wave"


def emitted(environment: str) -> dict[str, Document]:
    found = environment_artifacts(resolved()[environment])
    return {artifact.path: artifact.document for artifact in found if artifact.document}


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_an_environment_has_a_project_and_one_application_for_each_cluster(environment: str) -> None:
    found = emitted(environment)
    files = ("applicationset", "appproject", "delivery/application", "delivery/appproject")
    assert set(found) == {f"argocd/{environment}/{name}.yaml" for name in files}
    template = found[f"argocd/{environment}/applicationset.yaml"]["spec"]["template"]["spec"]
    generators = found[f"argocd/{environment}/applicationset.yaml"]["spec"]["generators"]
    directories = [item["path"] for generator in generators for item in generator["git"]["directories"]]
    clusters = resolved()[environment].environment.clusters
    assert directories == [f"generated/{environment}/{cluster}/kubernetes" for cluster in clusters]
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


REPLICAS = ("Deployment", "configuration-api", "cbp-application", "/spec/replicas")
INSTANCES = ("Cluster", "configuration-db", "cbp-data", "/spec/instances")


def ignored(of: Resolved) -> dict[str, list[tuple[str, ...]]]:
    """The fields that Argo CD ignores in each cluster of an environment, each with its object."""
    (spec,) = (
        item.document["spec"]
        for item in environment_artifacts(of)
        if item.path.endswith("applicationset.yaml") and item.document
    )
    assert "ignoreDifferences" not in spec["template"]["spec"]
    return {
        directory["path"].split("/")[2]: [
            (entry["kind"], entry["name"], entry["namespace"], *entry["jsonPointers"])
            for entry in generator["git"].get("template", {"spec": {}})["spec"].get("ignoreDifferences", ())
        ]
        for generator in spec["generators"]
        for directory in generator["git"]["directories"]
    }


def test_argo_cd_ignores_in_each_cluster_the_numbers_that_an_autoscaler_owns_there() -> None:
    assert ignored(resolved()["production"]) == {"eu-central-1": [REPLICAS, INSTANCES], "eu-west-1": []}
    template = emitted("production")["argocd/production/applicationset.yaml"]["spec"]["template"]["spec"]
    assert "RespectIgnoreDifferences=true" in template["syncPolicy"]["syncOptions"]


def test_without_read_replicas_git_decides_how_many_instances_there_are() -> None:
    item = changed({"components.data_layer.scaling.strategy.read_replicas": "Disabled"})
    assert ignored(item) == {"eu-central-1": [REPLICAS], "eu-west-1": []}


def test_a_template_of_a_generator_leaves_the_rest_to_the_one_of_the_set() -> None:
    """Argo CD fills what is empty; a project and a destination are required there, and the same."""
    generator = emitted("production")["argocd/production/applicationset.yaml"]["spec"]["generators"][0]["git"]
    assert generator["template"]["metadata"] == {}
    assert generator["template"]["spec"].keys() == {"project", "destination", "ignoreDifferences"}
    assert generator["template"]["spec"]["destination"] == {}
    assert generator["template"]["spec"]["project"] == "cbp-production"


@pytest.mark.parametrize("file", ["applicationset", "delivery/application"])
def test_a_failed_sync_is_tried_again_with_the_newest_commit(file: str) -> None:
    spec = emitted("production")[f"argocd/production/{file}.yaml"]["spec"]
    retry = spec.get("template", {"spec": spec})["spec"]["syncPolicy"]["retry"]
    assert (retry["limit"], retry["refresh"]) == (-1, True)


def test_argo_cd_reads_the_project_from_git_and_applies_it_before_what_needs_it() -> None:
    found = emitted("production")
    application = found["argocd/production/delivery/application.yaml"]["spec"]
    assert application["source"]["path"] == "generated/argocd/production"
    # A directory is not read recursively: the delivery's own two objects are none of those that it applies.
    assert "directory" not in application["source"]
    waves = {
        name: int(found[f"argocd/production/{name}.yaml"]["metadata"]["annotations"].get(WAVE, "0"))
        for name in ("appproject", "applicationset")
    }
    assert waves["appproject"] < waves["applicationset"]


def test_a_merge_cannot_widen_what_the_delivery_may_do() -> None:
    project = emitted("production")["argocd/production/delivery/appproject.yaml"]["spec"]
    assert {item["kind"] for item in project["namespaceResourceWhitelist"]} == {"AppProject", "ApplicationSet"}
    assert project["destinations"] == [{"server": "https://kubernetes.default.svc", "namespace": "argocd"}]
    assert project["clusterResourceBlacklist"] == [{"group": "*", "kind": "*"}]
    own = emitted("production")["argocd/production/appproject.yaml"]["spec"]
    assert "argoproj.io" not in {item["group"] for item in own["namespaceResourceWhitelist"]}


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
    projects = [found for artifact in environment_artifacts(item) if (found := artifact.document)]
    assert [found["spec"]["roles"] for found in projects if found["kind"] == "AppProject"] == [[], []]


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
