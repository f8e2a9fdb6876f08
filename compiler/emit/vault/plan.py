"""The plan: ordered documents ``{path, data, writeOnly}``, each one write to Vault's HTTP API.

``writeOnly`` names what is written and never read back: its values are given when the plan is applied, and are in no
file. Sources: ``access_control.secrets``, ``storage.database``.
Upstream: https://openbao.org/api-docs/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment as Templates
from jinja2 import PackageLoader, StrictUndefined

from compiler.emit.artifact import Artifact
from compiler.emit.names import (
    API,
    DATABASE,
    DATABASE_NAME,
    DATABASE_ROLE,
    POSTGRES_PORT,
    VAULT_DATABASE,
    VAULT_KUBERNETES,
    VAULT_KV,
    host,
    namespace,
)
from compiler.emit.serialise import to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.site import Site

AUDIENCE = "vault"
TOKEN_TTL = "1h"  # noqa: S105 - a duration
_TEMPLATES = Templates(
    loader=PackageLoader("compiler.emit.vault", "."),
    undefined=StrictUndefined,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - HCL, not HTML; every value is a name of our own
)


def plan(site: Site) -> Artifact:
    """Return ``vault/plan.yaml``."""
    header = f"Compiled from spec/ and environments/{site.environment.name}/. Edit those; cbp compile writes this file."
    document = {"flavour": site.cluster.vault.flavour, "documents": list(_documents(site))}
    return Artifact(f"{site.folder}/vault/plan.yaml", to_yaml(document, header), document)


def _documents(site: Site) -> Iterator[dict[str, Any]]:
    yield _write(f"sys/mounts/{VAULT_KV}", type="kv", options={"version": "2"}, description="Secrets of the API")
    yield _write(f"sys/mounts/{VAULT_DATABASE}", type="database", description="Credentials of the database")
    yield _write(f"sys/auth/{VAULT_KUBERNETES}", type="kubernetes", description="Workloads of this cluster")
    yield _write(f"sys/policies/acl/{API}", policy=policy(site))
    yield _write(
        f"auth/{VAULT_KUBERNETES}/role/{API}",
        bound_service_account_names=[API],
        bound_service_account_namespaces=[namespace("application")],
        audience=AUDIENCE,
        token_policies=[API],
        token_ttl=TOKEN_TTL,
        token_max_ttl=TOKEN_TTL,
    )
    yield _connection()
    if site.spec.access_control.secrets.rotation.enabled:
        yield _write(
            f"{VAULT_DATABASE}/static-roles/{API}",
            db_name=DATABASE,
            username=DATABASE_ROLE,
            rotation_period=site.spec.access_control.secrets.rotation.schedule.in_hours(),
        )


def _connection() -> dict[str, Any]:
    """The connection by which Vault itself changes the role's password; its own credential is given on application."""
    server = f"{host(f'{DATABASE}-rw', 'data')}:{POSTGRES_PORT}"
    return _write(
        f"{VAULT_DATABASE}/config/{DATABASE}",
        write_only=("username", "password"),
        plugin_name="postgresql-database-plugin",
        connection_url=f"postgresql://{{{{username}}}}:{{{{password}}}}@{server}/{DATABASE_NAME}?sslmode=require",
        allowed_roles=[API],
        password_authentication="scram-sha-256",  # noqa: S106 - a method
    )


def policy(site: Site) -> str:
    """Return the API's policy in HCL."""
    return _TEMPLATES.get_template("policy.hcl.j2").render(
        environment=site.environment.name, name=API, kv=VAULT_KV, database=VAULT_DATABASE, role=API
    )


def _write(path: str, /, *, write_only: tuple[str, ...] = (), **data: Any) -> dict[str, Any]:
    return {"path": path, "data": data, "writeOnly": list(write_only)}
