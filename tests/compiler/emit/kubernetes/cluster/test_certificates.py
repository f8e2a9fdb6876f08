"""Servers of the data zone prove who they are, by the names that their clients look for."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from compiler.emit.site import sites
from compiler.vault.normal import seconds
from tests.compiler.project import documents, emitted, resolved, site

if TYPE_CHECKING:
    from compiler.emit.site import Site

SITES = [at for environment in resolved().values() for at in sites(environment)]
every_site = pytest.mark.parametrize("at", SITES, ids=[at.folder for at in SITES])
DATABASE = "cbp-data/certificate-configuration-db-server.yaml"
CACHE = "cbp-data/certificate-configuration-cache-server.yaml"


def test_every_address_that_the_api_is_given_is_a_name_in_a_certificate_and_is_verified_by_the_authority() -> None:
    pod = emitted("cbp-application/deployment-configuration-api.yaml")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    urls = {item["name"]: urlsplit(item["value"]) for item in container["env"] if item["name"].endswith("_URL")}
    names = {name for path in (DATABASE, CACHE) for name in emitted(path)["spec"]["dnsNames"]}
    assert len(urls) == 4
    assert {url.hostname for url in urls.values()} <= names
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    trusted = {
        parse_qs(url.query)[key][0]
        for url in urls.values()
        for key in ("sslrootcert", "ssl_ca_certs")
        if key in url.query
    }
    assert trusted == {f"{mounts['authority']}/ca.crt"}


@every_site
def test_a_store_holds_the_certificate_that_is_made_for_it(at: Site) -> None:
    found = documents(at)
    secrets = {path: found[path]["spec"]["secretName"] for path in (DATABASE, CACHE)}
    certificates = found["cbp-data/cluster-configuration-db.yaml"]["spec"]["certificates"]
    assert certificates == {"serverTLSSecret": secrets[DATABASE], "serverCASecret": secrets[DATABASE]}
    for path in ("redisreplication-configuration-cache", "redissentinel-configuration-cache-sentinel"):
        tls = found[f"cbp-data/{path}.yaml"]["spec"]["TLS"]
        # Without the name of the authority's file, the operator's servers verify nobody.
        assert tls == {"secret": {"secretName": secrets[CACHE]}, "ca": "ca.crt", "cert": "tls.crt", "key": "tls.key"}


def test_what_is_read_while_it_runs_is_renewed_in_days_and_what_is_read_at_a_start_in_half_a_year() -> None:
    days = {
        path: [(seconds(emitted(path)["spec"][field]) or 0) // 86400 for field in ("duration", "renewBefore")]
        for path in (DATABASE, CACHE)
    }
    assert days == {DATABASE: [90, 30], CACHE: [365, 183]}
    assert emitted(DATABASE)["spec"]["secretTemplate"]["labels"] == {"cnpg.io/reload": "true"}


@every_site
def test_cert_manager_may_log_in_as_one_account_and_nobody_else_may(at: Site) -> None:
    found = documents(at)
    name = "configuration-data-certificates"
    (rule,) = found[f"cbp-data/role-{name}.yaml"]["rules"]
    binding = found[f"cbp-data/rolebinding-{name}.yaml"]
    assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (["serviceaccounts/token"], [name], ["create"])
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "cert-manager", "namespace": "cert-manager"}]
    for kind in ("db", "cache"):
        login = found[f"cbp-data/issuer-configuration-{kind}-server.yaml"]["spec"]["vault"]["auth"]["kubernetes"]
        assert login["serviceAccountRef"]["name"] == login["role"] == name


def test_the_reading_pooler_s_name_is_left_out_where_there_is_none() -> None:
    path = "components__data_layer__scaling__strategy__read_replicas"
    names = emitted(DATABASE, **{path: "Disabled"})["spec"]["dnsNames"]
    assert set(emitted(DATABASE)["spec"]["dnsNames"]) - set(names) == {"configuration-db-pooler-ro.cbp-data.svc"}


def test_certificates_are_asked_for_before_the_stores_are_made() -> None:
    waves = {
        name: int(item["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"])
        for name, item in documents(site()).items()
    }
    assert max(waves[DATABASE], waves[CACHE]) < min(
        waves["cbp-data/cluster-configuration-db.yaml"], waves["cbp-data/redisreplication-configuration-cache.yaml"]
    )
