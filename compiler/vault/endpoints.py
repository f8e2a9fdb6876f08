"""Where the API reads what it writes: at the same path, but for what is mounted, generated or found by another's id.

Every endpoint gives the same view of a document: its own fields, as the server has them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from compiler.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from compiler.vault.server import VaultServer

_ROOT = "/root/generate/internal"

View = dict[str, Any]
Data = dict[str, Any]


class Endpoint(Protocol):
    """How documents of one kind are read and written."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return what the server has in the place of a document, or None."""

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Write a document; ``found`` is what is in its place."""


class Plain:
    """Read and written at one path."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the path's data; a database connection's own lie one level deeper."""
        found = server.read(path)
        return None if found is None else {**found, **(found.get("connection_details") or {})}

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Write the whole document."""
        server.write(path, data)


class Tuning(Plain):
    """How a mount is tuned."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return what is tuned; the server says 400 of a mount that is not there."""
        answer = server.ask("GET", path)
        absent = answer.status == 400 and any(error.startswith("cannot fetch sysview") for error in answer.errors)
        return None if absent else server.accepted(answer, f"reading {path}")


class Mount:
    """An engine or an auth method: it is mounted once, and tuned from then on."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the mount; the server says 400 of one that is not there."""
        answer = server.ask("GET", path)
        absent = answer.status == 400 and any(error.startswith("No ") for error in answer.errors)
        return None if absent else server.accepted(answer, f"reading {path}")

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Mount, or tune what can be tuned."""
        if found is None:
            server.write(path, data)
            return
        for field in ("type", "options"):
            if field in data and (found.get(field) or None) != (data[field] or None):
                raise VaultError(f"{path}: the {field} of a mount cannot be changed: what is mounted there has to go")
        server.write(f"{path}/tune", {name: value for name, value in data.items() if name == "description"})


class AuditDevice:
    """A device of the audit trail: listed with all others, and never changed."""

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
    """The name of a group at the identity provider: read at the group that it belongs to."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the group's alias."""
        group = server.read(f"identity/group/id/{data['canonical_id']}") or {}
        return group.get("alias") or None

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Name the group, or name it anew."""
        server.write(f"{path}/id/{found['id']}" if found else path, data)


class MfaMethod:
    """A second factor: the server gives it an id, and lists it with its name."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the one method of that name.

        Raises:
            VaultError: several have the name.
        """
        methods = (server.list(path).get("key_info") or {}).values()
        named = [{**item, "method_name": item["name"]} for item in methods if item.get("name") == data["method_name"]]
        if len(named) > 1:
            raise VaultError(f"{path}: several methods have the name {data['method_name']}: delete all but one")
        return named[0] if named else None

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Make the method, or change the one of that name."""
        server.write(f"{path}/{found['id']}" if found else path, data)


class Authority:
    """The certificate of an authority, which is made once: afterwards it is an issuer of its mount, with a name."""

    def read(self, server: VaultServer, path: str, data: Mapping[str, Any]) -> View | None:
        """Return the issuer of that name; what it was made with stands in its certificate, and is not asked again."""
        mount = path.removesuffix(_ROOT)
        if data["issuer_name"] not in _names(server.list(f"{mount}/issuers")):
            return None
        found = server.read(f"{mount}/issuer/{data['issuer_name']}")
        return None if found is None else {**data, **found}

    def write(self, server: VaultServer, path: str, data: Data, found: View | None) -> None:
        """Make the key and its certificate."""
        if found is not None:
            raise VaultError(f"{path}: the certificate of an authority cannot be changed: give another issuer_name")
        server.write(path, data)


def _names(issuers: View) -> set[str]:
    return {item.get("issuer_name", "") for item in (issuers.get("key_info") or {}).values()}


def endpoint(path: str) -> Endpoint:
    """Return how documents at a path are read and written."""
    if path.startswith(("sys/mounts/", "sys/auth/")):
        return Tuning() if path.endswith("/tune") else Mount()
    if path.endswith(_ROOT):
        return Authority()
    if path.startswith("sys/audit/"):
        return AuditDevice()
    if path == "identity/group-alias":
        return GroupAlias()
    return MfaMethod() if path.startswith("identity/mfa/method/") else Plain()
