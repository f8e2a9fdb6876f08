"""The plan for Vault: what it says of each cluster, and that every statement about access changes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.kubernetes.application.secrets import CREDENTIAL_REFRESH
from compiler.emit.vault.engines import OVERLAP
from compiler.emit.vault.paths import vault_paths
from compiler.vault.normal import is_duration, seconds
from compiler.vault.plan import references
from tests.compiler.project import artifacts, changed, resolved, site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

CLUSTER = "environment.clusters.eu-central-1"
ACCESS = "access_control.infrastructure"
SCOPE = "production-eu-central-1"


def plan(at: Site | None = None, /, **changes: str) -> Document:
    item = changed({path.replace("__", "."): text for path, text in changes.items()})
    document = artifacts(at or site(item))["vault/plan.yaml"].document
    assert document
    return document


def plans() -> Mapping[str, Document]:
    return {
        f"{name}/{cluster}": plan(site(environment, cluster))
        for name, environment in resolved().items()
        for cluster in environment.environment.clusters
    }


def paths(document: Document) -> list[str]:
    return [item["path"] for item in document["documents"]]


def data(document: Document, path: str) -> Mapping[str, Any]:
    return next(item["data"] for item in document["documents"] if item["path"] == path)


def granted(document: Document, name: str) -> dict[str, str]:
    """What a policy says, by path."""
    text = data(document, f"sys/policies/acl/{name}")["policy"]
    return dict(re.findall(r'path "(.+)" \{\n  capabilities = \[(.+)\]\n\}', text))


@pytest.mark.parametrize("name", ["api", "migration"])
def test_the_passwords_of_the_database_change_every_thirty_days(name: str) -> None:
    role = f"database/static-roles/{SCOPE}-configuration-{name}"
    found = dict(data(plan(), role))
    found.pop("rotation_statements", None)
    assert found == {
        "db_name": f"{SCOPE}-configuration-db",
        "username": {"api": "configuration_api", "migration": "configuration_migrator"}[name],
        "rotation_period": "720h",
    }
    often = plan(access_control__secrets__rotation__schedule="45 minutes")
    assert data(often, role)["rotation_period"] == "2700s"
    assert role not in paths(plan(access_control__secrets__rotation__enabled="false"))


def test_the_former_password_of_the_role_that_serves_alone_is_kept_before_it_changes() -> None:
    path = f"database/static-roles/{SCOPE}-configuration"
    assert data(plan(), f"{path}-api")["rotation_statements"] == [
        "SELECT keep_previous_password('600 seconds')",
        """ALTER ROLE "{{username}}" WITH PASSWORD '{{password}}'""",
    ]
    assert "rotation_statements" not in data(plan(), f"{path}-migration")


def test_the_former_password_outlives_three_readings_of_the_new_one() -> None:
    """The kubelet takes up to two minutes more to write what External Secrets has read."""
    refresh = seconds(CREDENTIAL_REFRESH)
    assert refresh is not None
    assert OVERLAP.seconds >= 3 * refresh + 120


def test_vault_manages_those_two_roles_over_a_connection_to_a_server_that_it_knows() -> None:
    connection = data(plan(), f"database/config/{SCOPE}-configuration-db")
    assert connection["username"] == "vault_manager"
    assert connection["allowed_roles"] == [f"{SCOPE}-configuration-{name}" for name in ("api", "migration")]
    assert connection["connection_url"].endswith(
        "@configuration-db.eu-central-1.bank.example:5432/postgres?sslmode=verify-full"
        "&sslrootcert=/openbao/userconfig/authorities/production-eu-central-1.pem"
    )


def test_each_flavour_is_told_in_its_own_way_by_which_authority_it_knows_the_database() -> None:
    """OpenBao takes ``tls_ca`` without a word, and ignores it."""
    at = site(changed({f"{CLUSTER}.vault.flavour": "vault"}))
    connection = data(plan(at), f"database/config/{SCOPE}-configuration-db")
    assert connection["connection_url"].endswith("?sslmode=verify-full")
    assert connection["tls_ca"] == {"$ref": f"pki-{SCOPE}/root/generate/internal#/certificate"}
    assert "tls_ca" not in data(plan(), f"database/config/{SCOPE}-configuration-db")


def test_an_authority_signs_the_names_of_each_server_by_a_role_of_its_own() -> None:
    for folder, document in plans().items():
        mount = f"pki-{folder.replace('/', '-')}"
        signed = {path: data(document, path) for path in paths(document) if path.startswith(f"{mount}/roles/")}
        assert {path.rpartition("/")[2]: role["client_flag"] for path, role in signed.items()} == {
            "configuration-db-server": False,
            "configuration-cache-server": True,
            "configuration-api-server": False,
        }
        names = [name for role in signed.values() for name in role["allowed_domains"]]
        assert len(names) == len(set(names)) == 15
        assert {role["issuer_ref"] for role in signed.values()} == {"root"}


def test_whoever_overwrites_a_secret_says_which_version() -> None:
    assert data(plan(), "sys/mounts/cbp")["options"] == {"version": "2"}
    assert data(plan(), "cbp/config") == {"cas_required": True, "max_versions": 10}


OWN_TOKEN = {"auth/token/lookup-self": '"read"', "auth/token/revoke-self": '"update"'}


def test_each_zone_reads_exactly_its_own_secrets() -> None:
    for document in plans().values():
        for path in (path for path in paths(document) if "/role/configuration-" in path):
            assert granted(document, data(document, path)["token_policies"][0]).items() > OWN_TOKEN.items()
    folder = "cbp/data/production/configuration-data/eu-central-1"
    assert granted(plan(), f"{SCOPE}-configuration-api") == {
        f"{folder}/cache": '"read"',
        f"database/static-creds/{SCOPE}-configuration-api": '"read"',
        **OWN_TOKEN,
    }
    assert granted(plan(), f"{SCOPE}-configuration-data-certificates") == {
        f"pki-{SCOPE}/sign/configuration-db-server": '"update"',
        f"pki-{SCOPE}/sign/configuration-cache-server": '"update"',
        **OWN_TOKEN,
    }
    assert granted(plan(), f"{SCOPE}-configuration-data") == {
        f"{folder}/vault-manager": '"read"',
        f"{folder}/cache": '"read"',
        **OWN_TOKEN,
    }


def test_administrators_write_what_the_zones_read_and_read_none_of_it() -> None:
    rights = granted(plan(), f"{SCOPE}-administrators")
    assert {path for path, capabilities in rights.items() if '"read"' in capabilities} == {
        "cbp/metadata/production/configuration-data/eu-central-1/vault-manager",
        "cbp/metadata/production/configuration-data/eu-central-1/cache",
        "auth/token/lookup-self",
    }


def test_a_cluster_that_stands_by_has_no_credential_of_a_database_that_it_may_not_change() -> None:
    document = plans()["production/eu-west-1"]
    assert [path for path in paths(document) if path.startswith("database/")] == []
    assert [path for path in paths(document) if "/role/" in path] == [
        "auth/kubernetes-production-eu-west-1/role/configuration-api-certificates",
        "auth/kubernetes-production-eu-west-1/role/configuration-api",
        "auth/kubernetes-production-eu-west-1/role/configuration-data",
        "auth/kubernetes-production-eu-west-1/role/configuration-data-certificates",
        "auth/oidc-production-eu-west-1/role/administrators",
    ]
    assert "database/" not in data(document, "sys/policies/acl/production-eu-west-1-administrators")["policy"]


def test_clusters_and_environments_share_a_server_and_no_name_but_those_that_say_the_same() -> None:
    seen: dict[tuple[str, str], tuple[str, Any]] = {}
    for folder, document in plans().items():
        for item in document["documents"]:
            # An alias belongs to its mount, and a method has a name beside the id that the server gives it.
            name = str(item["data"].get("mount_accessor", item["data"].get("method_name", "")))
            other, said = seen.setdefault((item["path"], name), (folder, item["data"]))
            assert said == item["data"], (folder, other, item["path"])


def test_what_is_secret_is_named_and_has_no_value() -> None:
    for item in plan()["documents"]:
        assert not set(item["writeOnly"]) & item["data"].keys()
    assert {item["path"]: item["writeOnly"] for item in plan()["documents"] if item["writeOnly"]} == {
        f"auth/kubernetes-{SCOPE}/config": ["kubernetes_ca_cert"],
        f"auth/oidc-{SCOPE}/config": ["oidc_client_secret"],
        f"database/config/{SCOPE}-configuration-db": ["password"],
    }


def test_every_reference_leads_to_an_earlier_document() -> None:
    before: set[str] = set()
    found = []
    for item in plan()["documents"]:
        found += list(references(item["data"]))
        assert {path for path, _ in references(item["data"])} <= before
        before.add(item["path"])
    assert {field for _, field in found} == {"accessor", "id"}


def test_nothing_that_anybody_logs_in_with_lives_longer_than_an_hour() -> None:
    lifetimes = [
        seconds(value)
        for document in plans().values()
        for item in document["documents"]
        for name, value in item["data"].items()
        if is_duration(name) and name.startswith("token_")
    ]
    assert set(lifetimes) == {600, 1800, 3600}


@pytest.mark.parametrize("asked", [True, False])
def test_the_second_factor_is_asked_for_where_the_specification_asks(asked: bool) -> None:
    document = plan(access_control__infrastructure__authentication__mfa=str(asked).lower())
    role = data(document, f"auth/oidc-{SCOPE}/role/administrators")
    assert role["bound_claims"] == {"groups": ["cbp-production-administrators"]} | ({"amr": ["mfa"]} if asked else {})
    assert any(path.startswith("identity/mfa/") for path in paths(document)) is asked


@pytest.mark.parametrize("flavour", ["openbao", "vault"])
def test_each_flavour_takes_its_audit_devices_in_its_own_way(flavour: str) -> None:
    at = site(changed({f"{CLUSTER}.vault.flavour": flavour}))
    files = artifacts(at)
    assert plan(at)["flavour"] == flavour
    assert ("vault/audit.hcl" in files) is (flavour == "openbao")
    assert any(path.startswith("sys/audit/") for path in paths(plan(at))) is (flavour == "vault")


def test_without_an_audit_there_is_no_device() -> None:
    for flavour in ("openbao", "vault"):
        changes = {f"{CLUSTER}.vault.flavour": flavour, f"{ACCESS}.authorization.audit": "false"}
        at = site(changed(changes))
        assert "vault/audit.hcl" not in artifacts(at)
        assert not any("audit" in path for path in paths(plan(at)))


def test_the_names_of_a_cluster_are_its_own() -> None:
    assert vault_paths(site()).kubernetes == "kubernetes-production-eu-central-1"
    assert vault_paths(site()).policy("a") == "production-eu-central-1-a"
