"""The certificate authority of a cluster's stores: its key is made in Vault, and stays there.

A role for each server signs its own names alone, so that whoever may ask for a certificate of the cache cannot pose as
the database.

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

# The bank's clients of this authority are all rendered here; its successor is a second issuer, signed in time.
LIFETIME = "87600h"
ISSUER = "root"
# P-256, which every client of ours takes. The authority's key never leaves Vault, a server's never its cluster.
KEY: dict[str, Any] = {"key_type": "ec", "key_bits": 256}


def pki(site: Site) -> Iterator[Write]:
    """Yield the engine, the authority's own certificate, and a role for each server."""
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
        # The names are those of the request's extension, as RFC 6125 (6.4.4) has them; a common name is not needed.
        "require_cn": False,
        "server_flag": True,
        "client_flag": server.is_client,
        # Another issuer, whoever adds it, signs nothing.
        "issuer_ref": ISSUER,
        "max_ttl": hours(server.lifetime),
        **KEY,
    }
