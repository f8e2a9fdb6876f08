"""What the zones read from Vault: a store for each account that logs in there, and the Secrets that are made of it.

The API's password for the database changes by itself, and the one before is void at once; pods read the file for every
new connection, so that what counts is how soon the Secret follows. External Secrets logs in, reads and revokes its
token each time; a store of version 1 reads any path as it is, the database engine's too.

Sources: ``access_control.secrets``, the cluster's ``vault``.
Upstream: https://external-secrets.io/latest/provider/hashicorp-vault/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import (
    API,
    API_AUTHORITY,
    API_CREDENTIALS,
    API_SECRETS,
    AUTHORITY_FILE,
    CACHE,
    CERTIFICATES,
    DATA,
    DATA_SECRETS,
    DATABASE_MANAGER,
    DATABASE_MANAGER_SECRET,
    VAULT_DATABASE,
    VAULT_KV,
    namespace,
)
from compiler.emit.vault.paths import AUDIENCE, credential, places
from compiler.emit.vault.pki import ISSUER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.network import Zone

# New connections fail from a rotation until the pods have the new password: this long, and a minute of the kubelet's.
CREDENTIAL_REFRESH = "1m"
# Changed by people, who tell each other.
SECRET_REFRESH = "15m"  # noqa: S105 - a duration
# CloudNativePG follows a Secret that has this label at once.
FOLLOWED = {"cnpg.io/reload": "true"}
REVIEWERS = "cbp-token-review"


def secrets(site: Site) -> Iterator[Document]:
    """Yield the data zone's; the application's only where it runs, since the engine has no credential elsewhere."""
    zones: tuple[Zone, ...] = ("application", "data") if site.serves else ("data",)
    accounts = {"application": API_SECRETS, "data": DATA_SECRETS}
    for zone in zones:
        yield kubernetes_object(
            kinds.SERVICE_ACCOUNT, accounts[zone], Wave.ACCESS, zone=zone, automountServiceAccountToken=False
        )
    yield _reviewers([*((zone, accounts[zone]) for zone in zones), ("data", CERTIFICATES)])
    yield from _data_zone(site)
    if site.serves:
        yield from _application_zone(site)


def _reviewers(accounts: list[tuple[Zone, str]]) -> Document:
    """Vault shows an account's own token when it asks the API server about it: the account has to be allowed to ask."""
    subjects = [
        {"kind": kinds.SERVICE_ACCOUNT.name, "name": name, "namespace": namespace(zone)} for zone, name in accounts
    ]
    role = {"apiGroup": kinds.ROLE.group, "kind": "ClusterRole", "name": "system:auth-delegator"}
    return kubernetes_object(kinds.CLUSTER_ROLE_BINDING, REVIEWERS, Wave.ACCESS, roleRef=role, subjects=subjects)


def _data_zone(site: Site) -> Iterator[Document]:
    """What the stores themselves need, before they start."""
    yield _store(site, "data", DATA_SECRETS, DATA_SECRETS, DATA, VAULT_KV, "v2")
    # The operator takes the role's name from the Secret, too: https://cloudnative-pg.io/documentation/current/
    template = {
        "type": "kubernetes.io/basic-auth",
        "metadata": {"labels": FOLLOWED},
        "data": {"username": DATABASE_MANAGER, "password": "{{ .password }}"},
    }
    yield _secret(
        DATABASE_MANAGER_SECRET, "data", Wave.ACCESS, DATA_SECRETS, places(site).manager, SECRET_REFRESH, template
    )
    yield _secret(CACHE, "data", Wave.ACCESS, DATA_SECRETS, places(site).cache, SECRET_REFRESH)


def _application_zone(site: Site) -> Iterator[Document]:
    """What the API needs. The credential is there when the database is, and Vault has been told of it."""
    yield _store(site, "application", API_SECRETS, API_SECRETS, API, VAULT_KV, "v2")
    yield _store(site, "application", API_CREDENTIALS, API_SECRETS, API, VAULT_DATABASE, "v1")
    key = credential(places(site).static_role)
    yield _secret(f"{API}-database", "application", Wave.CREDENTIAL, API_CREDENTIALS, key, CREDENTIAL_REFRESH)
    yield _secret(f"{API}-cache", "application", Wave.CREDENTIAL, API_SECRETS, places(site).cache, SECRET_REFRESH)
    yield _store(site, "application", API_AUTHORITY, API_SECRETS, API, places(site).authority, "v1")
    yield _authority()


def _authority() -> Document:
    """What the API verifies its stores by; it is no secret."""
    found = {"secretKey": AUTHORITY_FILE, "remoteRef": {"key": f"issuer/{ISSUER}/json", "property": "certificate"}}
    return _external(API_AUTHORITY, "application", Wave.CREDENTIAL, API_AUTHORITY, SECRET_REFRESH, [found])


def _store(site: Site, zone: Zone, name: str, account: str, role: str, mount: str, version: str) -> Document:
    server = site.cluster.vault
    # For Vault, and for the API server that Vault shows the token to.
    audiences = [AUDIENCE, server.kubernetes_audience]
    login = {
        "mountPath": places(site).kubernetes,
        "role": role,
        "serviceAccountRef": {"name": account, "audiences": audiences},
    }
    provider = {"server": server.address, "path": mount, "version": version, "auth": {"kubernetes": login}}
    spec = {"provider": {"vault": provider}}
    return kubernetes_object(kinds.SECRET_STORE, name, Wave.ACCESS, zone=zone, spec=spec)


def _secret(
    name: str, zone: Zone, wave: Wave, store: str, key: str, refresh: str, template: dict[str, Any] | None = None
) -> Document:
    """A Secret of one password."""
    found = {"secretKey": "password", "remoteRef": {"key": key, "property": "password"}}
    return _external(name, zone, wave, store, refresh, [found], template)


def _external(
    name: str,
    zone: Zone,
    wave: Wave,
    store: str,
    refresh: str,
    data: list[dict[str, Any]],
    template: dict[str, Any] | None = None,
) -> Document:
    """A Secret that stays with its last values when Vault is away or a path is gone."""
    target: dict[str, Any] = {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    if template:
        target["template"] = {"engineVersion": "v2", **template}
    spec = {
        "refreshPolicy": "Periodic",
        "refreshInterval": refresh,
        "secretStoreRef": {"kind": kinds.SECRET_STORE.name, "name": store},
        "target": target,
        "data": data,
    }
    return kubernetes_object(kinds.EXTERNAL_SECRET, name, wave, zone=zone, spec=spec)
