"""The job that keeps snapshots of the configuration: when, where, for how long, and as whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.site import sites
from runtime.environment import read_locked_store, read_migration_environment
from tests.compiler.project import artifacts, changed, documents, emitted, resolved, site

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.emit.site import Site

NAME = "configuration-snapshots"
JOB = f"cbp-data/cronjob-{NAME}.yaml"
ACCOUNT = f"cbp-data/serviceaccount-{NAME}.yaml"
FLOWS = f"cbp-data/networkpolicy-{NAME}-egress.yaml"
ANCHORS = "environment.clusters.eu-central-1.anchors"
SITES = [at for environment in resolved().values() for at in sites(environment)]


def pod(at: Site) -> dict[str, Any]:
    found: dict[str, Any] = documents(at)[JOB]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def container(at: Site) -> dict[str, Any]:
    (found,) = pod(at)["containers"]
    return dict(found)


def page(at: Site) -> str:
    return " ".join(artifacts(at)["bootstrap.md"].content.decode().split())


@pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
def test_a_cluster_that_serves_and_states_a_bucket_takes_snapshots_and_no_other(at: Site) -> None:
    taken = at.serves and at.cluster.anchors is not None
    assert documents(at).keys() & {JOB, ACCOUNT, FLOWS} == ({JOB, ACCOUNT, FLOWS} if taken else set())
    assert ("None are taken: `anchors` names no bucket under Object Lock." in page(at)) == (at.cluster.anchors is None)


@pytest.mark.parametrize(
    ("schedule", "fields"), [("Hourly", "35 * * * *"), ("Daily", "35 3 * * *"), ("Weekly", "35 3 * * 0")]
)
def test_they_are_taken_as_often_as_is_stated(schedule: str, fields: str) -> None:
    at = site(changed({"backup.configuration.schedule": schedule}))
    assert documents(at)[JOB]["spec"]["schedule"] == fields
    assert f"{schedule}, all namespaces of one moment are kept in" in page(at)


@pytest.mark.parametrize(("stated", "arguments"), [("true", ["--versioned"]), ("false", [])])
def test_with_versioning_each_keeps_its_own_name(stated: str, arguments: list[str]) -> None:
    at = site(changed({"backup.configuration.versioning": stated}))
    command = container(at)["command"]
    assert command[1:4] == ["-m", "runtime.maintenance", "snapshot-configuration"]
    assert command[4:-2] == arguments
    assert ("The newest has the name of the one before" in page(at)) == (stated == "false")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("s3://bank-locked", "https://bank-locked.s3.eu-central-1.amazonaws.com/configuration"),
        ("s3://bank-locked/of/cbp", "https://bank-locked.s3.eu-central-1.amazonaws.com/of/cbp/configuration"),
    ],
)
def test_they_are_written_by_the_role_of_the_bucket_under_a_lock_of_the_retention(
    tmp_path: Path, location: str, url: str
) -> None:
    at = site(changed({f"{ANCHORS}.location": location, "backup.configuration.retention": "40 days"}))
    found = {item["name"]: item["value"] for item in container(at)["env"]}
    mounts = {mount["name"]: mount["mountPath"] for mount in container(at)["volumeMounts"]}
    assert found["CBP_LOCKED_STORE_TOKEN_FILE"] == f"{mounts['store']}/cloud-token"
    for file in ("token", "password"):
        (tmp_path / file).write_text("content")
    found["CBP_LOCKED_STORE_TOKEN_FILE"] = str(tmp_path / "token")
    found["CBP_DATABASE_MIGRATION_PASSWORD_FILE"] = str(tmp_path / "password")
    store = read_locked_store(found)
    assert store
    assert (store.url, store.region, store.locked_days) == (url, "eu-central-1", 40)
    assert store.role == "arn:aws:iam::333333333333:role/cbp-production-eu-central-1-anchors"
    assert "configuration_migrator@" in read_migration_environment(found).database.url
    assert "in the mode `COMPLIANCE` and for 40 days" in page(at)
    assert f"system:serviceaccount:cbp-data:{NAME}` alone" in page(at)


def test_its_only_token_is_for_amazon() -> None:
    assert not pod(site())["automountServiceAccountToken"]
    sources = [source for volume in pod(site())["volumes"] for source in volume.get("projected", {}).get("sources", ())]
    token = {"path": "cloud-token", "audience": "sts.amazonaws.com", "expirationSeconds": 600}
    assert sources == [{"serviceAccountToken": token}]
    assert pod(site())["serviceAccountName"] == NAME


def test_runs_neither_overlap_nor_hang() -> None:
    spec = emitted(JOB)["spec"]
    assert (spec["concurrencyPolicy"], spec["jobTemplate"]["spec"]["activeDeadlineSeconds"]) == ("Forbid", 3600)
