"""The Kubernetes auth method, and the ServiceAccounts that log in by it.

Vault has the cluster's API server review each token, and authenticates there by that same token
(``disable_local_ca_jwt`` and no ``token_reviewer_jwt``), so that it stores no credential of the cluster; for that, the
ServiceAccounts have the right to review tokens.

Sources: ``access_control.infrastructure``, ``access_control.secrets``.
Upstream: https://openbao.org/docs/auth/kubernetes/#use-the-vault-clients-jwt-as-the-reviewer-jwt
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.names import (
    API,
    API_CERTIFICATES,
    API_SECRETS,
    AUDIT,
    CERTIFICATES,
    DATA,
    DATA_SECRETS,
    MIGRATION,
    MIGRATION_SECRETS,
    VAULT_SIGNING,
    namespace,
)
from compiler.emit.server_certificates import server_certificates
from compiler.emit.vault.documents import Write, write
from compiler.emit.vault.paths import AUDIENCE, credential_path, secret, vault_paths
from compiler.emit.vault.policies import Grant, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from compiler.model.network import Zone

# A login reads one secret, and its token is revoked then; a token that is left over, or stolen, expires soon.
TOKEN_TTL = "10m"  # noqa: S105 - a duration
TOKEN_MAX_TTL = "1h"  # noqa: S105 - a duration


@dataclass(frozen=True, slots=True)
class Account:
    """A ServiceAccount that logs in to Vault, with its rights there."""

    role: str
    """The role of the auth method; the policy has the same name."""
    service_account: str
    zone: Zone
    grants: tuple[Grant, ...]
    does: str = "reads"
    """The verb of its policy's first line."""
    audience: str = AUDIENCE
    """The audience that Vault asks of its tokens; they also need that of the API server, which reviews them."""


def kubernetes_auth(site: Site) -> Iterator[Write]:
    """Yield the cluster's Kubernetes auth method and its configuration."""
    mount = vault_paths(site).kubernetes
    yield write(f"sys/auth/{mount}", type="kubernetes", description=f"Workloads of {vault_paths(site).scope}")
    yield write(
        f"auth/{mount}/config",
        write_only=("kubernetes_ca_cert",),
        kubernetes_host=site.cluster.vault.kubernetes_host,
        disable_local_ca_jwt=True,
    )


def account_role(site: Site, account: Account) -> Iterator[Write]:
    """Yield the policy of an account, and the role by which it logs in."""
    paths, name = vault_paths(site), account.role
    yield policy(site, name, f"What {name} {account.does} for {paths.scope}.", account.grants)
    yield write(
        f"auth/{paths.kubernetes}/role/{name}",
        bound_service_account_names=[account.service_account],
        bound_service_account_namespaces=[namespace(account.zone)],
        audience=account.audience,
        token_policies=[paths.policy(name)],
        token_no_default_policy=True,
        token_ttl=TOKEN_TTL,
        token_max_ttl=TOKEN_MAX_TTL,
        # Unlike a batch token, a service token can be revoked once the secret has been read.
        token_type="service",  # noqa: S106 - a kind of token
    )


def api_account(site: Site) -> Iterator[Account]:
    """Yield the ServiceAccount that reads the API's credentials."""
    paths = vault_paths(site)
    cache, password = (
        Grant(secret("data", paths.cache), ("read",)),
        Grant(credential_path(paths.static_role), ("read",)),
    )
    # In a cluster that stands by, no password changes, and the API logs in to the database by a certificate.
    subscribers = (paths.subscriber(each.name) for each in site.subscribers)
    connectors = (paths.connector(each.name) for each in site.connectors)
    keys = tuple(Grant(secret("data", key), ("read",)) for key in (*subscribers, *connectors))
    grants = (cache, password, *keys) if site.serves else (cache,)
    yield Account(API, API_SECRETS, "application", grants)


def migration_account(site: Site) -> Iterator[Account]:
    """Yield the ServiceAccount that reads the password of the database role that migrates."""
    grant = Grant(credential_path(vault_paths(site).migration_role), ("read",))
    yield Account(MIGRATION, MIGRATION_SECRETS, "data", (grant,))


def audit_account(site: Site) -> Iterator[Account]:
    """Yield the ServiceAccount that has heads of the audit trail signed.

    Its token is projected into a pod, and such a token has one audience: that of the API server, which reviews it.
    """
    if site.spec.access_control.infrastructure.authorization.audit:
        grant = Grant(f"{VAULT_SIGNING}/sign/{vault_paths(site).audit_key}", ("update",))
        yield Account(AUDIT, AUDIT, "data", (grant,), does="signs", audience=site.cluster.vault.kubernetes_audience)


def data_account(site: Site) -> Iterator[Account]:
    """Yield the ServiceAccount that reads the passwords of the data zone's servers."""
    paths = vault_paths(site)
    grants = tuple(Grant(secret("data", key), ("read",)) for key in (paths.manager, paths.cache))
    yield Account(DATA, DATA_SECRETS, "data", grants)


def certificates_account(site: Site) -> Iterator[Account]:
    """Yield the ServiceAccount that requests the certificates of the data zone's servers."""
    yield _requesting(site, "data", CERTIFICATES)


def api_certificates_account(site: Site) -> Iterator[Account]:
    """Yield the ServiceAccount that requests the certificate of the API's pods."""
    yield _requesting(site, "application", API_CERTIFICATES)


def _requesting(site: Site, zone: Zone, name: str) -> Account:
    """Return a ServiceAccount that may request the certificates of the servers in its zone, and nothing else."""
    signed = (vault_paths(site).signing(server.name) for server in server_certificates(site) if server.zone == zone)
    return Account(name, name, zone, tuple(Grant(path, ("update",)) for path in signed))
