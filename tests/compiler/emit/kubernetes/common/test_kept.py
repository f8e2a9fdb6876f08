"""What holds data, and what data needs, outlives every mistake in Git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from compiler.emit.cluster import environment_artifacts
from compiler.emit.site import sites
from tests.compiler.project import changed, documents, resolved, site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

OPTIONS = "argocd.argoproj.io/sync-options"
SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])


def kept(found: Iterable[Document]) -> set[tuple[str, str]]:
    """The kind and the name of each object that Argo CD never deletes."""
    marked = (item for item in found if item["metadata"].get("annotations", {}).get(OPTIONS))
    assert all(
        item["metadata"]["annotations"][OPTIONS] == "Prune=false,Delete=false"
        for item in found
        if OPTIONS in item["metadata"].get("annotations", {})
    )
    return {(item["kind"], item["metadata"]["name"]) for item in marked}


@every_site
def test_nothing_that_holds_data_is_ever_deleted_by_argo_cd(at: Site) -> None:
    found = documents(at).values()
    holding = ("Cluster", "RedisReplication", "RedisSentinel", "ObjectStore", "ScheduledBackup", "Namespace")
    classes = ("StorageClass", "VolumeSnapshotClass")
    expected = {(item["kind"], item["metadata"]["name"]) for item in found if item["kind"] in (*holding, *classes)}
    stores = [item for item in found if item["metadata"].get("namespace") == "cbp-data"]
    servers = {(it["kind"], it["metadata"]["name"]) for it in stores if it["kind"] in ("Certificate", "Issuer")}
    assert len(servers) == 4
    assert expected | servers <= kept(found)


def test_in_the_data_zone_exactly_what_the_stores_need_is_kept() -> None:
    found = [item for item in documents(site()).values() if item["metadata"].get("namespace") == "cbp-data"]
    server = ("configuration-cache-server", "configuration-db-server")
    assert kept(found) == {
        ("Cluster", "configuration-db"),
        ("ConfigMap", "configuration-db-queries"),
        *(("ObjectStore", f"configuration-db-{cluster}") for cluster in ("eu-central-1", "eu-west-1")),
        ("ScheduledBackup", "configuration-db-full"),
        ("ScheduledBackup", "configuration-db-incremental"),
        ("RedisReplication", "configuration-cache"),
        ("RedisSentinel", "configuration-cache-sentinel"),
        ("ConfigMap", "configuration-cache"),
        *((kind, name) for kind in ("Certificate", "Issuer") for name in server),
        ("ExternalSecret", "configuration-cache"),
        ("ExternalSecret", "configuration-db-vault"),
        ("SecretStore", "configuration-data-secrets"),
        *(
            ("ServiceAccount", name)
            for name in ("configuration-cache", "configuration-data-secrets", "configuration-data-certificates")
        ),
        *((kind, "configuration-data-certificates") for kind in ("Role", "RoleBinding")),
        ("NetworkPolicy", "default-deny"),
        *(
            ("NetworkPolicy", f"{pods}-{direction}")
            for pods in ("postgres", "redis", "sentinel")
            for direction in ("ingress", "egress")
        ),
        ("NetworkPolicy", "postgres-jobs-egress"),
    }


def test_of_the_other_zones_the_namespace_and_its_denial_are_kept_and_the_api_is_not() -> None:
    found = [item for item in documents(site()).values() if item["metadata"].get("namespace") == "cbp-application"]
    assert kept(found) == {("NetworkPolicy", "default-deny")}


def test_a_cluster_that_stops_serving_leaves_nothing_behind() -> None:
    """A kept object that only serving clusters have would be out of sync for ever after an exchange of roles."""
    standing_by = site(changed({"environment.clusters.eu-central-1.role": "recovery"}))
    after = {(item["kind"], item["metadata"]["name"]) for item in documents(standing_by).values()}
    assert kept(documents(site()).values()) <= after


def test_what_gives_an_environment_its_clusters_is_kept() -> None:
    found = [artifact.document for artifact in environment_artifacts(resolved()["production"]) if artifact.document]
    assert {("ApplicationSet", "cbp-production"), ("AppProject", "cbp-production")} <= kept(found)
