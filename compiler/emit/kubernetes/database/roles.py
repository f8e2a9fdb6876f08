"""Roles of PostgreSQL that may log in: the API, whose password Vault changes, and Vault itself.

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
    # Since PostgreSQL 16 CREATEROLE alone changes nobody's password: it takes the role's ADMIN OPTION, which the
    # operator's own declaration of memberships cannot give. Vault neither inherits the API's rights nor becomes it.
    f"GRANT {DATABASE_ROLE} TO {DATABASE_MANAGER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
)
"""What a new server executes once, as its superuser; replicas and restored clusters have it from the data."""


def roles(site: Site) -> list[dict[str, Any]]:
    """Return the roles that the operator keeps as they are declared here."""
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
            # Left out, the membership that holds the ADMIN OPTION would be revoked.
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
