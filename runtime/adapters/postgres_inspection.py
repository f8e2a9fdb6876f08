"""Facts about a database, as the role that serves finds them, and without any change."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from runtime.adapters import postgres_connecting
from runtime.adapters.postgres_migrations import connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import asyncpg

    from runtime.environment import Address
    from runtime.settings import Database

# A pooler makes up the process of a session that it gives to its client.
_IDENTITY = """
SELECT (SELECT system_identifier FROM pg_control_system()) AS system, current_database() AS name,
    pg_backend_pid() AS process
"""

_LACKING = """
SELECT 'EXECUTE on ' || wanted AS missing FROM unnest($1::text[]) AS wanted WHERE NOT EXISTS (
    SELECT FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname = wanted
        AND has_function_privilege(oid, 'EXECUTE'))
UNION ALL SELECT 'SELECT on ' || wanted FROM unnest($2::text[]) AS wanted WHERE NOT EXISTS (
    SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = wanted
        AND has_table_privilege(oid, 'SELECT'))
"""
_EXCESSIVE = """
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
    AND (pg_has_role(relowner, 'MEMBER') OR has_table_privilege(oid, 'INSERT, UPDATE, DELETE, TRUNCATE'))
ORDER BY relname
"""
FUNCTIONS = (
    "confirm_history",
    "guard_namespace",
    "commit_changes",
    "note_audit",
    "append_audit",
    "put_grant",
    "remove_grant",
    "put_machine_key",
    "remove_machine_key",
    "fan_out",
    "claim_deliveries",
    "end_deliveries",
    "give_back",
    "settle_dead_letters",
    "pause_subscriber",
    "resume_subscriber",
    "take_notification",
)
TABLES = (
    "entries",
    "events",
    "histories",
    "checkpoints",
    "checkpoint_entries",
    "schema_migrations",
    "audit_notes",
    "audit_origins",
    "audit_records",
    "audit_anchors",
    "audit_checkpoints",
    "access_position",
    "grants",
    "machine_keys",
    "proposals",
    "proposal_edits",
    "proposal_approvals",
    "subscribers",
    "deliveries",
    "dead_letters",
    "kept_deliveries",
    "notifications",
)


@dataclass(frozen=True, slots=True)
class Identity:
    """A database of a cluster, which replicas of the cluster share; ``pooled`` is whether a pooler answers for it."""

    system: int
    name: str
    pooled: bool


@dataclass(frozen=True, slots=True)
class Inspected:
    """The identity of a database, its migrations' checksums by number, and the role's missing or excessive rights.

    ``partitions`` is the number of hash partitions of the entries. A database without migrations has nothing else.
    """

    identity: Identity
    migrations: Mapping[int, str]
    partitions: int = 0
    lacking: tuple[str, ...] = ()
    excessive: tuple[str, ...] = ()


async def identify(address: Address, settings: Database) -> Identity:
    """Inspect the database at a direct address, where session features work that a pooler refuses."""
    connection = await connect(address, settings)
    try:
        return await _identity(connection)
    finally:
        connection.terminate()


async def inspect(address: Address, settings: Database) -> Inspected:
    """Inspect the database by the serving role, at the address of requests, which may lead through a pooler."""
    async with _session(address, settings) as connection:
        identity = await _identity(connection)
        if await connection.fetchval("SELECT to_regclass('public.schema_migrations')") is None:
            return Inspected(identity, {})
        lacking = tuple(row["missing"] for row in await connection.fetch(_LACKING, FUNCTIONS, TABLES))
        if "SELECT on schema_migrations" in lacking:
            return Inspected(identity, {}, lacking=lacking)
        rows = await connection.fetch("SELECT version, checksum FROM schema_migrations")
        return Inspected(
            identity,
            {row["version"]: row["checksum"] for row in rows},
            await connection.fetchval(
                "SELECT count(*) FROM pg_inherits WHERE inhparent = to_regclass('public.entries')"
            ),
            lacking,
            tuple(row["relname"] for row in await connection.fetch(_EXCESSIVE)),
        )


async def identify_pooled(address: Address, settings: Database) -> Identity:
    """Return the database at an address that may lead through a pooler."""
    async with _session(address, settings) as connection:
        return await _identity(connection)


@asynccontextmanager
async def _session(address: Address, settings: Database) -> AsyncIterator[asyncpg.Connection]:
    """Connect as the pools of a worker do."""
    connection = await postgres_connecting.connect(
        address,
        timeout=settings.connect_timeout_seconds,
        command_timeout=settings.statement_timeout_seconds,
        server_settings={"application_name": "cbp-check"},
    )
    try:
        yield connection
    finally:
        connection.terminate()


async def _identity(connection: asyncpg.Connection) -> Identity:
    row = await connection.fetchrow(_IDENTITY)
    return Identity(row["system"], row["name"], row["process"] != connection.get_server_pid())
