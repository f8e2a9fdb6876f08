"""The secrets engines: KV version 2 for secrets that people write, and the engine that rotates database passwords.

Sources: ``access_control.secrets``, ``storage.database``.
Upstream: https://openbao.org/api-docs/secret/kv/kv-v2/, https://openbao.org/api-docs/secret/databases/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.database.roles import KEEP_PASSWORD
from compiler.emit.names import (
    DATABASE_MANAGER,
    DATABASE_MIGRATOR,
    DATABASE_ROLE,
    POSTGRES_PORT,
    VAULT_DATABASE,
    VAULT_KV,
)
from compiler.emit.text import hours
from compiler.emit.vault.documents import Write, reference, write
from compiler.emit.vault.paths import vault_paths
from compiler.model.units import Duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

# Overwritten versions of a secret stay readable, for a return to an earlier one.
KEPT_VERSIONS = 10
MAINTENANCE_DATABASE = "postgres"  # every server has it, and it is empty
# A new password is in the Secret after a minute, and in the pods after one or two more.
OVERLAP = Duration(600)
"""How long the former password of the role that serves is still accepted, of the role beside it."""


OVERLAPPING = (
    f"SELECT {KEEP_PASSWORD}('{OVERLAP.seconds} seconds')",
    "ALTER ROLE \"{{username}}\" WITH PASSWORD '{{password}}'",
)
"""The statements of a rotation, in one transaction; Vault fills in the name of the role, and a verifier."""


def secrets_engine(_: Site) -> Iterator[Write]:
    """Yield the KV engine; a write has to name the version that it replaces (check-and-set)."""
    yield write(f"sys/mounts/{VAULT_KV}", type="kv", options={"version": "2"}, description="Secrets of CBP")
    yield write(f"{VAULT_KV}/config", cas_required=True, max_versions=KEPT_VERSIONS)


def database_engine(_: Site) -> Iterator[Write]:
    """Yield the database engine, which rotates the passwords of databases."""
    yield write(f"sys/mounts/{VAULT_DATABASE}", type="database", description="Credentials of databases")


def database_credentials(site: Site) -> Iterator[Write]:
    """Yield the database engine's connection, and the static roles that rotate passwords: of serving and of migrating.

    The database of a standby cluster is read-only: the cluster gets them when it serves.
    """
    yield _connection(site)
    rotation = site.spec.access_control.secrets.rotation
    for name, role in _static_roles(site).items() if rotation.enabled else ():
        period, connection = hours(rotation.schedule), vault_paths(site).connection
        data: dict[str, Any] = {"db_name": connection, "username": role, "rotation_period": period}
        if role == DATABASE_ROLE:
            data["rotation_statements"] = list(OVERLAPPING)
        yield write(f"{VAULT_DATABASE}/static-roles/{name}", **data)


def _static_roles(site: Site) -> dict[str, str]:
    """Return the database role of each static role."""
    paths = vault_paths(site)
    return {paths.static_role: DATABASE_ROLE, paths.migration_role: DATABASE_MIGRATOR}


def _connection(site: Site) -> Write:
    """Return the connection: Vault logs in by password, and verifies the database by its certificate authority.

    OpenBao ignores ``tls_ca``, and reads the authority from a file on the server; Vault stores it with the connection.
    """
    vault, root = site.cluster.vault, vault_paths(site).root
    # A role is the server's: Vault has no way into the database with the configuration.
    server = f"{vault.database}:{POSTGRES_PORT}/{MAINTENANCE_DATABASE}?sslmode=verify-full"
    trusted = {"tls_ca": reference(root, "certificate")} if vault.flavour == "vault" else {}
    file = f"&sslrootcert={vault_paths(site).authority_file}" if vault.flavour == "openbao" else ""
    return write(
        f"{VAULT_DATABASE}/config/{vault_paths(site).connection}",
        write_only=("password",),
        plugin_name="postgresql-database-plugin",
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{server}{file}",
        **trusted,
        username=DATABASE_MANAGER,
        allowed_roles=list(_static_roles(site)),
        # PostgreSQL gets a verifier and never a password, so that its log cannot contain one.
        password_authentication="scram-sha-256",  # noqa: S106 - a method
    )
