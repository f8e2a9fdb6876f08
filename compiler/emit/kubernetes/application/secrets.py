"""Secrets of the API: its credentials, and the certificate authority that verifies its stores.

Where it serves, Vault rotates the database password. Pods read the file for every new connection; until it follows,
they log in as the role that is given the former password.

Where it stands by, that password is known to the Vault of another region, and the database takes no new one. There the
database's operator makes a certificate, in the data zone; the pods have a copy.

The keys that sign deliveries and verify notifications are read again when they change: a new one is added beside the
old one.

Beside each secret is the time of its last rotation, of the same answer of Vault, so that the process can tell its age.

Sources: ``access_control.secrets``, the cluster's ``vault``, the environment's ``subscribers`` and ``connectors``.
Upstream: https://external-secrets.io/latest/provider/kubernetes/,
https://cloudnative-pg.io/documentation/current/declarative_role_management/#client-certificate-generation
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cluster.external_secrets import (
    PASSWORD,
    SECRET_REFRESH,
    Store,
    cluster_store,
    external_secret,
    kept,
    kept_at,
    rotated,
    rotated_at,
    secret_store,
)
from compiler.emit.kubernetes.common.access import bound_role, service_account
from compiler.emit.kubernetes.common.metadata import Wave
from compiler.emit.names import (
    API,
    API_AUTHORITY,
    API_CLIENT,
    API_CONNECTORS,
    API_CREDENTIALS,
    API_SECRETS,
    API_SUBSCRIBERS,
    AUTHORITY_FILE,
    STANDBY_CERTIFICATE,
    VAULT_DATABASE,
    VAULT_KV,
    namespace,
)
from compiler.emit.vault.paths import vault_paths
from compiler.emit.vault.pki import ISSUER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.common.access import Rule
    from compiler.emit.site import Site

# The former password has to last until the pods have the new one: for this time, and the kubelet's minute.
CREDENTIAL_REFRESH = "1m"


KEPT = Store(API_SECRETS, "application", API_SECRETS, API, VAULT_KV)
"""The store of what people keep in Vault for the API."""


def secrets(site: Site) -> Iterator[Document]:
    """Yield the ServiceAccount, and the stores with the cache's password and the authority's certificate."""
    paths = vault_paths(site)
    authority = Store(API_AUTHORITY, "application", API_SECRETS, API, paths.authority)
    yield service_account(API_SECRETS, "application")
    for store in (KEPT, authority):
        yield secret_store(site, store)
    password = [kept(paths.cache, PASSWORD, PASSWORD), kept_at(paths.cache, PASSWORD)]
    yield external_secret(f"{API}-cache", KEPT, password, Wave.CONNECTION, refresh=SECRET_REFRESH)
    certificate = {
        "secretKey": AUTHORITY_FILE,
        "remoteRef": {"key": f"issuer/{ISSUER}/json", "property": "certificate"},
    }
    yield external_secret(API_AUTHORITY, authority, [certificate], Wave.CONNECTION, refresh=SECRET_REFRESH)


def database_password(site: Site) -> Iterator[Document]:
    """Yield the store and the ExternalSecret of the database password, which exists once Vault knows the database."""
    credentials = Store(API_CREDENTIALS, "application", API_SECRETS, API, VAULT_DATABASE)
    yield secret_store(site, credentials)
    role = vault_paths(site).static_role
    password = [rotated(role), rotated_at(role)]
    yield external_secret(f"{API}-database", credentials, password, Wave.CONNECTION, refresh=CREDENTIAL_REFRESH)


def signing_keys(site: Site) -> Iterator[Document]:
    """Yield the ExternalSecrets of the keys of subscribers and of connectors, by their names; none without any."""
    paths = vault_paths(site)
    for name, keys in (
        (API_SUBSCRIBERS, {each.name: paths.subscriber(each.name) for each in site.subscribers}),
        (API_CONNECTORS, {each.name: paths.connector(each.name) for each in site.connectors}),
    ):
        found = [entry for each, key in keys.items() for entry in (kept(key, "keys", each), kept_at(key, each))]
        if found:
            yield external_secret(name, KEPT, found, Wave.CONNECTION, refresh=CREDENTIAL_REFRESH)


def client_certificate(_: Site) -> Iterator[Document]:
    """Yield the store and the ExternalSecret that copy the certificate, and the right to read that one Secret."""
    right: Rule = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": [STANDBY_CERTIFICATE],
        "verbs": ["get"],
    }
    reader = {"kind": "ServiceAccount", "name": API_SECRETS, "namespace": namespace("application")}
    yield from bound_role(API_CLIENT, "data", [right], reader)
    store = Store(API_CLIENT, "application", API_SECRETS)
    yield cluster_store(store, "data")
    pair = [
        {"secretKey": file, "remoteRef": {"key": STANDBY_CERTIFICATE, "property": file}}
        for file in ("tls.crt", "tls.key")
    ]
    yield external_secret(API_CLIENT, store, pair, Wave.CONNECTION, refresh=SECRET_REFRESH)
