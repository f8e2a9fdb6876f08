"""Numbered SQL migrations, each applied once, all in one transaction under an advisory lock.

A released file never changes: its checksum is stored and compared. Unknown newer versions are accepted, because during
a rolling update the old release runs on the schema of the new one.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from runtime.adapters import postgres_connecting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import asyncpg

    from runtime.environment import Address
    from runtime.settings import Database

# The advisory lock's key, unique in the database: the ASCII codes of "cbp".
_LOCK = 0x636270
LOCK_SECONDS = 5
"""The longest wait for a lock: requests for a table queue behind a migration that waits for it."""

_CLOSED = (
    "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
    "GRANT CONNECT ON DATABASE {database} TO {migrator}, {role}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
)
_FILE = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")

_GRANTS = (
    "GRANT SELECT ON entries, events, histories, checkpoints, checkpoint_entries, schema_migrations TO %I",
    "GRANT EXECUTE ON FUNCTION commit_changes, apply_changes, make_changes, change_entries TO %I",
    "GRANT EXECUTE ON FUNCTION confirm_history, guard_namespace TO %I",
    "GRANT SELECT ON audit_notes, audit_origins, audit_records, audit_anchors, audit_checkpoints TO %I",
    "GRANT EXECUTE ON FUNCTION note_origins, note_audit, append_audit TO %I",
    "GRANT SELECT ON access_position, grants, machine_keys TO %I",
    "GRANT EXECUTE ON FUNCTION put_grant, remove_grant, put_machine_key, remove_machine_key TO %I",
    "GRANT SELECT ON proposals, proposal_edits, proposal_approvals TO %I",
    "GRANT EXECUTE ON FUNCTION propose, put_proposal, approve_proposal, close_proposal TO %I",
    "GRANT SELECT ON subscribers, deliveries, dead_letters, kept_deliveries TO %I",
    "GRANT EXECUTE ON FUNCTION fan_out, claim_deliveries, end_deliveries, end_delivery, give_back TO %I",
    "GRANT EXECUTE ON FUNCTION settle_dead_letters, pause_subscriber, resume_subscriber TO %I",
    "GRANT SELECT ON notifications TO %I",
    "GRANT EXECUTE ON FUNCTION take_notification TO %I",
)


class MigrationError(Exception):
    """The database fits neither these migrations nor these settings; the message says how to repair it."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered SQL file."""

    version: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the text, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Return every migration of this release, in order."""
    found = (
        Migration(int(match[1]), match[2], file.read_text(encoding="utf-8"))
        for file in files("runtime.adapters").joinpath("migrations").iterdir()
        if (match := _FILE.fullmatch(file.name))
    )
    return tuple(sorted(found, key=lambda migration: migration.version))


async def migrate(address: Address, settings: Database, serving_role: str | None = None) -> tuple[Migration, ...]:
    """Bring the database up to date and return the migrations that were applied.

    Everything belongs to the database's owner, which the session becomes. ``serving_role`` is granted what the API
    does; None where the owner itself serves.

    Raises :class:`MigrationError` when the database does not fit this release, and asyncpg's and the operating
    system's errors when the database cannot be reached.
    """
    async with session(address, settings) as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
        applied = await _apply_missing(connection, settings.partitions)
        await _check_partitions(connection, settings.partitions)
        await _set_statement_timeout(connection, settings.statement_timeout_seconds)
        if serving_role:
            await _close(connection, serving_role)
            await _grant(connection, serving_role)
    return applied


@asynccontextmanager
async def session(address: Address, settings: Database) -> AsyncIterator[asyncpg.Connection]:
    """Provide a session with the rights of the database's owner, which is closed at the end."""
    connection = await connect(address, settings)
    try:
        await become_owner(connection)
        yield connection
    finally:
        await connection.close()


async def connect(address: Address, settings: Database) -> asyncpg.Connection:
    """Open a session for migrations; a pooler in transaction mode refuses it.

    Raises asyncpg's and the operating system's errors when the database cannot be reached.
    """
    return await postgres_connecting.connect(
        address,
        timeout=settings.connect_timeout_seconds,
        # A migration may take longer than a request, so the role's timeout (set below) is off in this session.
        server_settings={
            "application_name": "cbp-migrations",
            "statement_timeout": "0",
            "lock_timeout": f"{LOCK_SECONDS}s",
        },
    )


async def _apply_missing(connection: asyncpg.Connection, partitions: int) -> tuple[Migration, ...]:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migrations (version integer PRIMARY KEY, name text NOT NULL,"
        " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
    )
    rows = await connection.fetch("SELECT version, checksum FROM schema_migrations")
    missing = missing_migrations({row["version"]: row["checksum"] for row in rows})
    await connection.execute("SELECT set_config('cbp.partitions', $1, true)", str(partitions))
    for migration in missing:
        await connection.execute(migration.sql)
        await connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            migration.version,
            migration.name,
            migration.checksum,
        )
    return missing


def missing_migrations(applied: Mapping[int, str]) -> tuple[Migration, ...]:
    """Return this release's migrations that are not among the checksums by number.

    Raises :class:`MigrationError` when one was applied with another text, or would be applied too late.
    """
    known = migrations()
    for migration in known:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"migration {migration.version:04} ({migration.name}) was applied with another text:"
                " restore the released file and put the difference into a new migration"
            )
    missing = tuple(migration for migration in known if migration.version not in applied)
    if missing and applied and missing[0].version < max(applied):
        raise MigrationError(
            f"migration {missing[0].version:04} ({missing[0].name}) is older than one that was already applied:"
            " give it a higher number"
        )
    return missing


async def _check_partitions(connection: asyncpg.Connection, wanted: int) -> None:
    actual = await connection.fetchval("SELECT count(*) FROM pg_inherits WHERE inhparent = 'entries'::regclass")
    require_partitions(actual, wanted)


def require_partitions(actual: int, wanted: int) -> None:
    """Raise :class:`MigrationError` unless the entries have as many hash partitions as the settings ask for."""
    if actual != wanted:
        raise MigrationError(
            f"the entries table has {actual} hash partitions and the settings ask for {wanted}: set"
            f" components.data_layer.scaling.strategy.sharding back to {actual}, or copy the entries into a table of"
            f" {wanted} partitions in a maintenance window and rename it"
        )


async def become_owner(connection: asyncpg.Connection) -> None:
    """Give a session the rights of its database's owner, and no others."""
    await connection.execute(
        await connection.fetchval(
            "SELECT format('SET ROLE %I', pg_get_userbyid(datdba)) FROM pg_database WHERE datname = current_database()"
        )
    )


async def _close(connection: asyncpg.Connection, role: str) -> None:
    """Revoke the rights of all but the two roles, and those that an earlier release granted the serving one.

    Pods of the release before run beside the new ones: a right is granted for one release longer than it is used.
    """
    if await connection.fetchval("SELECT pg_has_role($1::text, current_user, 'MEMBER')", role):
        raise MigrationError(
            f"the role {role} owns the database, or may become its owner: serve as a role that owns nothing"
        )
    names = await connection.fetchrow(
        "SELECT quote_ident(current_database()) AS database, quote_ident(session_user) AS migrator,"
        " quote_ident($1::text) AS role",
        role,
    )
    for statement in _CLOSED:
        await connection.execute(statement.format(**names))


async def _grant(connection: asyncpg.Connection, role: str) -> None:
    """Grant the serving role its rights: to read, and to call the functions that record every change."""
    for statement in _GRANTS:
        await connection.execute(await connection.fetchval("SELECT format($1::text, $2::text)", statement, role))


async def _set_statement_timeout(connection: asyncpg.Connection, seconds: int) -> None:
    # PgBouncer in transaction mode refuses statement_timeout as a start-up parameter, and a role may set defaults for
    # itself alone: so it is the database's, which its owner sets. It is written only when it differs.
    current = await connection.fetchval(
        "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase ="
        " (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    if f"statement_timeout={seconds}s" not in (current or ()):
        statement = await connection.fetchval(
            "SELECT format('ALTER DATABASE %I SET statement_timeout = %L', current_database(), $1::text)", f"{seconds}s"
        )
        await connection.execute(statement)
