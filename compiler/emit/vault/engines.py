"""The secrets engines: secrets that people keep (KV version 2), and the database role whose password Vault changes.

Sources: ``access_control.secrets``, ``storage.database``.
Upstream: https://openbao.org/api-docs/secret/kv/kv-v2/, https://openbao.org/api-docs/secret/databases/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from compiler.emit.names import DATABASE_MANAGER, DATABASE_NAME, DATABASE_ROLE, POSTGRES_PORT, VAULT_DATABASE, VAULT_KV
from compiler.emit.text import hours
from compiler.emit.vault.documents import Write, reference, write
from compiler.emit.vault.paths import vault_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

# An overwritten secret can be looked up for as long as anybody may still have to go back to it.
KEPT_VERSIONS = 10


def secrets_engine(_: Site) -> Iterator[Write]:
    """Yield the engine that keeps secrets; whoever changes one has to say which version is replaced."""
    yield write(f"sys/mounts/{VAULT_KV}", type="kv", options={"version": "2"}, description="Secrets of CBP")
    yield write(f"{VAULT_KV}/config", cas_required=True, max_versions=KEPT_VERSIONS)


def database_engine(_: Site) -> Iterator[Write]:
    """Yield the engine that changes the passwords of databases."""
    yield write(f"sys/mounts/{VAULT_DATABASE}", type="database", description="Credentials of databases")


def database_credentials(site: Site) -> Iterator[Write]:
    """Yield the engine's connection to the database, and the role whose password it changes.

    A cluster that stands by has a database that cannot be written to: it gets them when it serves.
    """
    yield _connection(site)
    rotation = site.spec.access_control.secrets.rotation
    if rotation.enabled:
        yield write(
            f"{VAULT_DATABASE}/static-roles/{vault_paths(site).static_role}",
            db_name=vault_paths(site).connection,
            username=DATABASE_ROLE,
            rotation_period=hours(rotation.schedule),
        )


def _connection(site: Site) -> Write:
    """Vault proves itself by the managing role's password, and the database by a certificate of its authority.

    OpenBao ignores ``tls_ca``, and takes the authority from a file on the server; Vault keeps it with the connection.
    """
    vault, root = site.cluster.vault, vault_paths(site).root
    server = f"{vault.database}:{POSTGRES_PORT}/{DATABASE_NAME}?sslmode=verify-full"
    trusted = {"tls_ca": reference(root, "certificate")} if vault.flavour == "vault" else {}
    file = f"&sslrootcert={vault_paths(site).authority_file}" if vault.flavour == "openbao" else ""
    return write(
        f"{VAULT_DATABASE}/config/{vault_paths(site).connection}",
        write_only=("password",),
        plugin_name="postgresql-database-plugin",
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{server}{file}",
        **trusted,
        username=DATABASE_MANAGER,
        allowed_roles=[vault_paths(site).static_role],
        # The server is sent a verifier and never a password, so that none can be in its log.
        password_authentication="scram-sha-256",  # noqa: S106 - a method
    )
