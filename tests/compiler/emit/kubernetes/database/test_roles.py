"""What the roles may do, tried on a real server: their declaration is executed as the operator executes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from compiler.emit.kubernetes.database.roles import DIVIDING, KEEP_PASSWORD, POST_INIT_SQL, roles
from runtime.adapters.postgres_migrations import migrate
from runtime.environment import Address
from tests.compiler.project import site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Any

    from runtime.embedded.postgres import PostgresServer

SITE = site()
DECLARED = {role["name"]: role for role in roles(SITE)}
NAMES = (
    "configuration_bootstrap",
    "configuration_api",
    "configuration_migrator",
    "configuration_api_previous",
    "vault_manager",
)
OLD, NEW = "an-old-password", "a-new-password"


@pytest.fixture
async def administrator(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """The superuser of a server on which the roles and the database are as the operator makes them."""
    connection = await asyncpg.connect(postgres.admin_url)
    try:
        await connection.execute("CREATE ROLE configuration_bootstrap LOGIN")
        for statement in POST_INIT_SQL:
            await connection.execute(statement)
        await connection.execute("CREATE DATABASE operated OWNER configuration_bootstrap")
        for role in DECLARED.values():
            await connection.execute(altered(role))
        await connection.execute(f"ALTER ROLE vault_manager PASSWORD '{OLD}'")
        yield connection
    finally:
        await connection.execute("DROP DATABASE IF EXISTS operated WITH (FORCE)")
        await connection.execute(f"DROP FUNCTION IF EXISTS {KEEP_PASSWORD}")
        for name in reversed(NAMES):
            await connection.execute(f"DROP ROLE IF EXISTS {name}")
        await connection.close()


def altered(role: Mapping[str, Any]) -> str:
    """The statement by which the operator keeps a role as it is declared; what is left out is taken away."""
    switches = [("LOGIN", "login"), ("CREATEROLE", "createrole"), ("CREATEDB", "createdb"), ("SUPERUSER", "superuser")]
    words = [word if role.get(field) else f"NO{word}" for word, field in switches]
    words.append("INHERIT" if role.get("inherit", True) else "NOINHERIT")
    return f"ALTER ROLE {role['name']} {' '.join(words)} CONNECTION LIMIT {role.get('connectionLimit', -1)}"


def server(postgres: PostgresServer) -> str:
    return postgres.admin_url.rpartition("@")[2].partition("/")[0]


async def as_role(postgres: PostgresServer, role: str, password: str, database: str = "operated") -> asyncpg.Connection:
    return await asyncpg.connect(f"postgresql://{role}:{password}@{server(postgres)}/{database}")


async def as_vault(postgres: PostgresServer) -> asyncpg.Connection:
    return await as_role(postgres, "vault_manager", OLD, "postgres")


async def migrated(postgres: PostgresServer) -> None:
    """Let Vault set the password of the role that migrates, and migrate by it."""
    manager = await as_vault(postgres)
    await manager.execute(f"ALTER ROLE configuration_migrator WITH PASSWORD '{NEW}'")
    await manager.close()
    url = f"postgresql://configuration_migrator:{NEW}@{server(postgres)}/operated"
    await migrate(Address(url), SITE.settings.database, "configuration_api")


@pytest.mark.anyio
@pytest.mark.parametrize("role", ["configuration_api", "configuration_migrator"])
async def test_vault_changes_the_passwords_of_the_roles_that_log_in(
    administrator: asyncpg.Connection, postgres: PostgresServer, role: str
) -> None:
    manager = await as_vault(postgres)
    await manager.execute(f"ALTER ROLE {role} WITH PASSWORD '{NEW}'")
    await manager.close()
    connection = await as_role(postgres, role, NEW)
    assert await connection.fetchval("SELECT current_user") == role
    await connection.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE configuration WITH PASSWORD 'x'",
        "ALTER ROLE configuration_bootstrap LOGIN",
        "SET ROLE configuration_api",
        "ALTER ROLE vault_manager SUPERUSER",
        "SET ROLE configuration_migrator",
        "SET ROLE configuration_bootstrap",
        "GRANT pg_read_all_data TO vault_manager",
    ],
)
async def test_vault_can_do_nothing_else(
    administrator: asyncpg.Connection, postgres: PostgresServer, statement: str
) -> None:
    manager = await as_vault(postgres)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await manager.execute(statement)
    await manager.close()


@pytest.mark.anyio
async def test_vault_does_not_get_into_the_database_with_the_configuration(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    await migrated(postgres)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await as_role(postgres, "vault_manager", OLD)


@pytest.mark.anyio
async def test_the_memberships_are_those_that_the_operator_would_make_itself(
    administrator: asyncpg.Connection,
) -> None:
    """It compares names alone: with another list it would revoke the one membership that has the ADMIN OPTION."""
    for role in DECLARED.values():
        found = await administrator.fetch(
            "SELECT roleid::regrole::text AS name FROM pg_auth_members WHERE member = $1::text::regrole", role["name"]
        )
        assert [row["name"] for row in found] == role.get("inRoles", [])


@pytest.mark.anyio
async def test_the_owner_of_the_database_cannot_log_in(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    await administrator.execute(f"ALTER ROLE configuration_bootstrap PASSWORD '{NEW}'")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="not permitted to log in"):
        await as_role(postgres, "configuration_bootstrap", NEW)


@pytest.mark.anyio
async def test_the_api_serves_what_the_migrating_role_made_and_can_change_none_of_it(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    """And has the timeout of a statement, which no pooler passes on."""
    await migrated(postgres)
    await administrator.execute(f"ALTER ROLE configuration_api PASSWORD '{NEW}'")
    api = await as_role(postgres, "configuration_api", NEW)
    assert await api.fetchval("SHOW statement_timeout") == "30s"
    assert await api.fetchval("SELECT count(*) FROM entries") == 0
    for statement in ("ALTER TABLE events DISABLE TRIGGER ALL", "CREATE TABLE mine ()", "TRUNCATE events"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await api.execute(statement)
    await api.close()


@pytest.mark.anyio
async def test_a_database_that_the_api_owned_is_given_away_by_the_documented_statements(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    """The operator has declared the roles already; pods of the former release go on until the migration has run."""
    await administrator.execute("ALTER DATABASE operated OWNER TO configuration_api")
    await administrator.execute(f"ALTER ROLE configuration_api PASSWORD '{NEW}'")
    await administrator.execute("ALTER ROLE configuration_api IN DATABASE operated SET statement_timeout = '1s'")
    await administrator.execute("REVOKE configuration_migrator FROM vault_manager")
    await administrator.execute("GRANT configuration_migrator TO vault_manager")  # as the operator declares it
    await migrate(Address(f"postgresql://configuration_api:{NEW}@{server(postgres)}/operated"), SITE.settings.database)
    await administrator.execute("ALTER DATABASE operated OWNER TO configuration_bootstrap")  # as the Database says
    superuser = await asyncpg.connect(f"{postgres.admin_url.rpartition('/')[0]}/operated")
    for statement in DIVIDING:
        await superuser.execute(statement.replace("DATABASE configuration ", "DATABASE operated "))
    await superuser.close()
    former = await as_role(postgres, "configuration_api", NEW)
    await former.execute("UPDATE entries SET value = value")
    await former.close()
    await migrated(postgres)
    manager = await as_vault(postgres)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await manager.execute("SET ROLE configuration_migrator")
    await manager.close()
    owners = await administrator.fetch("SELECT DISTINCT pg_get_userbyid(datdba) AS name FROM pg_database")
    assert "configuration_api" not in {row["name"] for row in owners}
    api = await as_role(postgres, "configuration_api", NEW)
    assert await api.fetchval("SHOW statement_timeout") == "30s"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute("ALTER TABLE events DISABLE TRIGGER ALL")
    await api.close()


def test_the_operator_sets_the_password_of_vault_alone() -> None:
    assert {name for name, role in DECLARED.items() if "passwordSecret" in role} == {"vault_manager"}
    assert {name for name, role in DECLARED.items() if role.get("disablePassword")} == set()
