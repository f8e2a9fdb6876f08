"""Roles of PostgreSQL: the API's role, the role by which Vault changes its password, and the first owner.

Sources: ``access_control.secrets``, ``access_control.infrastructure.principle``.
Upstream: https://cloudnative-pg.io/documentation/current/declarative_role_management/,
https://www.postgresql.org/docs/18/role-membership.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.database.connection_budget import VAULT_CONNECTIONS, connections
from compiler.emit.names import DATABASE_FIRST_OWNER, DATABASE_MANAGER, DATABASE_MANAGER_SECRET, DATABASE_ROLE

if TYPE_CHECKING:
    from compiler.emit.site import Site

POST_INIT_SQL = (
    f"CREATE ROLE {DATABASE_ROLE} LOGIN",
    f"CREATE ROLE {DATABASE_MANAGER} LOGIN CREATEROLE",
    # Since PostgreSQL 16, CREATEROLE alone may not change passwords: it takes the ADMIN OPTION on the role, which the
    # operator's declared memberships cannot grant. Vault neither inherits the API's rights nor can it assume its role.
    f"GRANT {DATABASE_ROLE} TO {DATABASE_MANAGER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
)
"""Statements that a new server executes once, as superuser; replicas and restored clusters have the result."""


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
            "name": DATABASE_MANAGER,
            "comment": "Vault, which changes the password of the Configuration API",
            "login": True,
            "createrole": True,
            # Without it, the operator would revoke the membership that holds the ADMIN OPTION.
            "inRoles": [DATABASE_ROLE],
            "connectionLimit": VAULT_CONNECTIONS,
            "passwordSecret": {"name": DATABASE_MANAGER_SECRET},
        },
        {
            "name": DATABASE_FIRST_OWNER,
            "comment": "Owned the database until its Database object gave it to the Configuration API",
            "login": False,
        },
    ]
