"""The administration of rights: administrators give and take what they have themselves, and nothing more."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from runtime.domain.grants import NameTakenError, NotGivenError, digest_of, new_key, read_key
from runtime.domain.identity import Right, Role
from runtime.services.access import RoleMissingError

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.domain.audit import Note
    from runtime.domain.grants import Grant, MachineKey
    from runtime.domain.identity import Identity
    from runtime.ports.access import AccessStore
    from runtime.services.access import Authority
    from runtime.services.given import GivenRights

_log = structlog.get_logger(__name__)


class Administration:
    """Grants and keys, as one administrator may see and change them: those of namespaces that he administers.

    A change is recorded in the audit trail with it, by the ``note`` of the request that asks for it.
    """

    def __init__(self, store: AccessStore, given: GivenRights, authority: Authority) -> None:
        self._store = store
        self._given = given
        self._authority = authority

    async def grants(self, administrator: Identity) -> tuple[Grant, ...]:
        """Return the grants in force, in the order of their names."""
        await self._given.refresh()
        return tuple(each for each in self._given.in_force.grants if self._administers(administrator, each.right))

    async def give(self, administrator: Identity, grant: Grant, note: Note) -> bool:
        """Give a right, or replace the one of its name; return whether it is new.

        Raises :class:`RoleMissingError`, or :class:`NameTakenError` for the name of a grant in other namespaces.
        """
        self._require(administrator, grant.right)
        new = await self._store.put_grant(grant, _about(note, grant))
        if new is None:
            raise NameTakenError
        _log.warning("a right was given", grant=grant.name, given_by=grant.given_by, **_right(grant.right))
        await self._given.refresh()
        return new

    async def take(self, administrator: Identity, name: str, note: Note) -> None:
        """Take a right back; raise :class:`NotGivenError` for one that he does not administer, or that is not there."""
        found = next((each for each in await self.grants(administrator) if each.name == name), None)
        if found is None or not await self._store.remove_grant(found, _about(note, found)):
            raise NotGivenError
        _log.warning("a right was taken back", grant=name, taken_by=administrator.name, **_right(found.right))
        await self._given.refresh()

    async def keys(self, administrator: Identity) -> tuple[MachineKey, ...]:
        """Return the keys in force, in the order of their ids."""
        await self._given.refresh()
        return tuple(each for each in self._given.in_force.keys if self._administers(administrator, each.right))

    async def make_key(
        self, administrator: Identity, make: Callable[[str, bytes], MachineKey], note: Note
    ) -> tuple[MachineKey, str]:
        """Keep the key that ``make`` returns for an id and a digest; return it with its token, which is shown once."""
        id_, token = new_key()
        parts = read_key(token)
        if parts is None:
            raise ValueError("a new key is of the form of keys")
        key = make(id_, digest_of(parts[1]))
        self._require(administrator, key.right)
        await self._store.put_key(key, _about(note, key))
        _log.warning("a key was made", key=id_, given_by=key.given_by, **_right(key.right))
        await self._given.refresh()
        return key, token

    async def revoke(self, administrator: Identity, id_: str, note: Note) -> None:
        """Revoke a key; raise :class:`NotGivenError` for one that he does not administer, or that is not there."""
        found = next((key for key in await self.keys(administrator) if key.id == id_), None)
        if found is None or not await self._store.remove_key(id_, _about(note, found)):
            raise NotGivenError
        _log.warning("a key was revoked", key=id_, revoked_by=administrator.name)
        await self._given.refresh()

    def _administers(self, administrator: Identity, right: Right) -> bool:
        whole = Right(Role.ADMINISTRATOR, right.namespaces)
        return any(each.includes(whole) for each in self._authority.rights(administrator))

    def _require(self, administrator: Identity, right: Right) -> None:
        if not self._administers(administrator, right):
            raise RoleMissingError(Role.ADMINISTRATOR, right.namespaces)


def _about(note: Note, given: Grant | MachineKey) -> Note:
    """Return the note of a right that is given or taken; it is of the right's namespace, where that is one."""
    namespaces = given.right.namespaces
    return replace(note, namespace=None if namespaces.endswith("*") else namespaces, right=given.recorded)


def _right(right: Right) -> dict[str, str]:
    return {"role": right.role.value, "namespaces": right.namespaces}
