"""How workloads of a cluster log in, and what they may read then.

Vault asks the cluster's API server about each token. It shows that very token to do so (``disable_local_ca_jwt`` and no
``token_reviewer_jwt``), so that Vault keeps no credential of the cluster; the accounts may have tokens reviewed for it.

Sources: ``access_control.infrastructure``, ``access_control.secrets``.
Upstream: https://openbao.org/docs/auth/kubernetes/#use-the-vault-clients-jwt-as-the-reviewer-jwt
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.names import API, API_SECRETS, CERTIFICATES, DATA, DATA_SECRETS, namespace
from compiler.emit.server_certificates import servers
from compiler.emit.vault.documents import Write, write
from compiler.emit.vault.paths import AUDIENCE, credential_path, places, secret
from compiler.emit.vault.policies import Grant, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site
    from compiler.model.network import Zone

# A login reads one secret and is revoked then; a token that is left over ends soon, and a stolen one cannot be kept.
TOKEN_TTL = "10m"  # noqa: S105 - a duration
TOKEN_MAX_TTL = "1h"  # noqa: S105 - a duration


def workload_access(site: Site) -> Iterator[Write]:
    """Yield the auth method of the cluster, and for each zone that has secrets a policy and a role."""
    mount = places(site).kubernetes
    yield write(f"sys/auth/{mount}", type="kubernetes", description=f"Workloads of {places(site).scope}")
    yield write(
        f"auth/{mount}/config",
        write_only=("kubernetes_ca_cert",),
        kubernetes_host=site.cluster.vault.kubernetes_host,
        disable_local_ca_jwt=True,
    )
    if site.serves:
        grants = (Grant(secret("data", places(site).cache), ("read",)), _credential(site))
        yield from _role(site, API, API_SECRETS, "application", grants)
    kept = tuple(Grant(secret("data", key), ("read",)) for key in (places(site).manager, places(site).cache))
    yield from _role(site, DATA, DATA_SECRETS, "data", kept)
    signed = tuple(Grant(places(site).signing(server.name), ("update",)) for server in servers(site))
    yield from _role(site, CERTIFICATES, CERTIFICATES, "data", signed)


def _credential(site: Site) -> Grant:
    return Grant(credential_path(places(site).static_role), ("read",))


def _role(site: Site, name: str, account: str, zone: Zone, grants: tuple[Grant, ...]) -> Iterator[Write]:
    yield policy(site, name, f"What {name} reads for {places(site).scope}.", grants)
    yield write(
        f"auth/{places(site).kubernetes}/role/{name}",
        bound_service_account_names=[account],
        bound_service_account_namespaces=[namespace(zone)],
        audience=AUDIENCE,
        token_policies=[places(site).policy(name)],
        token_no_default_policy=True,
        token_ttl=TOKEN_TTL,
        token_max_ttl=TOKEN_MAX_TTL,
        # Unlike a batch token, it can be revoked when the secret has been read.
        token_type="service",  # noqa: S106 - a kind of token
    )
