"""Objects on a server that no plan has: mounts, policies, roles, groups, and whatever else gives somebody a right.

The server is the plan's own, or a namespace of it: everything there belongs to a plan, to the server itself, or to
others whose names the caller gives. Roles, issuers and connections on a plan's own mounts are never others'.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from compiler.vault.comparison import Difference
from compiler.vault.normal import seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from compiler.vault.plan import Plan
    from compiler.vault.server import VaultServer

# What a server has from its beginning. One in development mode brings the engine ``secret``, which no policy names.
BUILT_IN: dict[str, frozenset[str]] = {
    "sys/mounts": frozenset({"cubbyhole", "identity", "secret", "sys"}),
    "sys/auth": frozenset({"token"}),
    "sys/policies/acl": frozenset({"default", "root"}),
    "identity/oidc/key": frozenset({"default"}),
    "identity/oidc/assignment": frozenset({"allow_all"}),
    "identity/oidc/provider": frozenset({"default"}),
}
# What gives rights beside mounts and policies: roles of tokens, groups, the factors that a login needs, and what the
# server signs tokens by as an issuer of OpenID Connect, and for whom.
LISTED = (
    "sys/policies/acl",
    "auth/token/roles",
    "identity/group/name",
    "identity/mfa/login-enforcement",
    "identity/oidc/key",
    "identity/oidc/role",
    "identity/oidc/client",
    "identity/oidc/assignment",
    "identity/oidc/scope",
    "identity/oidc/provider",
)
# The listings of a mount, by its type; each name is the last part of a document's path.
OF_MOUNTS: dict[str, tuple[str, ...]] = {
    "kubernetes": ("role",),
    "oidc": ("role",),
    "pki": ("roles",),
    "transit": ("keys",),
    "database": ("config", "roles", "static-roles"),
}
# What a certificate authority also does where somebody turns it on: the plan's roles bind no client of ACME.
_AUTHORITY_SETTINGS: dict[str, tuple[str, object]] = {
    "config/acme": ("enabled", False),
    "config/crl": ("disable", False),
}
_NOT_PLANNED = "is not in the plan"
_LEFT_ALONE = 0


def unplanned(
    plan: Plan, neighbours: Iterable[Plan], server: VaultServer, others: Collection[str]
) -> Iterator[Difference]:
    """Yield every object that is in none of the plans, and settings of mounts that documents of a plan do not hold.

    ``others`` are the names, as patterns, of mounts, policies and groups that belong to others.

    Raises:
        VaultError: the server cannot be reached, or refuses to list.
    """
    planned = plan.paths.union(*(item.paths for item in neighbours))
    foreign = _Names(tuple(others))
    yield from _mounts(planned, server, foreign)
    for path in LISTED:
        for name in _names(server, path):
            if name not in BUILT_IN.get(path, ()) and not foreign.has(name) and f"{path}/{name}" not in planned:
                yield Difference(f"{path}/{name}", _NOT_PLANNED)
    yield from _entities(server, foreign)
    for mount, type_ in plan.mounts.items():
        for listing in OF_MOUNTS.get(type_, ()):
            for name in _names(server, f"{mount}/{listing}"):
                if f"{mount}/{listing}/{name}" not in planned:
                    yield Difference(f"{mount}/{listing}/{name}", _NOT_PLANNED)
        if type_ == "pki":
            yield from _authority(plan, server, mount)
        if type_ == "kv":
            yield from _expiring(server, mount, "")


@dataclass(frozen=True, slots=True)
class _Names:
    """Names that belong to others, as patterns of the shell."""

    patterns: tuple[str, ...]

    def has(self, name: str) -> bool:
        """Return whether a pattern matches a name."""
        return any(fnmatchcase(name, pattern) for pattern in self.patterns)


def _mounts(planned: frozenset[str], server: VaultServer, foreign: _Names) -> Iterator[Difference]:
    for path in ("sys/mounts", "sys/auth"):
        for mount in sorted(server.read(path) or {}):
            name = mount.rstrip("/")
            if name not in BUILT_IN[path] and not foreign.has(name) and f"{path}/{name}" not in planned:
                yield Difference(f"{path}/{name}", _NOT_PLANNED)


def _entities(server: VaultServer, foreign: _Names) -> Iterator[Difference]:
    """Yield the entities that have policies of their own: those of a plan follow from roles and groups alone."""
    for identity in _names(server, "identity/entity/id"):
        entity = server.read(f"identity/entity/id/{identity}") or {}
        if own := [name for name in entity.get("policies") or () if not foreign.has(name)]:
            yield Difference(f"identity/entity/id/{identity}", f"has the policies {', '.join(own)} of its own")


def _authority(plan: Plan, server: VaultServer, mount: str) -> Iterator[Difference]:
    """Yield the issuers of an authority that are not in the plan, and the settings by which it does more."""
    issuers: Mapping[str, Any] = server.list(f"{mount}/issuers").get("key_info") or {}
    wanted = {
        item.data.get("issuer_name") for item in plan.all_documents if item.path.startswith(f"{mount}/root/generate/")
    }
    for identity, issuer in sorted(issuers.items()):
        if (name := issuer.get("issuer_name")) not in wanted or not name:
            yield Difference(f"{mount}/issuer/{name or identity}", _NOT_PLANNED)
    for path, (field, value) in _AUTHORITY_SETTINGS.items():
        found = (server.read(f"{mount}/{path}") or {}).get(field, value)
        if found != value:
            yield Difference(f"{mount}/{path}", f"{field} is not {str(value).lower()}, and the plan does not state it")


def _expiring(server: VaultServer, mount: str, folder: str) -> Iterator[Difference]:
    """Yield the secrets of a KV engine that end by themselves, or whose last version is gone."""
    for name in _names(server, f"{mount}/metadata/{folder}".rstrip("/")):
        if name.endswith("/"):
            yield from _expiring(server, mount, f"{folder}{name}")
            continue
        path = f"{mount}/metadata/{folder}{name}"
        for reason in _endings(server.read(quote(path)) or {}):
            yield Difference(path, reason)


def _endings(metadata: Mapping[str, Any]) -> Iterator[str]:
    after, kept = metadata.get("delete_version_after", "0s"), metadata.get("max_versions", _LEFT_ALONE)
    if seconds(after) != 0:
        yield f"delete_version_after is {after}: a version is deleted then"
    if kept != _LEFT_ALONE:
        yield f"max_versions is {kept}, in place of the engine's"
    version = (metadata.get("versions") or {}).get(str(metadata.get("current_version")), {})
    if version.get("destroyed"):
        yield "the current version is destroyed"
    elif at := version.get("deletion_time"):
        yield f"the current version is deleted at {at}"


def _names(server: VaultServer, path: str) -> list[str]:
    return sorted(server.list(quote(path)).get("keys") or ())
