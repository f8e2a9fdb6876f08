"""Names in Vault: mounts, roles and paths, each written once for the plan and for the workloads that read from it.

Clusters and environments may share a server. What is named after a cluster is that cluster's alone; the two engines
(``cbp`` and ``database``) are shared, and every plan says the same of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.names import API, CACHE_PATH, DATA, DATABASE, MANAGER_PATH, VAULT_DATABASE, VAULT_KV

if TYPE_CHECKING:
    from compiler.emit.site import Site

AUDIENCE = "vault"
"""What a service account's token is made for, so that no other service accepts one that was made for Vault."""


@dataclass(frozen=True, slots=True)
class VaultPaths:
    """Names in Vault that belong to one cluster."""

    environment: str
    cluster: str

    @property
    def scope(self) -> str:
        """What the cluster's own names start or end with, as ``production-eu-central-1``."""
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
        """Where every server of OpenBao has the authority's certificate: a volume that its chart adds, by name."""
        return f"/openbao/userconfig/authorities/{self.scope}.pem"

    @property
    def root(self) -> str:
        """The path at which the authority's own certificate is made."""
        return f"{self.authority}/root/generate/internal"

    def signing(self, server: str) -> str:
        """Return the path at which a server's certificate is signed."""
        return f"{self.authority}/sign/{server}"

    @property
    def connection(self) -> str:
        """The connection by which Vault changes passwords of the database."""
        return f"{self.scope}-{DATABASE}"

    @property
    def static_role(self) -> str:
        """The database role of the API, as the database engine knows it."""
        return f"{self.scope}-{API}"

    @property
    def manager(self) -> str:
        """The key of the managing role's password, below the engine of secrets."""
        return f"{self.environment}/{DATA}/{self.cluster}/{MANAGER_PATH}"

    @property
    def cache(self) -> str:
        """The key of the cache's password, which the cache and the API share, below the engine of secrets."""
        return f"{self.environment}/{DATA}/{self.cluster}/{CACHE_PATH}"

    def policy(self, name: str) -> str:
        """Return the name of a policy: policies of every cluster lie in one list."""
        return f"{self.scope}-{name}"


def vault_paths(site: Site) -> VaultPaths:
    """Return the names of a cluster."""
    return VaultPaths(site.environment.name, site.name)


def secret(kind: str, key: str) -> str:
    """Return the path of ``data`` or ``metadata`` of a key in the engine of secrets."""
    return f"{VAULT_KV}/{kind}/{key}"


def credential(role: str) -> str:
    """Return the path at which a static role's password is read, below the database engine's mount."""
    return f"static-creds/{role}"


def credential_path(role: str) -> str:
    """Return the path at which a static role's password is read."""
    return f"{VAULT_DATABASE}/{credential(role)}"
