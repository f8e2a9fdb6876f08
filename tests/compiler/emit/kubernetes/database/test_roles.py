"""What the roles may do, tried on a real server: their declaration is executed as the operator executes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg
import pytest

from compiler.emit.kubernetes.database.roles import POST_INIT_SQL, roles
from runtime.adapters.postgres_migrations import migrate
from runtime.environment import Address
from tests.compiler.project import site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from typing import Any

    from runtime.embedded.postgres import PostgresServer

SITE = site()
DECLARED = {role["name"]: role for role in roles(SITE)}
NAMES = ("configuration_api", "vault_manager", "configuration_bootstrap")
OLD, NEW = "an-old-password", "a-new-password"


@pytest.fixture
async def administrator(postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """The superuser of a server on which the roles and the database are as the operator makes them."""
    connection = await asyncpg.connect(postgres.admin_url)
    try:
        await connection.execute("CREATE ROLE configuration_bootstrap LOGIN")
        await connection.execute("CREATE DATABASE operated OWNER configuration_bootstrap")
        for statement in POST_INIT_SQL:
            await connection.execute(statement)
        for role in DECLARED.values():
            await connection.execute(altered(role))
        await connection.execute(f"ALTER ROLE vault_manager PASSWORD '{OLD}'")
        await connection.execute("ALTER DATABASE operated OWNER TO configuration_api")
        yield connection
    finally:
        await connection.execute("DROP DATABASE IF EXISTS operated WITH (FORCE)")
        for name in reversed(NAMES):
            await connection.execute(f"DROP ROLE IF EXISTS {name}")
        await connection.close()


def altered(role: Mapping[str, Any]) -> str:
    """The statement by which the operator keeps a role as it is declared; what is left out is taken away."""
    switches = [("LOGIN", "login"), ("CREATEROLE", "createrole"), ("CREATEDB", "createdb"), ("SUPERUSER", "superuser")]
    words = [word if role.get(field) else f"NO{word}" for word, field in switches]
    return f"ALTER ROLE {role['name']} {' '.join(words)} CONNECTION LIMIT {role.get('connectionLimit', -1)}"


def server(postgres: PostgresServer) -> str:
    return postgres.admin_url.rpartition("@")[2].partition("/")[0]


async def as_role(postgres: PostgresServer, role: str, password: str) -> asyncpg.Connection:
    return await asyncpg.connect(f"postgresql://{role}:{password}@{server(postgres)}/operated")


@pytest.mark.anyio
async def test_vault_changes_the_password_of_the_api(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    manager = await as_role(postgres, "vault_manager", OLD)
    await manager.execute(f"ALTER ROLE configuration_api WITH PASSWORD '{NEW}'")
    await manager.close()
    api = await as_role(postgres, "configuration_api", NEW)
    assert await api.fetchval("SELECT current_user") == "configuration_api"
    await api.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER ROLE configuration WITH PASSWORD 'x'",
        "ALTER ROLE configuration_bootstrap LOGIN",
        "SET ROLE configuration_api",
        "ALTER ROLE vault_manager SUPERUSER",
        "GRANT pg_read_all_data TO vault_manager",
        "SELECT * FROM entries",
    ],
)
async def test_vault_can_do_nothing_else(
    administrator: asyncpg.Connection, postgres: PostgresServer, statement: str
) -> None:
    await administrator.execute(f"ALTER ROLE configuration_api PASSWORD '{NEW}'")
    api = await as_role(postgres, "configuration_api", NEW)
    await api.execute("CREATE TABLE entries (value text)")
    await api.close()
    manager = await as_role(postgres, "vault_manager", OLD)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await manager.execute(statement)
    await manager.close()


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
async def test_the_first_owner_of_the_database_cannot_log_in(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    await administrator.execute(f"ALTER ROLE configuration_bootstrap PASSWORD '{NEW}'")
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError, match="not permitted to log in"):
        await as_role(postgres, "configuration_bootstrap", NEW)


@pytest.mark.anyio
async def test_the_api_migrates_the_database_that_was_given_to_it(
    administrator: asyncpg.Connection, postgres: PostgresServer
) -> None:
    """And gives itself the timeout of a statement, which no pooler passes on."""
    await administrator.execute(f"ALTER ROLE configuration_api PASSWORD '{NEW}'")
    url = f"postgresql://configuration_api:{NEW}@{server(postgres)}/operated"
    await migrate(Address(url), SITE.settings.database)
    api = await asyncpg.connect(url)
    assert await api.fetchval("SHOW statement_timeout") == "30s"
    assert await api.fetchval("SELECT count(*) FROM entries") == 0
    await api.close()


def test_the_operator_sets_the_password_of_vault_alone() -> None:
    assert {name for name, role in DECLARED.items() if "passwordSecret" in role} == {"vault_manager"}
    assert {name for name, role in DECLARED.items() if role.get("disablePassword")} == set()
