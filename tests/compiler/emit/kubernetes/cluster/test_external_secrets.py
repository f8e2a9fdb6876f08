"""Secrets in Kubernetes: they come from what Vault lets their account read, into what the pods mount."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.site import sites
from compiler.emit.vault.paths import vault_paths
from tests.compiler.project import artifacts, documents, emitted, resolved, site

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])


def of_kind(at: Site, kind: str) -> Iterator[Document]:
    return (item for item in documents(at).values() if item["kind"] == kind)


def plan(at: Site) -> Mapping[str, Any]:
    document = artifacts(at)["vault/plan.yaml"].document
    assert document
    return {item["path"]: item["data"] for item in document["documents"]}


def stores_in_vault(at: Site) -> Iterator[Document]:
    return (store for store in of_kind(at, "SecretStore") if "vault" in store["spec"]["provider"])


def store_of(at: Site, secret: Document) -> Mapping[str, Any] | None:
    """The store in Vault that a Secret is read from, in the same namespace; None for one of the cluster itself."""
    name, folder = secret["spec"]["secretStoreRef"]["name"], secret["metadata"]["namespace"]
    provider: Mapping[str, Any] = documents(at)[f"{folder}/secretstore-{name}.yaml"]["spec"]["provider"]
    return provider.get("vault")


@every_site
def test_every_store_logs_in_as_the_account_that_its_role_is_bound_to(at: Site) -> None:
    for store in stores_in_vault(at):
        login = store["spec"]["provider"]["vault"]["auth"]["kubernetes"]
        role = plan(at)[f"auth/{login['mountPath']}/role/{login['role']}"]
        account = login["serviceAccountRef"]
        assert role["bound_service_account_names"] == [account["name"]]
        assert role["bound_service_account_namespaces"] == [store["metadata"]["namespace"]]
        assert account["audiences"] == [role["audience"], at.cluster.vault.kubernetes_audience]
        assert f"{store['metadata']['namespace']}/serviceaccount-{account['name']}.yaml" in documents(at)


@every_site
def test_every_secret_is_read_where_the_role_of_its_store_may_read(at: Site) -> None:
    for secret in of_kind(at, "ExternalSecret"):
        if (store := store_of(at, secret)) is None:
            continue
        policy = plan(at)[f"sys/policies/acl/{at.environment.name}-{at.name}-{store['auth']['kubernetes']['role']}"]
        for item in secret["spec"]["data"]:
            path = f"{store['path']}/{item['remoteRef']['key']}"
            # The certificate of an authority is read without a right to it.
            assert f'path "{path}" ' in policy["policy"] or path == f"{vault_paths(at).authority}/issuer/root/json"


@every_site
def test_the_accounts_that_log_in_to_vault_and_no_other_may_have_tokens_reviewed(at: Site) -> None:
    (binding,) = of_kind(at, "ClusterRoleBinding")
    accounts = {
        (store["metadata"]["namespace"], login["serviceAccountRef"]["name"])
        for store in stores_in_vault(at)
        for login in store["spec"]["provider"]["vault"]["auth"].values()
    } | {
        (issuer["metadata"]["namespace"], issuer["spec"]["vault"]["auth"]["kubernetes"]["serviceAccountRef"]["name"])
        for issuer in of_kind(at, "Issuer")
    }
    accounts |= {("cbp-data", "configuration-audit")} if at.serves else set()
    (role,) = of_kind(at, "ClusterRole")
    assert binding["roleRef"] == {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": role["metadata"]["name"],
    }
    assert {(item["namespace"], item["name"]) for item in binding["subjects"]} == accounts


def test_every_secret_that_a_pod_mounts_is_made_in_its_namespace() -> None:
    pod = emitted("cbp-application/deployment-configuration-api.yaml")["spec"]["template"]["spec"]
    mounted = {volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume}
    made = {
        item["spec"]["target"]["name"]
        for item in of_kind(site(), "ExternalSecret")
        if item["metadata"]["namespace"] == "cbp-application"
    }
    certified = emitted("cbp-application/certificate-configuration-api-server.yaml")["spec"]["secretName"]
    assert made == {f"configuration-api-{name}" for name in ("database", "cache", "authority")}
    assert mounted == made | {certified}


def test_a_rotated_password_is_in_the_secret_within_a_minute_and_beside_it_when_that_was() -> None:
    secret = emitted("cbp-application/externalsecret-configuration-api-database.yaml")["spec"]
    assert secret["refreshInterval"] == "1m"
    key = "static-creds/production-eu-central-1-configuration-api"
    assert secret["data"] == [
        {"secretKey": "password", "remoteRef": {"key": key, "property": "password"}},
        {"secretKey": "password.rotated-at", "remoteRef": {"key": key, "property": "last_vault_rotation"}},
    ]


@every_site
def test_every_secret_of_the_api_has_the_time_of_its_rotation_of_the_same_answer(at: Site) -> None:
    for secret in of_kind(at, "ExternalSecret"):
        keys = {item["secretKey"]: item["remoteRef"]["key"] for item in secret["spec"]["data"]}
        if secret["metadata"]["namespace"] == "cbp-application" and not {"ca.crt", "tls.key"} & set(keys):
            secrets = {name: key for name, key in keys.items() if not name.endswith(".rotated-at")}
            assert secrets
            assert keys == secrets | {f"{name}.rotated-at": key for name, key in secrets.items()}


def test_the_managing_role_s_secret_is_what_the_operator_takes_a_role_from() -> None:
    template = emitted("cbp-data/externalsecret-configuration-db-vault.yaml")["spec"]["target"]["template"]
    assert template["type"] == "kubernetes.io/basic-auth"
    assert template["data"] == {"username": "vault_manager", "password": "{{ .password }}"}
    assert template["metadata"]["labels"] == {"cnpg.io/reload": "true"}


def test_no_secret_is_lost_while_vault_is_away() -> None:
    for secret in of_kind(site(), "ExternalSecret"):
        assert secret["spec"]["target"]["deletionPolicy"] == "Retain"


def test_a_cluster_that_stands_by_reads_no_password_of_the_database_and_copies_the_one_certificate() -> None:
    at = next(at for at in SITES if not at.serves)
    stores = {item["metadata"]["name"]: item["spec"]["provider"] for item in of_kind(at, "SecretStore")}
    keys = {
        (name, item["remoteRef"]["key"])
        for secret in of_kind(at, "ExternalSecret")
        for item in secret["spec"]["data"]
        if "vault" not in stores[name := secret["spec"]["secretStoreRef"]["name"]]
        or stores[name]["vault"]["path"] == "database"
    }
    assert keys == {("configuration-api-client", "configuration-standby-client-cert")}
    assert stores["configuration-api-client"]["kubernetes"]["remoteNamespace"] == "cbp-data"


def test_what_the_stores_start_with_is_there_before_them_and_what_vault_makes_of_them_after() -> None:
    waves = {
        name: int(item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for name, item in documents(site()).items()
    }
    database = waves["cbp-data/cluster-configuration-db.yaml"]
    assert waves["cbp-data/externalsecret-configuration-db-vault.yaml"] < database
    assert database < waves["cbp-application/externalsecret-configuration-api-database.yaml"]


@pytest.mark.parametrize("platform", ["aws", "azure"])
def test_vault_reaches_the_primary_by_a_private_name_that_its_certificate_has(platform: str) -> None:
    changes = {"environment__clusters__eu-central-1__platform": platform}
    spec = emitted("cbp-data/cluster-configuration-db.yaml", **changes)["spec"]
    (service,) = spec["managed"]["services"]["additional"]
    template = service["serviceTemplate"]
    assert service["selectorType"] == "rw"
    assert template["spec"]["loadBalancerSourceRanges"] == ["10.30.250.0/28"]
    assert any("internal" in f"{name} {value}" for name, value in template["metadata"]["annotations"].items())
    secret = spec["certificates"]["serverTLSSecret"]
    *_, name = emitted(f"cbp-data/certificate-{secret}.yaml", **changes)["spec"]["dnsNames"]
    assert template["metadata"]["annotations"]["external-dns.alpha.kubernetes.io/hostname"] == name
    (connection,) = (data for path, data in plan(site()).items() if path.startswith("database/config/"))
    assert f"@{name}:5432/" in connection["connection_url"]
