"""The connection budget: one sum, from a worker's pool through the poolers to PostgreSQL's ``max_connections``.

Sources: ``load_balancing.database.max_connections``, ``connections.database.pool_size``, ``compute.database_tier``,
``compute.application_tier.instances.max``, ``orchestration.configuration.rolling_update.max_surge``.
Upstream: https://wiki.postgresql.org/wiki/Number_Of_Database_Connections, https://www.pgbouncer.org/config.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.names import POOLER, READ_POOLER

if TYPE_CHECKING:
    from compiler.emit.site import Site

POOLER_INSTANCES = 3
"""Of each pooler: one can be drained, and the other two still take every client."""

BUSY_PER_CORE = 2
"""Connections at work that keep one core of PostgreSQL busy; more of them only wait for each other."""

LOOKUPS = 2
"""Connections on which one pooler instance looks passwords up."""

DIRECT_PER_WORKER = 3
"""Past the poolers, by one worker: it listens on one, and takes queued work on two."""

MIGRATIONS_PER_POD = 1
"""Past the poolers, by one pod while it starts."""

VAULT_CONNECTIONS = 4
"""Of Vault, which changes passwords; its plugin opens no more than four."""

SUPERUSER_CONNECTIONS = 10
"""Kept for the operator's instance manager, its metrics, and a person at the worst hour."""


@dataclass(frozen=True, slots=True)
class Connections:
    """The connections of one cluster, each a number that one document states."""

    clients: int
    """Client connections of one pooler instance (PgBouncer's ``max_client_conn``)."""
    busy: int
    """Connections at work that one PostgreSQL instance is meant for."""
    servers: dict[str, int]
    """Connections to PostgreSQL of one pooler instance (``default_pool_size``), by pooler."""
    direct: int
    """Connections of the API past the poolers."""

    @property
    def role(self) -> int:
        """What the API's role may open on one PostgreSQL instance, by every way."""
        return POOLER_INSTANCES * sum(self.servers.values()) + self.direct

    @property
    def maximum(self) -> int:
        """PostgreSQL's ``max_connections``.

        Each instance has to hold all of them, whatever its part is now: the poolers for reading fall back on the last
        replica that is left, and a replica may not have fewer than its primary.
        """
        lookups = POOLER_INSTANCES * LOOKUPS * len(self.servers)
        return self.role + lookups + VAULT_CONNECTIONS + SUPERUSER_CONNECTIONS


def connections(site: Site) -> Connections:
    """Return the connections of a cluster.

    All instances of a pooler but one can keep the primary, or the fewest replicas, busy; the one that is left over is
    room for an update of the poolers themselves, and for as many replicas as there are at most.
    """
    tier, application = site.spec.compute.database_tier, site.spec.compute.application_tier.instances
    # The reserved CPU is each instance's own; a fraction of a core still needs a connection to be used at all.
    busy = max(1, tier.resources.cpu.reserved.millicores * BUSY_PER_CORE // 1000)
    servers = {POOLER: _share(busy)}
    if site.reads_replicas:
        servers[READ_POOLER] = _share(busy * tier.instances.replicas.min)
    pods = application.max + site.spec.orchestration.configuration.rolling_update.max_surge
    shares = POOLER_INSTANCES * len(servers)
    return Connections(
        clients=max(1, site.spec.load_balancing.database.max_connections // shares),
        busy=busy,
        servers=servers,
        direct=pods * (site.settings.process.workers * DIRECT_PER_WORKER + MIGRATIONS_PER_POD),
    )


def _share(connections: int) -> int:
    """Return what each instance of a pooler opens, so that all of them but one open as many connections together."""
    return -(-connections // (POOLER_INSTANCES - 1))
