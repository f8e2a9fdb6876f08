"""An issuer of tokens under the authority of a bank: stated once, and known to the API and to Vault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from compiler.emit.cluster import vault_documents
from runtime.adapters.oidc import OidcKeys
from runtime.environment import read_environment
from runtime.ports.availability import UnavailableError
from tests.compiler.authority import AUTHORITY
from tests.compiler.project import artifacts, changed, documents, site
from tests.compiler.vault.neighbours import IdentityProvider, serving
from tests.compiler.vault.openbao import openbao
from tests.runtime.external import http_client

if TYPE_CHECKING:
    from pathlib import Path

    from compiler.emit.site import Site

PEOPLE = "environment.sign_in.ca_bundle"
WORKLOADS = "environment.clusters.eu-central-1.workloads"
ISSUER = "https://oidc.eks.bank.example/id/1"
FILE = "/etc/cbp-issuers/issuers.crt"


OBJECT = "cbp-application/configmap-configuration-api-issuers.yaml"


def held(at: Site) -> dict[str, str]:
    found: dict[str, str] = documents(at)[OBJECT]["data"]
    return found


def variables(at: Site) -> dict[str, str]:
    pod: dict[str, Any] = documents(at)["cbp-application/deployment-configuration-api.yaml"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = {item["name"]: item["mountPath"] for item in container["volumeMounts"]}
    assert (mounts["settings"], mounts.get("issuers")) in (("/etc/cbp", "/etc/cbp-issuers"), ("/etc/cbp", None))
    return {item["name"]: item["value"] for item in container["env"]}


def test_without_a_statement_the_image_and_the_server_trust_what_their_systems_do() -> None:
    assert OBJECT not in documents(site())
    assert "CBP_ISSUER_CA_FILE" not in variables(site())
    assert not any("oidc_discovery_ca_pem" in item["data"] for item in vault_documents(site()))
    assert "of an authority that the image trusts" in artifacts(site())["bootstrap.md"].content.decode()


def test_the_authority_of_the_identity_provider_is_known_to_the_pods_and_to_vault() -> None:
    at = site(changed({PEOPLE: AUTHORITY}))
    assert held(at)["issuers.crt"] == AUTHORITY
    assert variables(at)["CBP_ISSUER_CA_FILE"] == FILE
    (config,) = (item["data"] for item in vault_documents(at) if "oidc_discovery_url" in item["data"])
    assert config["oidc_discovery_ca_pem"] == AUTHORITY
    assert "one of `sign_in.ca_bundle`" in artifacts(at)["bootstrap.md"].content.decode()


def test_another_authority_replaces_no_pod() -> None:
    """Processes read the file again each time that they fetch keys."""
    one, other = (site(changed({PEOPLE: bundle})) for bundle in (AUTHORITY, AUTHORITY * 2))
    deployment = "cbp-application/deployment-configuration-api.yaml"
    assert held(one) != held(other)
    assert documents(one)[deployment] == documents(other)[deployment]


def test_pods_that_stand_by_know_it_too() -> None:
    at = site(changed({PEOPLE: AUTHORITY}), "eu-west-1")
    assert (held(at)["issuers.crt"], variables(at)["CBP_ISSUER_CA_FILE"]) == (AUTHORITY, FILE)


def test_the_authority_of_the_cluster_is_for_the_tokens_of_its_pods_and_not_vault_s() -> None:
    stated = {f"{WORKLOADS}.issuer": ISSUER, f"{WORKLOADS}.ca_bundle": AUTHORITY}
    at = site(changed(stated))
    assert (held(at)["issuers.crt"], variables(at)["CBP_ISSUER_CA_FILE"]) == (AUTHORITY, FILE)
    assert not any("oidc_discovery_ca_pem" in item["data"] for item in vault_documents(at))
    assert held(site(changed(stated | {PEOPLE: AUTHORITY})))["issuers.crt"] == AUTHORITY * 2


@pytest.mark.anyio
async def test_the_file_lets_the_runtime_fetch_keys_under_a_private_authority_and_nothing_else_does(
    tmp_path: Path,
) -> None:
    """By the compiled file and variable, from a real TLS server whose authority no system trusts."""
    with openbao(tmp_path) as server:
        provider = IdentityProvider(lambda _: b"", b"n")
        with serving(provider, server.certificate):
            at = site(changed({PEOPLE: server.authority.read_text()}))
            file = tmp_path / "issuers.crt"
            file.write_text(held(at)["issuers.crt"])
            (tmp_path / "password").write_text("p")
            here = {name: str(tmp_path / "password") for name in variables(at) if name.endswith("_PASSWORD_FILE")}
            found = read_environment(variables(at) | here | {"CBP_ISSUER_CA_FILE": str(file)})
            async with http_client(authority=found.issuer_authority) as trusting, http_client() as client:
                keys = OidcKeys(trusting)
                assert [key["kid"] for key in (await keys.fetch(provider.issuer))["keys"]] == ["a"]
                with pytest.raises(UnavailableError, match="does not publish its keys"):
                    await OidcKeys(client).fetch(provider.issuer)
                file.write_text(AUTHORITY)
                with pytest.raises(UnavailableError, match="does not publish its keys"):
                    await keys.fetch(provider.issuer)
