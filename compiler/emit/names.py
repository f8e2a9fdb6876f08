"""The names that documents refer to each other by. Each is said once, here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compiler.model.network import Zone

API = "configuration-api"
DATABASE = "configuration-db"
POOLER = f"{DATABASE}-pooler-rw"
DATABASE_NAME = "configuration"
DATABASE_ROLE = "configuration_api"
CACHE = "configuration-cache"

VAULT_KV = "cbp"
VAULT_DATABASE = "database"
VAULT_KUBERNETES = "kubernetes"

POSTGRES_PORT = 5432
REDIS_PORT = 6379
VAULT_PORT = 8200
HTTPS_PORT = 443
DNS_PORT = 53


def namespace(zone: Zone) -> str:
    """Return the namespace of a zone of the network."""
    return f"cbp-{zone}"


def host(service: str, zone: Zone) -> str:
    """Return the name by which a cluster's DNS knows a Service."""
    return f"{service}.{namespace(zone)}.svc"
