"""The servers of the data zone that prove who they are: the names that each answers to, and for how long.

Vault gives a certificate for these names and no other (:mod:`compiler.emit.vault.pki`); cert-manager asks for it,
and renews it (:mod:`compiler.emit.kubernetes.cluster.certificates`).

Sources: ``storage.database.type``, ``storage.cache.type``, ``load_balancing.database``; the cluster's
``vault.database``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.names import CACHE, CACHE_SERVER, DATABASE, DATABASE_SERVER, POOLER, READ_POOLER, host

if TYPE_CHECKING:
    from compiler.emit.site import Site


@dataclass(frozen=True, slots=True)
class Server:
    """Servers that share a certificate. Durations are in hours."""

    name: str
    """Of the certificate, of the Secret that holds it, of its issuer, and of the role by which Vault signs it."""
    names: tuple[str, ...]
    """The DNS names by which clients verify it."""
    is_client: bool
    """Whether it shows the certificate as a client, too."""
    lifetime_hours: int
    renewed_before_hours: int
    """How long before its end it is replaced."""


def servers(site: Site) -> tuple[Server, ...]:
    """Return PostgreSQL with its poolers, and Redis with its sentinels."""
    services = [f"{DATABASE}-rw", f"{DATABASE}-r", f"{DATABASE}-ro", POOLER]
    if site.spec.components.data_layer.scaling.strategy.read_replicas == "Enabled":
        services.append(READ_POOLER)
    database = (*(host(service, "data") for service in services), site.cluster.vault.database)
    return (
        # PostgreSQL and PgBouncer take a new certificate while they run.
        Server(DATABASE_SERVER, database, is_client=False, lifetime_hours=90 * 24, renewed_before_hours=30 * 24),
        # Redis reads it when it starts. Whatever node is patched within half a year gives its pods the new one in time.
        Server(
            CACHE_SERVER,
            (host(f"{CACHE}-master", "data"),),
            # Servers of Redis connect to each other, and show what they have.
            is_client=True,
            lifetime_hours=365 * 24,
            renewed_before_hours=183 * 24,
        ),
    )
