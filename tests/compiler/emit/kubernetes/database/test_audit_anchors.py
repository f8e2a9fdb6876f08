"""The job that anchors the audit trail: how often, as whom, and what it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.site import sites
from runtime.environment import read_locked_store, read_migration_environment, read_signer
from tests.compiler.authority import AUTHORITY
from tests.compiler.project import artifacts, changed, documents, emitted, resolved, site

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.emit.site import Site

JOB = "cbp-data/cronjob-configuration-audit.yaml"
ACCOUNT = "cbp-data/serviceaccount-configuration-audit.yaml"
BUNDLE = "cbp-data/configmap-configuration-audit.yaml"
AUDIT = "access_control.infrastructure.authorization.audit"
ANCHORS = "environment.clusters.eu-central-1.anchors"
CA = "environment.clusters.eu-central-1.vault.ca_bundle"
SITES = [at for environment in resolved().values() for at in sites(environment)]


def pod(at: Site) -> dict[str, Any]:
    found: dict[str, Any] = documents(at)[JOB]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return found


def variables(at: Site) -> dict[str, str]:
    (container,) = pod(at)["containers"]
    return {item["name"]: item["value"] for item in container["env"]}


@pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
def test_only_a_cluster_that_serves_anchors(at: Site) -> None:
    """The trail of one that stands by is a copy, which nobody can write an anchor to."""
    assert documents(at).keys() & {JOB, ACCOUNT} == ({JOB, ACCOUNT} if at.serves else set())


def test_without_an_audit_trail_there_is_no_job_no_account_and_no_right() -> None:
    without = site(changed({AUDIT: "false"}))
    assert not documents(without).keys() & {JOB, ACCOUNT, "cbp-data/networkpolicy-audit-anchors-egress.yaml"}
    assert "configuration-audit" not in artifacts(without)["vault/plan.yaml"].content.decode()


@pytest.mark.parametrize(
    ("target", "schedule"), [("15 minutes", "*/15 * * * *"), ("30 seconds", "*/1 * * * *"), ("5 hours", "0 */4 * * *")]
)
def test_it_runs_within_the_recovery_point_objective(target: str, schedule: str) -> None:
    assert emitted(JOB, recovery__rpo__target=target)["spec"]["schedule"] == schedule


def test_runs_neither_overlap_nor_hang() -> None:
    spec = emitted(JOB)["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == 300


def test_its_command_and_its_image_are_those_of_the_runtime() -> None:
    (container,) = pod(site())["containers"]
    assert container["command"][1:4] == ["-m", "runtime.maintenance", "anchor-audit"]
    (api,) = emitted("cbp-application/deployment-configuration-api.yaml")["spec"]["template"]["spec"]["containers"]
    assert container["image"] == api["image"]


def test_it_has_an_account_and_labels_that_no_other_pod_has() -> None:
    labels = documents(site())[JOB]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert labels["app.kubernetes.io/component"] == "audit-anchors"
    using = {
        name for name, item in documents(site()).items() if "'serviceAccountName': 'configuration-audit'" in str(item)
    }
    assert (pod(site())["serviceAccountName"], using) == ("configuration-audit", {JOB})


def test_its_tokens_are_for_the_api_server_which_vault_asks_with_it_and_for_amazon() -> None:
    assert not pod(site())["automountServiceAccountToken"]
    tokens = [
        source["serviceAccountToken"]
        for volume in pod(site())["volumes"]
        for source in volume.get("projected", {}).get("sources", ())
        if "serviceAccountToken" in source
    ]
    assert tokens == [
        {"path": "token", "audience": "https://kubernetes.default.svc", "expirationSeconds": 600},
        {"path": "cloud-token", "audience": "sts.amazonaws.com", "expirationSeconds": 600},
    ]
    plan = artifacts(site())["vault/plan.yaml"].document
    assert plan
    path = "auth/kubernetes-production-eu-central-1/role/configuration-audit"
    (role,) = (item["data"] for item in plan["documents"] if item["path"] == path)
    assert role["audience"] == tokens[0]["audience"]


@pytest.mark.parametrize("stated", [False, True])
def test_the_variables_are_those_of_the_command(tmp_path: Path, stated: bool) -> None:
    at = site(changed({CA: AUTHORITY} if stated else {}))
    found = variables(at)
    mounts = {mount["name"]: mount["mountPath"] for mount in pod(at)["containers"][0]["volumeMounts"]}
    files = {"CBP_AUDIT_VAULT_TOKEN_FILE": "token", "CBP_AUDIT_VAULT_AUTHORITY_FILE": "ca.crt"}
    for name, file in files.items():
        assert found.get(name) in (f"{mounts['vault']}/{file}", None)
        (tmp_path / file).write_text("content")
    here = {name: str(tmp_path / file) for name, file in files.items() if name in found}
    (tmp_path / "password").write_text("s3cret")
    here["CBP_DATABASE_MIGRATION_PASSWORD_FILE"] = str(tmp_path / "password")
    signer = read_signer(found | here)
    assert (signer.address, signer.mount) == ("https://vault.eu-central-1.bank.example:8200", "signing")
    assert signer.key == "production-eu-central-1-audit"
    assert signer.login == ("auth/kubernetes-production-eu-central-1", "configuration-audit")
    assert (signer.authority is not None) == stated
    assert "configuration_migrator@" in read_migration_environment(found | here).database.url


def test_the_authorities_of_vault_are_mounted_where_they_are_stated() -> None:
    at = site(changed({CA: AUTHORITY}))
    assert documents(at)[BUNDLE]["data"] == {"ca.crt": AUTHORITY}
    (vault,) = (volume for volume in pod(at)["volumes"] if volume["name"] == "vault")
    items = [{"key": "ca.crt", "path": "ca.crt"}]
    assert vault["projected"]["sources"][-1] == {"configMap": {"name": "configuration-audit", "items": items}}
    assert BUNDLE not in documents(site())


@pytest.mark.parametrize(
    ("location", "endpoint", "url"),
    [
        ("s3://bank-anchors", None, "https://bank-anchors.s3.eu-central-1.amazonaws.com"),
        ("s3://bank-anchors/of/cbp", None, "https://bank-anchors.s3.eu-central-1.amazonaws.com/of/cbp"),
        ("s3://bank.anchors", None, "https://s3.eu-central-1.amazonaws.com/bank.anchors"),
        (
            "s3://bank-anchors/of",
            "https://bucket.vpce-1.example:8443",
            "https://bucket.vpce-1.example:8443/bank-anchors/of",
        ),
    ],
)
def test_a_bucket_is_written_to_by_its_role_and_under_a_lock(
    tmp_path: Path, location: str, endpoint: str | None, url: str
) -> None:
    at = site(changed({f"{ANCHORS}.location": location} | ({f"{ANCHORS}.endpoint": endpoint} if endpoint else {})))
    (tmp_path / "token").write_text("t")
    store = read_locked_store(variables(at) | {"CBP_LOCKED_STORE_TOKEN_FILE": str(tmp_path / "token")})
    assert store
    assert (store.url, store.region) == (url, "eu-central-1")
    assert store.role == "arn:aws:iam::333333333333:role/cbp-production-eu-central-1-anchors"
    assert store.identity_url == "https://sts.eu-central-1.amazonaws.com"
    file = "/var/run/secrets/cbp/vault/cloud-token"
    assert variables(at)["CBP_LOCKED_STORE_TOKEN_FILE"] == file


def test_an_anchor_is_locked_for_a_week_longer_than_records_are_kept() -> None:
    at = site(changed({"backup.configuration.retention": "30 days"}))
    assert variables(at)["CBP_LOCKED_STORE_LOCKED_DAYS"] == "37"
    assert "`COMPLIANCE` and for 37 days" in artifacts(at)["bootstrap.md"].content.decode()


def test_without_a_bucket_the_page_says_where_the_anchors_lie() -> None:
    at = next(at for at in SITES if at.cluster.anchors is None)
    assert not any(name.startswith("CBP_LOCKED_STORE") for name in variables(at))
    text = artifacts(at)["bootstrap.md"].content.decode()
    assert "The anchors of the audit trail lie in the database alone" in text
    assert "A folder on a\n  volume of this cluster is no Object Lock." in text
