"""The OIDC auth method, by which the administrators' group signs in through the identity provider, with MFA.

Readers and operators need no access to Vault. Administrators write secrets and read their metadata, but no secret.

Sources: ``access_control.infrastructure``, the environment's ``sign_in``.
Upstream: https://openbao.org/api-docs/auth/jwt/, https://openbao.org/docs/auth/login-mfa/; RFC 8176 for ``amr``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.names import VAULT_DATABASE
from compiler.emit.vault.documents import Write, reference, write
from compiler.emit.vault.paths import secret, vault_paths
from compiler.emit.vault.policies import Grant, policy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

ADMINISTRATORS = "administrators"
GROUPS_CLAIM = "groups"
# RFC 8176, 2: several factors were used. A provider that sends another value has to be configured to send this one.
MFA_CLAIM = {"amr": ["mfa"]}
# Long enough for one change, and short enough for a machine that is left alone.
TOKEN_TTL = "30m"  # noqa: S105 - a duration
TOKEN_MAX_TTL = "1h"  # noqa: S105 - a duration
# The redirect address of Vault's command line: a loopback address (RFC 8252, 7.3).
COMMAND_LINE = "http://localhost:8250/oidc/callback"
# The parameters that every authenticator supports: several silently ignore any other algorithm (RFC 6238, 1.2).
TOTP: dict[str, Any] = {"period": "30s", "algorithm": "SHA1", "digits": 6, "skew": 1}


def oidc_auth(site: Site) -> Iterator[Write]:
    """Yield the OIDC auth method, the administrators' role, policy and group, and the second factor."""
    mount = vault_paths(site).oidc
    yield write(f"sys/auth/{mount}", type="oidc", description=f"People who administer {vault_paths(site).scope}")
    yield write(
        f"auth/{mount}/config",
        write_only=("oidc_client_secret",),
        oidc_discovery_url=site.environment.sign_in.issuer,
        **({"oidc_discovery_ca_pem": bundle} if (bundle := site.environment.sign_in.ca_bundle) else {}),
        bound_issuer=site.environment.sign_in.issuer,
        oidc_client_id=site.environment.sign_in.client_id,
        default_role=ADMINISTRATORS,
    )
    yield policy(
        site, ADMINISTRATORS, f"What administrators of {vault_paths(site).scope} change.", _administration(site)
    )
    yield _role(site)
    yield from _group(site)
    if site.spec.access_control.infrastructure.authentication.mfa:
        yield from _second_factor(site)


def _administration(site: Site) -> tuple[Grant, ...]:
    paths = vault_paths(site)
    # Keys of subscribers and connectors are there before the cluster serves.
    subscribers = (paths.subscriber(each.name) for each in site.environment.subscribers)
    connectors = (paths.connector(each.name) for each in site.environment.connectors)
    keys = (paths.manager, paths.cache, *subscribers, *connectors)
    kept = tuple(
        grant
        for key in keys
        for grant in (
            Grant(secret("data", key), ("create", "update")),
            Grant(secret("metadata", key), ("read",)),
        )
    )
    rotation = Grant(f"{VAULT_DATABASE}/rotate-role/{vault_paths(site).static_role}", ("update",))
    return (*kept, rotation) if site.serves else kept


def _role(site: Site) -> Write:
    sign_in, mount = site.environment.sign_in, vault_paths(site).oidc
    mfa = MFA_CLAIM if site.spec.access_control.infrastructure.authentication.mfa else {}
    return write(
        f"auth/{mount}/role/{ADMINISTRATORS}",
        role_type="oidc",
        user_claim="sub",
        groups_claim=GROUPS_CLAIM,
        bound_audiences=[sign_in.client_id],
        bound_claims_type="string",
        bound_claims={GROUPS_CLAIM: [sign_in.groups.administrators], **mfa},
        allowed_redirect_uris=[f"{site.cluster.vault.address}/ui/vault/auth/{mount}/oidc/callback", COMMAND_LINE],
        token_no_default_policy=True,
        token_ttl=TOKEN_TTL,
        token_max_ttl=TOKEN_MAX_TTL,
        token_type="service",  # noqa: S106 - a kind of token
    )


def _group(site: Site) -> Iterator[Write]:
    """Yield the external group: rights follow from membership at the identity provider, and end with it."""
    group = f"identity/group/name/{vault_paths(site).policy(ADMINISTRATORS)}"
    yield write(group, type="external", policies=[vault_paths(site).policy(ADMINISTRATORS)])
    yield write(
        "identity/group-alias",
        name=site.environment.sign_in.groups.administrators,
        mount_accessor=reference(f"sys/auth/{vault_paths(site).oidc}", "accessor"),
        canonical_id=reference(group, "id"),
    )


def _second_factor(site: Site) -> Iterator[Write]:
    """Yield Vault's own second factor, in case the identity provider authenticates the wrong person."""
    scope = vault_paths(site).scope
    yield write("identity/mfa/method/totp", method_name=scope, issuer=f"Vault {scope}", **TOTP)
    yield write(
        f"identity/mfa/login-enforcement/{scope}",
        mfa_method_ids=[reference("identity/mfa/method/totp", "id")],
        auth_method_accessors=[reference(f"sys/auth/{vault_paths(site).oidc}", "accessor")],
    )
