"""Grants and keys of machines in PostgreSQL; each change is one call of a function of migration 0007."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runtime.adapters.postgres_audit import record
from runtime.domain.grants import Given, Grant, MachineKey
from runtime.domain.identity import Right, Role

if TYPE_CHECKING:
    import asyncpg

    from runtime.adapters.postgres import PostgresEntries
    from runtime.domain.audit import Note

_POSITION = "SELECT number FROM access_position"
# The position is read first: what is read after it is as recent at least, and is read again where it is more recent.
_GRANTS = "SELECT * FROM grants ORDER BY name"
_KEYS = "SELECT * FROM machine_keys ORDER BY id"
_PUT_GRANT = "SELECT put_grant($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_REMOVE_GRANT = "SELECT remove_grant($1, $2)"
_PUT_KEY = "SELECT put_machine_key($1, $2, $3, $4, $5, $6, $7)"
_REMOVE_KEY = "SELECT remove_machine_key($1)"


class PostgresAccess:
    """A :class:`runtime.ports.access.AccessStore` on the connections of the entries."""

    def __init__(self, entries: PostgresEntries) -> None:
        self._entries = entries

    async def read(self, known: int | None) -> Given | None:
        """See :class:`runtime.ports.access.AccessStore`."""
        async with self._entries.reading() as connection:
            position = await connection.fetchval(_POSITION)
            if position == known:
                return None
            grants, keys = await connection.fetch(_GRANTS), await connection.fetch(_KEYS)
        return Given(position, tuple(map(_grant, grants)), tuple(map(_key, keys)))

    async def put_grant(self, grant: Grant, note: Note) -> bool | None:
        """See :class:`runtime.ports.access.AccessStore`."""
        right = grant.right
        made = await self._call(
            note,
            None,
            _PUT_GRANT,
            grant.name,
            grant.issuer,
            grant.subject,
            grant.group,
            right.role.value,
            right.namespaces,
            grant.emergency,
            grant.reason,
            grant.expires_at,
            grant.given_by,
        )
        return None if made is None else bool(made)

    async def remove_grant(self, grant: Grant, note: Note) -> bool:
        """See :class:`runtime.ports.access.AccessStore`."""
        return bool(await self._call(note, False, _REMOVE_GRANT, grant.name, grant.right.namespaces))

    async def put_key(self, key: MachineKey, note: Note) -> None:
        """See :class:`runtime.ports.access.AccessStore`."""
        right = key.right
        await self._call(
            note,
            False,
            _PUT_KEY,
            key.id,
            key.digest,
            key.description,
            right.role.value,
            right.namespaces,
            key.expires_at,
            key.given_by,
        )

    async def remove_key(self, id_: str, note: Note) -> bool:
        """See :class:`runtime.ports.access.AccessStore`."""
        return bool(await self._call(note, False, _REMOVE_KEY, id_))

    async def _call(self, note: Note, nothing: bool | None, statement: str, *arguments: object) -> object:
        """Return what a function returns, and record the note unless that is ``nothing``: then it changed nothing."""
        async with self._entries.changing() as connection, connection.transaction():
            found = await connection.fetchval(statement, *arguments)
            if found is not nothing:
                await record(connection, [(note, 0.0)])
        return found


def _grant(row: asyncpg.Record) -> Grant:
    return Grant(
        row["name"],
        row["issuer"],
        row["subject"],
        row["team"],
        Right(Role(row["role"]), row["namespaces"]),
        row["reason"],
        row["given_by"],
        row["expires_at"],
        row["emergency"],
    )


def _key(row: asyncpg.Record) -> MachineKey:
    right = Right(Role(row["role"]), row["namespaces"])
    return MachineKey(row["id"], row["digest"], row["description"], right, row["given_by"], row["expires_at"])
