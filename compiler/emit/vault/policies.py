"""Vault policies, in HCL: exact paths with the capabilities at each. No path has a wildcard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.templates import render
from compiler.emit.vault.documents import Write, write
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from compiler.emit.site import Site


@dataclass(frozen=True, slots=True)
class Grant:
    """The capabilities at one path."""

    path: str
    capabilities: tuple[str, ...]


# They replace the default policy, which grants far more: a login looks up its own token, and revokes it.
OWN_TOKEN = (Grant("auth/token/lookup-self", ("read",)), Grant("auth/token/revoke-self", ("update",)))


def policy(site: Site, name: str, comment: str, grants: tuple[Grant, ...]) -> Write:
    """Return the policy of the cluster's role ``name``."""
    text = render("vault/policy.hcl.j2", comment=comment, grants=(*grants, *OWN_TOKEN))
    return write(f"sys/policies/acl/{vault_paths(site).policy(name)}", policy=text)
