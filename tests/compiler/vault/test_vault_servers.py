"""Every compiled plan on a real OpenBao: it is taken, read back and compared; what was changed since is found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.compiler.authority import AUTHORITY
from tests.compiler.project import artifacts, changed, site
from tests.compiler.vault.bank import CANARY, SITES, Bank, cbp_vault
from tests.compiler.vault.openbao import openbao

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from compiler.emit.site import Site

every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
PRODUCTION = next(at for at in SITES if at.folder == "production/eu-central-1")
KUBERNETES = "auth/kubernetes-production-eu-central-1"
OIDC = "auth/oidc-production-eu-central-1"


def last_line(text: str) -> str:
    return text.splitlines()[-1]


def edited(plan: Path, edit: Callable[[list[dict[str, Any]]], None]) -> Path:
    """Write a plan's neighbour with changed documents."""
    document = yaml.safe_load(plan.read_text())
    edit(document["documents"])
    file = plan.parents[2] / "edited/vault/plan.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(document))
    return file


@every_site
def test_one_server_holds_every_plan_and_nothing_differs_from_any(applied: Bank, at: Site) -> None:
    """What clusters and environments share they say alike, and no name is taken twice."""
    done = applied.run("check", applied.plan(at), CBP_VAULT_VALUES=applied.write_only_values(at))
    assert (done.returncode, last_line(done.stdout).partition(", ")[2]) == (0, "0 differences"), done.stdout


@every_site
def test_a_plan_that_is_in_force_is_not_written_again(applied: Bank, at: Site) -> None:
    done = applied.run("apply", applied.plan(at))
    assert (done.returncode, last_line(done.stdout).partition(", ")[2]) == (0, "0 written"), done.stdout


CHANGES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a lifetime": (f"{KUBERNETES}/role/configuration-api", {"token_ttl": "30m"}, 'token_ttl is 1800, planned: "10m"'),
    "an account": (
        f"{KUBERNETES}/role/configuration-data",
        {"bound_service_account_names": "*"},
        'bound_service_account_names is ["*"], planned: ["configuration-data-secrets"]',
    ),
    "an audience": (f"{KUBERNETES}/role/configuration-api", {"audience": "any"}, 'audience is "any", planned: "vault"'),
    "a policy": (
        "sys/policies/acl/production-eu-central-1-administrators",
        {"policy": 'path "*" { capabilities = ["read"] }'},
        "policy differs from the plan",
    ),
    "check and set": ("cbp/config", {"cas_required": False}, "cas_required is false, planned: true"),
    "the second factor's claim": (
        f"{OIDC}/role/administrators",
        {"bound_claims": {"groups": ["cbp-production-administrators"]}},
        'bound_claims is {"groups": ["cbp-production-administrators"]}, '
        'planned: {"groups": ["cbp-production-administrators"], "amr": ["mfa"]}',
    ),
    "a rotation": (
        "database/static-roles/production-eu-central-1-configuration-api",
        {"rotation_period": "9000h"},
        'rotation_period is 32400000, planned: "720h"',
    ),
}

# Fields that the plan leaves out: each is at its default, and is put back to it.
CHANGES |= {
    f"an unstated {name}": (
        path,
        {name: value},
        f"{name} is {json.dumps(shown)}, and the plan leaves it at its default: {json.dumps(default)}",
    )
    for path, name, value, shown, default in (
        ("pki-production-eu-central-1/roles/configuration-db-server", "allow_any_name", True, True, False),
        ("pki-production-eu-central-1/roles/configuration-db-server", "allow_glob_domains", True, True, False),
        (f"{KUBERNETES}/role/configuration-api", "token_period", 86400, 86400, 0),
        (f"{KUBERNETES}/role/configuration-api", "alias_name_source", "serviceaccount_name", "serviceaccount_name",
         "serviceaccount_uid"),
        (f"{OIDC}/role/administrators", "expiration_leeway", 3600, 3600, 0),
        (f"{OIDC}/role/administrators", "token_strictly_bind_ip", True, True, False),
        ("cbp/config", "delete_version_after", "1h", "1h0m0s", "0s"),
    )
}  # fmt: skip
UNKNOWN: dict[str, dict[str, Any]] = {
    f"{KUBERNETES}/role/configuration-api": {"bound_service_account_namespace_selector": '{"matchLabels": {"a": "b"}}'},
    f"{OIDC}/role/administrators": {"token_policies": ["default"]},
    "pki-production-eu-central-1/roles/configuration-db-server": {"allowed_uri_sans": ["*"]},
    "database/static-roles/production-eu-central-1-configuration-migration": {"rotation_statements": ["SELECT 1"]},
}


@pytest.mark.parametrize("path", UNKNOWN)
def test_a_field_that_is_empty_by_default_is_found_when_it_is_not(applied: Bank, path: str) -> None:
    before = applied.server.told("GET", path)
    (name,) = UNKNOWN[path]
    applied.server.told("POST", path, **{**before, **UNKNOWN[path]})
    done = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("POST", path, **{**before, name: before[name] or type(UNKNOWN[path][name])()})
    reason = f"{name} has a value, which the plan does not state, and whose default is not known"
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, f"differs  {path}: {reason}")
    assert applied.run("check", applied.plan(PRODUCTION)).returncode == 0


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_behind_its_back_is_reported_and_undone(applied: Bank, name: str) -> None:
    path, change, reason = CHANGES[name]
    written = {**applied.server.told("GET", path), **change}
    applied.server.ask("POST", path, **written)
    done = applied.run("check", applied.plan(PRODUCTION))
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, f"differs  {path}: {reason}")
    applied.apply(PRODUCTION)
    assert applied.run("check", applied.plan(PRODUCTION)).returncode == 0


ACCOUNT = {"bound_service_account_names": "a", "bound_service_account_namespaces": "b"}
CONNECTION = {"plugin_name": "postgresql-database-plugin", "connection_url": "postgresql://a/b"}
UNPLANNED: dict[str, dict[str, Any]] = {
    f"{KUBERNETES}/role/backdoor": ACCOUNT,
    f"{OIDC}/role/backdoor": {"user_claim": "sub", "role_type": "jwt", "bound_subject": "a"},
    "pki-production-eu-central-1/roles/backdoor": {"allow_any_name": True},
    "database/config/backdoor": {**CONNECTION, "verify_connection": False},
    "database/roles/backdoor": {"db_name": "backdoor", "creation_statements": "SELECT 1"},
    "sys/mounts/backdoor": {"type": "pki"},
    "sys/auth/backdoor": {"type": "approle"},
    "sys/policies/acl/backdoor": {"policy": 'path "*" { capabilities = ["sudo"] }'},
    "identity/group/name/backdoor": {"policies": ["production-eu-central-1-administrators"]},
    "auth/token/roles/backdoor": {"orphan": True},
    "identity/oidc/key/backdoor": {"allowed_client_ids": "*"},
    "identity/oidc/role/backdoor": {"key": "default", "template": '{"groups": ["cbp-production-administrators"]}'},
    "identity/oidc/client/backdoor": {"redirect_uris": "https://a.example", "assignments": "allow_all"},
    "identity/oidc/assignment/backdoor": {"entity_ids": "a"},
    "identity/oidc/scope/backdoor": {"template": '{"groups": ["cbp-production-administrators"]}'},
    "identity/oidc/provider/backdoor": {"allowed_client_ids": "*"},
}


@pytest.mark.parametrize("path", UNPLANNED)
def test_an_object_that_nobody_planned_is_reported(applied: Bank, path: str) -> None:
    applied.server.told("POST", path, **UNPLANNED[path])
    done = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("DELETE", path)
    assert (done.returncode, done.stdout.splitlines()[0]) == (1, f"differs  {path}: is not in the plan")
    assert len(done.stdout.splitlines()) == 2


def test_the_authority_of_the_identity_provider_is_compared_and_taken_back_with_its_statement(applied: Bank) -> None:
    """The server fetches the provider's documents under it when it takes the document."""
    file, values = applied.plan(PRODUCTION), applied.write_only_values(PRODUCTION)
    plan = yaml.safe_load(file.read_text())
    (config,) = (item for item in plan["documents"] if item["path"] == f"{OIDC}/config")
    config["data"]["oidc_discovery_ca_pem"] = applied.server.authority.read_text()
    file.write_text(yaml.safe_dump(plan, sort_keys=False))
    differing = applied.run("check", file)
    assert differing.stdout.splitlines()[0].startswith(f"differs  {OIDC}/config: oidc_discovery_ca_pem")
    assert applied.run("apply", file, CBP_VAULT_VALUES=values).returncode == 0
    assert applied.run("check", file).returncode == 0
    assert applied.run("check", applied.plan(PRODUCTION)).returncode == 1
    applied.apply(PRODUCTION)
    assert applied.run("check", applied.plan(PRODUCTION)).returncode == 0


def test_names_of_others_are_theirs_but_for_roles_on_our_own_mounts(applied: Bank) -> None:
    role, theirs = f"{KUBERNETES}/role/team-a", ("sys/mounts/team-a", "sys/policies/acl/team-a")
    applied.server.told("POST", role, **ACCOUNT)
    applied.server.told("POST", theirs[0], type="kv")
    applied.server.told("POST", theirs[1], policy='path "team-a/*" { capabilities = ["read"] }')
    done = applied.run("check", applied.plan(PRODUCTION), "--others", "team-*")
    for path in (role, *theirs):
        applied.server.told("DELETE", path)
    assert done.stdout.splitlines()[:-1] == [f"differs  {role}: is not in the plan"]


def test_an_entity_with_policies_of_its_own_is_reported(applied: Bank) -> None:
    applied.server.told("POST", "identity/entity/name/mallory", policies=["production-eu-central-1-administrators"])
    done = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("DELETE", "identity/entity/name/mallory")
    assert done.returncode == 1
    assert "has the policies production-eu-central-1-administrators of its own" in done.stdout.splitlines()[0]


def test_an_authority_that_signs_for_anybody_or_by_another_issuer_is_reported(applied: Bank) -> None:
    mount = "pki-production-eu-central-1"
    applied.server.told("POST", f"{mount}/config/cluster", path=f"https://vault.bank.example/v1/{mount}")
    applied.server.told("POST", f"{mount}/config/acme", enabled=True)
    made = applied.server.told("POST", f"{mount}/root/generate/internal", common_name="another", issuer_name="another")
    done = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("POST", f"{mount}/config/acme", enabled=False)
    applied.server.told("DELETE", f"{mount}/issuer/another")
    applied.server.told("DELETE", f"{mount}/key/{made['key_id']}")
    assert done.stdout.splitlines()[:-1] == [
        f"differs  {mount}/issuer/another: is not in the plan",
        f"differs  {mount}/config/acme: enabled is not false, and the plan does not state it",
    ]


def test_a_secret_that_ends_by_itself_is_reported_also_after_its_setting_is_back(applied: Bank) -> None:
    key = "production/configuration-data/eu-central-1/ending"
    applied.server.told("POST", f"cbp/metadata/{key}", delete_version_after="1h", max_versions=1)
    applied.server.told("POST", f"cbp/data/{key}", data={"password": CANARY}, options={"cas": 0})
    during = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("POST", f"cbp/metadata/{key}", delete_version_after="0s", max_versions=0)
    after = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("DELETE", f"cbp/metadata/{key}")
    path = f"differs  cbp/metadata/{key}"
    assert during.stdout.splitlines()[:2] == [
        f"{path}: delete_version_after is 1h0m0s: a version is deleted then",
        f"{path}: max_versions is 1, in place of the engine's",
    ]
    assert after.stdout.startswith(f"{path}: the current version is deleted at 2")


TUNED: dict[str, tuple[str, object, object]] = {
    "sys/mounts/cbp": ("audit_non_hmac_response_keys", ["data"], []),
    f"sys/{OIDC}": ("listing_visibility", "unauth", ""),
    f"sys/{KUBERNETES}": ("max_lease_ttl", "3h", 0),
}


@pytest.mark.parametrize("path", TUNED)
def test_a_mount_that_was_tuned_is_reported(applied: Bank, path: str) -> None:
    name, value, before = TUNED[path]
    applied.server.told("POST", f"{path}/tune", **{name: value})
    done = applied.run("check", applied.plan(PRODUCTION))
    applied.server.told("POST", f"{path}/tune", **{name: before})
    assert done.returncode == 1
    assert done.stdout.startswith(f"differs  {path}: {name} ")


def test_a_policy_differs_line_by_line_in_every_form(applied: Bank) -> None:
    path = "sys/policies/acl/production-eu-central-1-configuration-api"
    plan = applied.plan(PRODUCTION)
    count = len(yaml.safe_load(plan.read_text())["documents"])
    planned = applied.server.told("GET", path)["policy"]
    applied.server.told("POST", path, policy=planned.replace('["read"]', '["read", "update"]', 1))
    text, found, page = (applied.run("check", plan, "--format", form) for form in ("text", "json", "markdown"))
    applied.server.told("POST", path, policy=planned)
    assert {text.returncode, found.returncode, page.returncode} == {1}
    lines = ['-  capabilities = ["read", "update"]', '+  capabilities = ["read"]']
    assert [line.strip() for line in text.stdout.splitlines() if line.strip() in lines] == lines
    (difference,) = json.loads(found.stdout)["differences"]
    assert (difference["document"], difference["reason"]) == (path, "policy differs from the plan")
    assert [line for line in difference["diff"] if line in lines] == lines
    assert "~~~~diff\n" in page.stdout
    assert page.stdout.startswith(f"### cbp vault check: {count} documents, 1 difference\n")


def test_a_device_that_is_not_read_is_named(applied: Bank) -> None:
    """A token without the right to see audit devices checks everything else."""
    rights = 'path "*" { capabilities = ["read", "list", "sudo"] }\npath "sys/audit" { capabilities = ["deny"] }'
    applied.server.told("POST", "sys/policies/acl/reader", policy=rights)
    token = applied.server.ask("POST", "auth/token/create", policies=["reader"]).json()["auth"]["client_token"]
    done = applied.run("check", applied.plan(PRODUCTION), "--others", "reader", VAULT_TOKEN=token)
    applied.server.told("DELETE", "sys/policies/acl/reader")
    assert (done.returncode, done.stdout.splitlines()[:-1]) == (0, ["not read sys/audit"]), done.stderr


def test_a_skeleton_names_every_value_and_is_accepted_as_nothing_given(applied: Bank, tmp_path: Path) -> None:
    plan = applied.plan(PRODUCTION)
    skeleton = cbp_vault(applied.server, "values", plan)
    asked = {path: dict.fromkeys(fields) for path, fields in yaml.safe_load(skeleton.stdout).items()}
    documents = yaml.safe_load(plan.read_text())["documents"]
    assert asked == {item["path"]: dict.fromkeys(item["writeOnly"]) for item in documents if item["writeOnly"]}
    assert "a value of this field" not in skeleton.stdout
    values = tmp_path / "values.yaml"
    values.write_text(skeleton.stdout)
    done = applied.run("apply", plan, "--values", str(values))
    assert (done.returncode, last_line(done.stdout)) == (0, f"{len(documents)} documents, 0 written")


def test_a_certificate_that_was_exchanged_is_found_by_whoever_has_the_right_one(applied: Bank) -> None:
    """It is given with the plan, and unlike a password the server shows it."""
    config = {**applied.server.told("GET", f"{KUBERNETES}/config"), "kubernetes_ca_cert": "another"}
    applied.server.told("POST", f"{KUBERNETES}/config", **config)
    done = applied.run("check", applied.plan(PRODUCTION), CBP_VAULT_VALUES=applied.write_only_values(PRODUCTION))
    applied.apply(PRODUCTION)
    assert (
        done.stdout.splitlines()[0] == f"differs  {KUBERNETES}/config: kubernetes_ca_cert differs from the given value"
    )


def test_what_a_server_takes_in_silence_and_does_not_know_is_no_success(applied: Bank) -> None:
    def misspell(documents: list[dict[str, Any]]) -> None:
        role = next(item for item in documents if item["path"] == f"{KUBERNETES}/role/configuration-api")
        role["data"]["token_tll"] = "1m"  # noqa: S105 - a duration

    done = applied.run("apply", edited(applied.plan(PRODUCTION), misspell))
    assert done.returncode == 1
    assert f'differs  {KUBERNETES}/role/configuration-api: token_tll is null, planned: "1m"' in done.stdout


def test_nothing_is_written_while_a_value_is_missing(applied: Bank) -> None:
    def rename(documents: list[dict[str, Any]]) -> None:
        documents[0]["data"]["description"] = "Something else"
        connection = next(item for item in documents if item["path"].startswith("database/config/"))
        connection["data"]["allowed_roles"] = ["another"]

    done = applied.run("apply", edited(applied.plan(PRODUCTION), rename))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("cbp: nothing was written, because these values have to be given: password of data")
    assert applied.server.told("GET", "sys/mounts/cbp")["description"] == "Secrets of CBP"


def test_a_cluster_that_has_no_database_yet_gets_everything_else(bank: Bank, tmp_path: Path) -> None:
    def lose_the_database(documents: list[dict[str, Any]]) -> None:
        url = next(item["data"] for item in documents if item["path"].startswith("database/config/"))
        url["connection_url"] = url["connection_url"].replace(f":{bank.databases[PRODUCTION.folder].port}/", ":1/")

    plan = edited(bank.plan(PRODUCTION), lose_the_database)
    values = bank.write_only_values(PRODUCTION)
    assert bank.run("apply", plan, "--without", "database", CBP_VAULT_VALUES=values).returncode == 0
    assert bank.run("check", plan, "--without", "database/").returncode == 0
    away = bank.run("apply", plan, CBP_VAULT_VALUES=values)
    assert away.returncode == 2
    assert "database/config/production-eu-central-1-configuration-db: the server answers" in away.stderr


def test_a_refusal_of_the_server_shows_nothing_of_what_it_was_given(applied: Bank) -> None:
    wrong = applied.write_only_values(PRODUCTION).replace("manager's", "wrong")
    done = applied.run("apply", applied.plan(PRODUCTION), CBP_VAULT_VALUES=wrong)
    assert done.returncode == 2
    assert "password authentication failed" in done.stderr


def test_a_server_is_verified_by_the_authorities_of_its_plan(applied: Bank) -> None:
    """The variable names others for once; without both, the system's would be asked."""
    plan = applied.plan(PRODUCTION)
    original = plan.read_text()
    try:
        for bundle, variable, code in (
            (applied.server.authority.read_text(), "", 0),
            (AUTHORITY, "", 2),
            (AUTHORITY, str(applied.server.authority), 0),
        ):
            plan.write_text(yaml.safe_dump({**yaml.safe_load(original), "caBundle": bundle}))
            done = applied.run("check", plan, VAULT_CACERT=variable)
            assert done.returncode == code, done
            assert ("certificate verify failed" in done.stderr) is (code == 2)
    finally:
        plan.write_text(original)


def test_a_token_that_may_not_is_an_outage_and_no_difference(applied: Bank) -> None:
    done = applied.run("check", applied.plan(PRODUCTION), VAULT_TOKEN="s.nobody")  # noqa: S106 - nobody's
    assert (done.returncode, done.stdout) == (2, "")
    assert "the server answers 403" in done.stderr


def test_the_audit_stanza_makes_a_trail_of_every_request_with_no_secret_in_it(applied: Bank) -> None:
    devices = applied.server.told("GET", "sys/audit")
    assert {name: item["type"] for name, item in devices.items()} == {"file/": "file", "stdout/": "file"}
    trail = (applied.folder / "audit.log").read_text()
    assert '"path":"database/config/production-eu-central-1-configuration-db"' in trail
    assert CANARY not in trail


def test_a_server_that_takes_audit_devices_by_its_api_gets_them_by_the_plan(tmp_path: Path) -> None:
    """The flavour ``vault``, on the one server that is at hand, which is told to take them."""
    at = site(changed({"environment.clusters.eu-central-1.vault.flavour": "vault"}))
    document = yaml.safe_load(artifacts(at)["vault/plan.yaml"].content)
    document["documents"] = [item for item in document["documents"] if item["path"].startswith("sys/audit/")]
    assert len(document["documents"]) == 2
    plan = tmp_path / "plan.yaml"
    plan.write_text(yaml.safe_dump(document).replace("/vault/audit", str(tmp_path)))
    with openbao(tmp_path, "unsafe_allow_api_audit_creation = true") as server:
        done = [cbp_vault(server, command, plan) for command in ("apply", "check", "apply")]
        assert [item.returncode for item in done] == [0, 0, 0], done
        assert last_line(done[-1].stdout) == "2 documents, 0 written"
