"""SecretStores and ExternalSecrets; each SecretStore logs in to Vault as one ServiceAccount.

External Secrets logs in, reads, and revokes its token each time. Every store is of version ``v1``, which reads any path
unchanged: those of the database engine, and those of the KV engine with the time at which a version was written, which
``v2`` leaves out. That time is kept beside the secret, so that its age can be told.

Sources: ``access_control.secrets``, the cluster's ``vault``.
Upstream: https://external-secrets.io/latest/provider/hashicorp-vault/
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.names import AUTHORITY_FILE, namespace
from compiler.emit.vault.paths import AUDIENCE, credential, vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.emit.vault.kubernetes_auth import Account
    from compiler.model.network import Zone

# People change these secrets, and coordinate the change.
SECRET_REFRESH = "15m"  # noqa: S105 - a duration
REVIEWERS = "cbp-token-reviewers"
PASSWORD = "password"  # noqa: S105 - the name of a field
DATED = ".rotated-at"
"""The end of the keys of a Secret that hold when another one was last rotated (runtime/adapters/secret_files.py)."""


@dataclass(frozen=True, slots=True)
class Store:
    """A SecretStore: a mount of Vault, read by one ServiceAccount of a zone."""

    name: str
    zone: Zone
    account: str
    """The ServiceAccount that logs in to Vault."""
    role: str = ""
    """The role of Vault's auth method that it logs in to."""
    mount: str = ""


def secret_store(site: Site, store: Store) -> Document:
    """Return the SecretStore object of a store."""
    login = vault_login(site, vault_paths(site).kubernetes, store.role, store.account)
    engine = {"path": store.mount, "version": "v1"}
    spec = {"provider": {"vault": {**vault_server(site), **engine, "auth": {"kubernetes": login}}}}
    return kubernetes_object(kinds.SECRET_STORE, store.name, Wave.ACCESS, zone=store.zone, spec=spec)


def cluster_store(store: Store, zone: Zone) -> Document:
    """Return the SecretStore object of a store that reads Secrets of another zone of this cluster."""
    # Every namespace has this ConfigMap, with the certificate of the authority of the API server.
    authority = {"type": "ConfigMap", "name": "kube-root-ca.crt", "key": AUTHORITY_FILE}
    login = {"serviceAccount": {"name": store.account}}
    provider = {"remoteNamespace": namespace(zone), "server": {"caProvider": authority}, "auth": login}
    spec = {"provider": {"kubernetes": provider}}
    return kubernetes_object(kinds.SECRET_STORE, store.name, Wave.ACCESS, zone=store.zone, spec=spec)


def vault_server(site: Site) -> dict[str, str]:
    """Return the fields by which a client finds Vault and verifies it; without a bundle its system's roots do."""
    server = site.cluster.vault
    bundle = {"caBundle": b64encode(server.ca_bundle.encode()).decode()} if server.ca_bundle else {}
    return {"server": server.address, **bundle}


def vault_login(site: Site, mount_path: str, role: str, account: str) -> dict[str, Any]:
    """Return the Kubernetes login of a ServiceAccount; its token is for Vault, and for the API server's review."""
    audiences = [AUDIENCE, site.cluster.vault.kubernetes_audience]
    return {
        "mountPath": mount_path,
        "role": role,
        "serviceAccountRef": {"name": account, "audiences": audiences},
    }


def kept(key: str, field: str, secret_key: str) -> dict[str, Any]:
    """Return the data of an ExternalSecret that are a field of a key in the KV engine."""
    return {"secretKey": secret_key, "remoteRef": {"key": f"data/{key}", "property": f"data.{field}"}}


def kept_at(key: str, secret_key: str) -> dict[str, Any]:
    """Return those that are the time at which the present version of a key was written."""
    reference = {"key": f"data/{key}", "property": "metadata.created_time"}
    return {"secretKey": f"{secret_key}{DATED}", "remoteRef": reference}


def rotated(role: str) -> dict[str, Any]:
    """Return those that are the password of a static role of the database engine."""
    return {"secretKey": PASSWORD, "remoteRef": {"key": credential(role), "property": "password"}}


def rotated_at(role: str) -> dict[str, Any]:
    """Return those that are the time at which Vault last rotated the password of a static role."""
    reference = {"key": credential(role), "property": "last_vault_rotation"}
    return {"secretKey": f"{PASSWORD}{DATED}", "remoteRef": reference}


def external_secret(
    name: str,
    store: Store,
    data: list[dict[str, Any]],
    wave: Wave,
    *,
    refresh: str,
    template: dict[str, Any] | None = None,
) -> Document:
    """Return an ExternalSecret; its Secret keeps the last values while Vault is down or a path is gone."""
    target: dict[str, Any] = {"name": name, "creationPolicy": "Owner", "deletionPolicy": "Retain"}
    if template:
        target["template"] = {"engineVersion": "v2", **template}
    spec = {
        "refreshPolicy": "Periodic",
        "refreshInterval": refresh,
        "secretStoreRef": {"kind": kinds.SECRET_STORE.name, "name": store.name},
        "target": target,
        "data": data,
    }
    return kubernetes_object(kinds.EXTERNAL_SECRET, name, wave, zone=store.zone, spec=spec)


def token_reviewers(accounts: Iterable[Account]) -> Iterator[Document]:
    """Yield the ClusterRole for the review of tokens, and the binding that gives it to accounts.

    Vault authenticates by an account's own token when the API server reviews it: the account needs the right to do so.
    Kubernetes' own role for this, ``system:auth-delegator``, would also tell it what anybody may do.
    """
    review = {"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}
    yield kubernetes_object(kinds.CLUSTER_ROLE, REVIEWERS, Wave.ACCESS, rules=[review])
    subjects = [
        {"kind": kinds.SERVICE_ACCOUNT.name, "name": account.service_account, "namespace": namespace(account.zone)}
        for account in accounts
    ]
    role = {"apiGroup": kinds.CLUSTER_ROLE.group, "kind": kinds.CLUSTER_ROLE.name, "name": REVIEWERS}
    yield kubernetes_object(kinds.CLUSTER_ROLE_BINDING, REVIEWERS, Wave.ACCESS, roleRef=role, subjects=subjects)
