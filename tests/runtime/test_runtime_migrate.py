"""``python -m runtime.migrate``: what it makes belongs to the owner, what serves owns nothing, and how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from runtime.embedded.cluster import API, MIGRATOR, OWNER
from tests.conftest import empty_database, in_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runtime.embedded.postgres import PostgresServer

AWAY = "postgresql://migrator:hidden@127.0.0.1:1/x"


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """The name of an empty database of the owner that cannot log in."""
    with empty_database(postgres, OWNER) as name:
        yield name


@pytest.fixture
def migration_url(postgres: PostgresServer, database: str) -> str:
    return in_database(postgres.migration_url, database)


def migrated(directory: Path, document: dict[str, Any], url: str, role: str = API) -> subprocess.CompletedProcess[str]:
    """Run the migration to its end, as a Job does."""
    settings = directory / "settings.json"
    settings.write_text(json.dumps(document), encoding="utf-8")
    command = [sys.executable, "-m", "runtime.migrate", "--settings", str(settings)]
    variables = {"CBP_DATABASE_MIGRATION_URL": url, "CBP_DATABASE_SERVING_ROLE": role}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CBP_")} | variables
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.anyio
async def test_everything_belongs_to_the_owner_however_often_it_runs(
    tmp_path: Path, document: dict[str, Any], migration_url: str
) -> None:
    for _ in range(2):
        ended = migrated(tmp_path, document, migration_url)
        assert (ended.returncode, ended.stderr) == (0, "")
    connection = await asyncpg.connect(migration_url)
    owners = await connection.fetch(
        "SELECT DISTINCT pg_get_userbyid(relowner) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION SELECT pg_get_userbyid(proowner) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
    )
    await connection.close()
    assert [row["name"] for row in owners] == [OWNER]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "DROP TABLE events",
        "CREATE TABLE mine ()",
        "SET ROLE owner",
        "SET session_replication_role = replica",
    ],
)
async def test_the_role_that_serves_can_change_no_history_and_no_schema(migrated_url: str, statement: str) -> None:
    connection = await asyncpg.connect(migrated_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)
    await connection.close()


@pytest.mark.anyio
async def test_nobody_else_gets_into_the_database(
    tmp_path: Path, document: dict[str, Any], postgres: PostgresServer, database: str, migration_url: str
) -> None:
    assert migrated(tmp_path, document, migration_url).returncode == 0
    connection = await asyncpg.connect(postgres.admin_url)
    found = await connection.fetch(
        "SELECT grantee::regrole::text AS name FROM pg_database, aclexplode(datacl) WHERE datname = $1"
        " AND privilege_type = 'CONNECT'",
        database,
    )
    await connection.close()
    assert {row["name"] for row in found} == {OWNER, MIGRATOR, API}


@pytest.mark.anyio
async def test_a_table_that_is_locked_is_waited_for_a_moment_only(
    tmp_path: Path, document: dict[str, Any], migration_url: str
) -> None:
    """Whoever asks for the table later waits behind the migration: it gives up, and the Job tries again."""
    assert migrated(tmp_path, document, migration_url).returncode == 0
    connection = await asyncpg.connect(migration_url)
    async with connection.transaction():
        await connection.execute("SET LOCAL ROLE owner; LOCK TABLE schema_migrations")
        ended = await asyncio.to_thread(migrated, tmp_path, document, migration_url)
    await connection.close()
    assert ended.returncode == 1
    assert "lock timeout" in ended.stderr


def test_missing_variables_end_it_with_status_2_and_every_name(tmp_path: Path, document: dict[str, Any]) -> None:
    ended = migrated(tmp_path, document, "", "")
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        "error: the environment variables cannot be used:",
        "  CBP_DATABASE_MIGRATION_URL is not set: it holds the address of a server, postgresql://host:port/...",
        "  CBP_DATABASE_SERVING_ROLE is not set: it is the name of the database's role that serves",
    ]


def test_an_address_that_the_client_refuses_ends_it_with_status_2(tmp_path: Path, document: dict[str, Any]) -> None:
    ended = migrated(tmp_path, document, f"{AWAY}?sslmode=perhaps")
    assert ended.returncode == 2
    assert "sslmode" in ended.stderr
    assert "hidden" not in ended.stderr + ended.stdout


def test_a_database_of_another_shape_ends_it_with_status_2(
    tmp_path: Path, document: dict[str, Any], migration_url: str
) -> None:
    assert migrated(tmp_path, document, migration_url).returncode == 0
    document["database"]["partitions"] = 4
    ended = migrated(tmp_path, document, migration_url)
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: the entries table has 3 hash partitions and the settings ask for 4")


@pytest.mark.parametrize("role", [OWNER, MIGRATOR])
def test_a_serving_role_with_the_rights_of_the_owner_is_refused(
    tmp_path: Path, document: dict[str, Any], migration_url: str, role: str
) -> None:
    ended = migrated(tmp_path, document, migration_url, role)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: the role {role} owns the database, or may become its owner")


def test_a_database_that_is_away_ends_it_with_status_1_and_without_its_password(
    tmp_path: Path, document: dict[str, Any]
) -> None:
    ended = migrated(tmp_path, document, AWAY)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: the database cannot be migrated: ")
    assert "hidden" not in ended.stderr + ended.stdout
