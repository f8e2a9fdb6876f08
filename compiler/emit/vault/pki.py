"""The certificate authority (PKI engine) of a cluster's stores: its key is generated in Vault, and stays there.

The role of each server signs only that server's names, so that an account with the right to a certificate of the cache
cannot impersonate the database.

Sources: ``access_control.secrets.storage``, ``access_control.infrastructure.principle``.
Upstream: https://openbao.org/api-docs/secret/pki/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.server_certificates import ServerCertificate, server_certificates
from compiler.emit.text import hours
from compiler.emit.vault.documents import Write, write
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

# All clients of this authority are rendered here; its successor will be a second issuer, signed in time.
LIFETIME = "87600h"
ISSUER = "root"
# P-256, which all our clients support. The authority's key never leaves Vault, a server's never its cluster.
KEY: dict[str, Any] = {"key_type": "ec", "key_bits": 256}


def pki(site: Site) -> Iterator[Write]:
    """Yield the PKI engine, the authority's own certificate, and a role for each server."""
    mount, scope = vault_paths(site).authority, vault_paths(site).scope
    yield write(f"sys/mounts/{mount}", type="pki", description=f"Certificates of the stores of {scope}")
    yield write(f"sys/mounts/{mount}/tune", max_lease_ttl=LIFETIME)
    yield write(vault_paths(site).root, common_name=f"Stores of {scope}", issuer_name=ISSUER, ttl=LIFETIME, **KEY)
    for server in server_certificates(site):
        yield write(f"{mount}/roles/{server.name}", **_role(server))


def _role(server: ServerCertificate) -> dict[str, Any]:
    return {
        "allowed_domains": list(server.names),
        "allow_bare_domains": True,
        "allow_subdomains": False,
        "allow_wildcard_certificates": False,
        "allow_localhost": False,
        "allow_ip_sans": False,
        "enforce_hostnames": True,
        # The names are in the request's subject alternative names (RFC 6125, 6.4.4); a common name is not needed.
        "require_cn": False,
        "server_flag": True,
        "client_flag": server.is_client,
        # An issuer that somebody adds later signs nothing.
        "issuer_ref": ISSUER,
        "max_ttl": hours(server.lifetime),
        **KEY,
    }
