"""Secrets of the API: its credentials, and the certificate authority that verifies its stores.

Vault rotates the database password, and the old one is void at once. Pods read the file for every new connection, so
that the delay until the Secret follows is all that matters.

Sources: ``access_control.secrets``, the cluster's ``vault``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cluster.external_secrets import (
    SECRET_REFRESH,
    Store,
    external_secret,
    password_secret,
    secret_store,
)
from compiler.emit.kubernetes.common.access import service_account
from compiler.emit.kubernetes.common.metadata import Wave
from compiler.emit.names import (
    API,
    API_AUTHORITY,
    API_CREDENTIALS,
    API_SECRETS,
    AUTHORITY_FILE,
    VAULT_DATABASE,
    VAULT_KV,
)
from compiler.emit.vault.paths import credential, vault_paths
from compiler.emit.vault.pki import ISSUER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site

# New connections fail from a rotation until the pods have the new password: for this time, and the kubelet's minute.
CREDENTIAL_REFRESH = "1m"


def secrets(site: Site) -> Iterator[Document]:
    """Yield the ServiceAccount, the SecretStores and the ExternalSecrets of the application's zone.

    The database credential exists once the database does, and is configured in Vault.
    """
    paths = vault_paths(site)
    kept = Store(API_SECRETS, "application", API_SECRETS, API, VAULT_KV, "v2")
    credentials = Store(API_CREDENTIALS, "application", API_SECRETS, API, VAULT_DATABASE, "v1")
    authority = Store(API_AUTHORITY, "application", API_SECRETS, API, paths.authority, "v1")
    yield service_account(API_SECRETS, "application")
    for store in (kept, credentials, authority):
        yield secret_store(site, store)
    key = credential(paths.static_role)
    yield password_secret(f"{API}-database", credentials, key, Wave.CONNECTION, refresh=CREDENTIAL_REFRESH)
    yield password_secret(f"{API}-cache", kept, paths.cache, Wave.CONNECTION)
    certificate = {
        "secretKey": AUTHORITY_FILE,
        "remoteRef": {"key": f"issuer/{ISSUER}/json", "property": "certificate"},
    }
    yield external_secret(API_AUTHORITY, authority, [certificate], Wave.CONNECTION, refresh=SECRET_REFRESH)
