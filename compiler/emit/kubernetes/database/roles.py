"""Roles of PostgreSQL: the database's owner, those that serve and migrate it, and the one that changes passwords.

The owner cannot log in. The role that migrates is a member of it, inherits nothing, and becomes the owner for the time
of a migration; the role that serves owns nothing, so that it can change no table and no history.

A role has one password, and Vault voids the former one when it sets another. So a member of the role that serves is
given the former password for as long as the new one needs to reach every pod. The operator does not declare that
member: it would take the end of its password away.

Sources: ``access_control.secrets``, ``access_control.infrastructure.principle``.
Upstream: https://cloudnative-pg.io/documentation/current/declarative_role_management/,
https://www.postgresql.org/docs/18/role-membership.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.database.connection_budget import MIGRATION_CONNECTIONS, VAULT_CONNECTIONS, connections
from compiler.emit.names import (
    DATABASE_MANAGER,
    DATABASE_MANAGER_SECRET,
    DATABASE_MIGRATOR,
    DATABASE_NAME,
    DATABASE_OWNER,
    DATABASE_PREVIOUS,
    DATABASE_ROLE,
)

if TYPE_CHECKING:
    from compiler.emit.site import Site

KEEP_PASSWORD = "keep_previous_password"  # noqa: S105 - the name of a function

ROTATED = (DATABASE_ROLE, DATABASE_MIGRATOR)
"""The roles whose passwords Vault changes."""

MANAGED = tuple(f"GRANT {role} TO {DATABASE_MANAGER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE" for role in ROTATED)
"""Statements by which Vault's role may change passwords: as superuser, since nobody else may grant this.

Since PostgreSQL 16, CREATEROLE alone may not: it takes the ADMIN OPTION on the role, which the operator's declared
memberships cannot grant. Vault neither inherits the rights of a role nor can it become one.
"""

KEEPING = (
    f"CREATE ROLE {DATABASE_PREVIOUS} LOGIN IN ROLE {DATABASE_ROLE}",
    f"""CREATE FUNCTION {KEEP_PASSWORD}(overlap interval) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER ROLE {DATABASE_PREVIOUS} PASSWORD %L VALID UNTIL %L',
        (SELECT rolpassword FROM pg_authid WHERE rolname = '{DATABASE_ROLE}'), clock_timestamp() + overlap);
END
$$""",  # noqa: S608 - names of our own
    f"REVOKE EXECUTE ON FUNCTION {KEEP_PASSWORD} FROM PUBLIC",
    f"GRANT EXECUTE ON FUNCTION {KEEP_PASSWORD} TO {DATABASE_MANAGER}",
)
"""Statements for the role with the former password, and the function by which Vault gives it that one.

They are executed in the database that Vault connects to, as superuser: nobody else may read the verifier of a password,
which is all that PostgreSQL keeps of it.
"""

POST_INIT_SQL = (
    f"CREATE ROLE {DATABASE_ROLE} LOGIN",
    f"CREATE ROLE {DATABASE_MIGRATOR} LOGIN NOINHERIT IN ROLE {DATABASE_OWNER}",
    f"CREATE ROLE {DATABASE_MANAGER} LOGIN CREATEROLE",
    *MANAGED,
    *KEEPING,
)
"""Statements that a new server executes once, as superuser; replicas and restored clusters have the result."""

DIVIDING = (
    *MANAGED,
    f"REASSIGN OWNED BY {DATABASE_ROLE} TO {DATABASE_OWNER}",
    f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {DATABASE_ROLE}",
    f"ALTER ROLE {DATABASE_ROLE} IN DATABASE {DATABASE_NAME} RESET ALL",
)
"""Statements for a database that the API's role has owned, executed once, there, as superuser and in one transaction.

Pods of the release before go on by the rights that are granted; the migration takes away those that it does not grant.
"""


def roles(site: Site) -> list[dict[str, Any]]:
    """Return the roles that the operator maintains as declared here."""
    return [
        {
            "name": DATABASE_ROLE,
            "comment": "The Configuration API; Vault changes its password",
            # Without passwordSecret: the operator leaves the password to Vault.
            "login": True,
            "connectionLimit": connections(site).role,
        },
        {
            "name": DATABASE_MIGRATOR,
            "comment": "Migrations of the schema, which become its owner; Vault changes the password",
            "login": True,
            "inherit": False,
            "inRoles": [DATABASE_OWNER],
            "connectionLimit": MIGRATION_CONNECTIONS,
        },
        {
            "name": DATABASE_MANAGER,
            "comment": "Vault, which changes the passwords of the roles that log in",
            "login": True,
            "createrole": True,
            # Without them, the operator would revoke the memberships that hold the ADMIN OPTION.
            "inRoles": list(ROTATED),
            "connectionLimit": VAULT_CONNECTIONS,
            "passwordSecret": {"name": DATABASE_MANAGER_SECRET},
        },
        {
            "name": DATABASE_OWNER,
            "comment": "Owns the database and everything in it",
            "login": False,
        },
    ]
