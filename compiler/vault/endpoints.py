"""Endpoints of Vault's API: how each kind of document is read and written.

Most documents are read and written at one path; mounts, audit devices, group aliases, MFA methods and certificate
authorities are not. Every endpoint gives the same view of a document: its own fields, as the server has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.vault.server import VaultServer

_ROOT = "/root/generate/internal"

# The fields of a mount that it has from its beginning to its end.
_FIXED = frozenset({"type", "options", "local", "seal_wrap", "external_entropy_access"})

View = dict[str, Any]
Data = dict[str, Any]


class Endpoint(Protocol):
    """An endpoint that reads and writes documents of one kind."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the server's version of a document; None where it has none."""

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Write a document; ``found`` is the server's version of it."""


class Plain:
    """A document that is read and written at one path."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the path's data; the fields of a database connection lie one level deeper."""
        found = server.read(path)
        return None if found is None else _flat(found, "connection_details")

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Write the whole document."""
        server.write(path, data)


class Tuning(Plain):
    """The tuning of a mount."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the mount's tuning; the server answers 400 where there is no such mount."""
        answer = server.ask("GET", path)
        absent = answer.status == 400 and any(error.startswith("cannot fetch sysview") for error in answer.errors)
        return None if absent else server.accepted(answer, f"reading {path}")


class Mount:
    """A secrets engine or an auth method: it is mounted once, and tuned from then on."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the mount, its own tuning included; the server answers 400 where there is none."""
        answer = server.ask("GET", path)
        absent = answer.status == 400 and any(error.startswith("No ") for error in answer.errors)
        return None if absent else _flat(server.accepted(answer, f"reading {path}"), "config")

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Mount, or tune the mount that is there.

        Raises:
            VaultError: a field differs that only a new mount can change.
        """
        if found is None:
            server.write(path, data)
            return
        for field in _FIXED & data.keys():
            if (found.get(field) or None) != (data[field] or None):
                raise VaultError(f"{path}: the {field} of a mount cannot be changed: disable the mount first")
        server.write(f"{path}/tune", {name: value for name, value in data.items() if name not in _FIXED})


class AuditDevice:
    """An audit device: read from the list of all devices, and never changed."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the device."""
        parent, _, name = path.rpartition("/")
        return (server.read(parent) or {}).get(f"{name}/")

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Enable the device."""
        if found is not None:
            raise VaultError(f"{path}: an audit device cannot be changed: disable it, and apply the plan again")
        server.write(path, data)


class GroupAlias:
    """The name of a group at the identity provider: it is read from the group that it belongs to."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the group's alias."""
        group = server.read(f"identity/group/id/{data['canonical_id']}") or {}
        return group.get("alias") or None

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Create the alias, or change it."""
        server.write(f"{path}/id/{found['id']}" if found else path, data)


class MfaMethod:
    """An MFA method: the server gives it an id, and lists it with its name."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the method of that name.

        Raises:
            VaultError: several methods have the name.
        """
        methods = (server.list(path).get("key_info") or {}).values()
        named = [{**item, "method_name": item["name"]} for item in methods if item.get("name") == data["method_name"]]
        if len(named) > 1:
            raise VaultError(f"{path}: several methods have the name {data['method_name']}: delete all but one")
        return named[0] if named else None

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Create the method, or change the one of that name."""
        server.write(f"{path}/{found['id']}" if found else path, data)


class Authority:
    """The certificate of an authority: it is generated once, and is from then on a named issuer of its mount."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the issuer of that name; the parameters that it was generated with are not compared."""
        mount = path.removesuffix(_ROOT)
        if data["issuer_name"] not in _names(server.list(f"{mount}/issuers")):
            return None
        found = server.read(f"{mount}/issuer/{data['issuer_name']}")
        return None if found is None else {**data, **found}

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Generate the key and its certificate.

        Raises:
            VaultError: the issuer is there, and its certificate cannot be changed.
        """
        if found is not None:
            raise VaultError(f"{path}: the certificate of an authority cannot be changed: give another issuer_name")
        server.write(path, data)


def _flat(found: View, inner: str) -> View:
    """Return an answer with the fields of its field ``inner`` beside its own."""
    return {name: value for name, value in found.items() if name != inner} | (found.get(inner) or {})


def _names(issuers: View) -> set[str]:
    return {item.get("issuer_name", "") for item in (issuers.get("key_info") or {}).values()}


def endpoint(path: str) -> Endpoint:
    """Return the endpoint for documents at a path."""
    if path.startswith(("sys/mounts/", "sys/auth/")):
        return Tuning() if path.endswith("/tune") else Mount()
    if path.endswith(_ROOT):
        return Authority()
    if path.startswith("sys/audit/"):
        return AuditDevice()
    if path == "identity/group-alias":
        return GroupAlias()
    return MfaMethod() if path.startswith("identity/mfa/method/") else Plain()
