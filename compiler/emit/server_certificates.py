"""Certificates of the servers in the data zone: the names that each answers to, and how long it lasts.

Vault gives a certificate for these names and no other (:mod:`compiler.emit.vault.pki`); cert-manager asks for it,
and renews it (:mod:`compiler.emit.kubernetes.cluster.certificates`).

Sources: ``storage.database.type``, ``storage.cache.type``, ``load_balancing.database``; the cluster's
``vault.database``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.names import CACHE, CACHE_SERVER, DATABASE, DATABASE_SERVER, POOLER, READ_POOLER, host
from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site

DAY = Duration(86400)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate of servers that answer to the same names."""

    name: str
    """Of the certificate, of the Secret that holds it, of its issuer, and of the role by which Vault signs it."""
    names: tuple[str, ...]
    """The DNS names by which clients verify it."""
    is_client: bool
    """Whether it shows the certificate as a client, too."""
    lifetime: Duration
    renew_before: Duration
    """The time before its end at which it is replaced."""


def server_certificates(site: Site) -> tuple[ServerCertificate, ...]:
    """Return PostgreSQL with its poolers, and Redis with its sentinels."""
    services = [f"{DATABASE}-rw", f"{DATABASE}-r", f"{DATABASE}-ro", POOLER]
    if site.reads_replicas:
        services.append(READ_POOLER)
    database = (*(host(service, "data") for service in services), site.cluster.vault.database)
    return (
        # PostgreSQL and PgBouncer take a new certificate while they run.
        ServerCertificate(DATABASE_SERVER, database, is_client=False, lifetime=DAY * 90, renew_before=DAY * 30),
        # Redis reads it when it starts. Whatever node is patched within half a year gives its pods the new one in time.
        ServerCertificate(
            CACHE_SERVER,
            (host(f"{CACHE}-master", "data"),),
            # Servers of Redis connect to each other, and show what they have.
            is_client=True,
            lifetime=DAY * 365,
            renew_before=DAY * 183,
        ),
    )
