"""Certificates of the servers, those of the data zone and the API's pods: their DNS names and lifetimes.

Vault signs certificates for these names only (:mod:`compiler.emit.vault.pki`); cert-manager requests and renews them
(:mod:`compiler.emit.kubernetes.cluster.certificates`).

Sources: ``storage.database.type``, ``storage.cache.type``, ``load_balancing.database``, ``containers.sidecar.proxy``;
the cluster's ``vault.database``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.cache.pods import NODES, SENTINELS
from compiler.emit.names import (
    API,
    API_SERVER,
    CACHE,
    CACHE_SERVER,
    DATABASE,
    DATABASE_SERVER,
    POOLER,
    READ_POOLER,
    SENTINEL,
    host,
    pod_names,
)
from compiler.model.units import Duration

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.model.network import Zone

DAY = Duration(86400)


@dataclass(frozen=True, slots=True)
class ServerCertificate:
    """A certificate that servers with the same names share."""

    name: str
    """The name of the Certificate, of its Secret, of its Issuer, and of the role by which Vault signs it."""
    zone: Zone
    names: tuple[str, ...]
    """The DNS names by which clients verify it."""
    is_client: bool
    """Whether the servers present it as clients, too."""
    lifetime: Duration
    renew_before: Duration
    """The time before its expiry at which it is renewed."""


def server_certificates(site: Site) -> tuple[ServerCertificate, ...]:
    """Return the certificates of PostgreSQL and its poolers, of Redis and its sentinels, and of the API's pods."""
    services = [f"{DATABASE}-rw", f"{DATABASE}-r", f"{DATABASE}-ro", POOLER]
    if site.reads_replicas:
        services.append(READ_POOLER)
    database = (*(host(service, "data") for service in services), site.cluster.vault.database)
    # The operator appends the role to the name of sentinels only.
    sentinel = f"{SENTINEL}-sentinel"
    sentinels = (host(sentinel, "data"), *pod_names(sentinel, SENTINELS))
    return (
        # PostgreSQL and PgBouncer load a new certificate while they run.
        ServerCertificate(DATABASE_SERVER, "data", database, is_client=False, lifetime=DAY * 90, renew_before=DAY * 30),
        # Redis loads it at its start. A node that is patched at least every half year restarts its pods in time.
        ServerCertificate(
            CACHE_SERVER,
            "data",
            # A client verifies the first name at any of them: a sentinel names servers by their addresses.
            (host(f"{CACHE}-master", "data"), *pod_names(CACHE, NODES), *sentinels),
            # Redis servers connect to each other, and present it as clients.
            is_client=True,
            lifetime=DAY * 365,
            renew_before=DAY * 183,
        ),
        # The proxy in each pod loads a new certificate while it runs.
        ServerCertificate(
            API_SERVER,
            "application",
            (host(API, "application"),),
            is_client=False,
            lifetime=DAY * 90,
            renew_before=DAY * 30,
        ),
    )
