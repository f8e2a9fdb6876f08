"""Names in Vault: mounts, roles and paths, each defined once for the plan and for the workloads that read secrets.

Clusters and environments may share a server. A name that contains a cluster's belongs to that cluster alone; the three
engines (``cbp``, ``database`` and ``signing``) are shared, and every plan configures them in the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.names import (
    API,
    CACHE_PATH,
    CONNECTORS_PATH,
    DATA,
    DATABASE,
    KEYS_PATH,
    MANAGER_PATH,
    MIGRATION,
    NOTIFICATION_KEYS_PATH,
    SUBSCRIBERS_PATH,
    VAULT_DATABASE,
    VAULT_KV,
)

if TYPE_CHECKING:
    from compiler.emit.site import Site

AUDIENCE = "vault"
"""The audience of ServiceAccount tokens for Vault, so that no other service accepts one of them."""


@dataclass(frozen=True, slots=True)
class VaultPaths:
    """Names in Vault that belong to one cluster."""

    environment: str
    cluster: str

    @property
    def scope(self) -> str:
        """The prefix or suffix of the cluster's own names, as ``production-eu-central-1``."""
        return f"{self.environment}-{self.cluster}"

    @property
    def kubernetes(self) -> str:
        """The auth mount of the cluster's workloads."""
        return f"kubernetes-{self.scope}"

    @property
    def oidc(self) -> str:
        """The auth mount of people."""
        return f"oidc-{self.scope}"

    @property
    def authority(self) -> str:
        """The mount of the authority that signs the certificates of the cluster's servers."""
        return f"pki-{self.scope}"

    @property
    def authority_file(self) -> str:
        """The file with the authority's certificate on every OpenBao server, in a volume that its chart adds."""
        return f"/openbao/userconfig/authorities/{self.scope}.pem"

    @property
    def root(self) -> str:
        """The path at which the authority's own certificate is generated."""
        return f"{self.authority}/root/generate/internal"

    def signing(self, server: str) -> str:
        """Return the path at which a server's certificate is signed."""
        return f"{self.authority}/sign/{server}"

    @property
    def connection(self) -> str:
        """The name of the connection by which Vault changes passwords of the database."""
        return f"{self.scope}-{DATABASE}"

    @property
    def static_role(self) -> str:
        """The name of the database engine's static role for the API's database role."""
        return f"{self.scope}-{API}"

    @property
    def migration_role(self) -> str:
        """The name of the database engine's static role for the database role that migrates."""
        return f"{self.scope}-{MIGRATION}"

    @property
    def manager(self) -> str:
        """The key of the managing role's password in the KV engine."""
        return f"{self.environment}/{DATA}/{self.cluster}/{MANAGER_PATH}"

    @property
    def cache(self) -> str:
        """The key of the cache's password, which the cache and the API share, in the KV engine."""
        return f"{self.environment}/{DATA}/{self.cluster}/{CACHE_PATH}"

    def subscriber(self, name: str) -> str:
        """Return the key of the signing keys of deliveries to a subscriber, in the KV engine."""
        return f"{self.environment}/{API}/{self.cluster}/{SUBSCRIBERS_PATH}/{name}/{KEYS_PATH}"

    def connector(self, name: str) -> str:
        """Return the key of the keys that verify a connector's notifications, in the KV engine."""
        return f"{self.environment}/{API}/{self.cluster}/{CONNECTORS_PATH}/{name}/{NOTIFICATION_KEYS_PATH}"

    @property
    def audit_key(self) -> str:
        """The name of the key that signs heads of the audit trail, in the engine of keys that sign."""
        return f"{self.scope}-audit"

    def policy(self, name: str) -> str:
        """Return the name of a policy, with the cluster's prefix: all clusters share one list of policies."""
        return f"{self.scope}-{name}"


def vault_paths(site: Site) -> VaultPaths:
    """Return the names in Vault that belong to a cluster."""
    return VaultPaths(site.environment.name, site.name)


def secret(kind: str, key: str) -> str:
    """Return the path of a key's ``data`` or ``metadata`` in the KV engine."""
    return f"{VAULT_KV}/{kind}/{key}"


def credential(role: str) -> str:
    """Return the path of a static role's password, relative to the database engine's mount."""
    return f"static-creds/{role}"


def credential_path(role: str) -> str:
    """Return the full path of a static role's password."""
    return f"{VAULT_DATABASE}/{credential(role)}"
