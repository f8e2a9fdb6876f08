"""The connection budget, from a worker's pool through the poolers to PostgreSQL's ``max_connections``.

Sources: ``load_balancing.database.max_connections``, ``connections.database.pool_size``, ``compute.database_tier``,
``compute.application_tier.instances.max``, ``orchestration.configuration.rolling_update.max_surge``.
Upstream: https://wiki.postgresql.org/wiki/Number_Of_Database_Connections, https://www.pgbouncer.org/config.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compiler.emit.kubernetes.application.rollout import most_pods, most_standby_pods
from compiler.emit.names import POOLER, READ_POOLER

if TYPE_CHECKING:
    from compiler.emit.site import Site

POOLER_INSTANCES = 2
"""The instances of each pooler: one can be drained, and the other one still accepts every client.

Clients keep a connection, and a new one goes to any instance: after a drain or an update one instance may have nearly
all of them. So each has to accept every client by itself, and a third instance would leave each fewer places.
"""

BUSY_PER_CORE = 2
"""The active connections that keep one core of PostgreSQL busy; more of them only wait for each other."""

LOOKUPS = 2
"""The connections on which one pooler instance looks up passwords."""

DIRECT_PER_WORKER = 3
"""The connections of one worker past the poolers: one to listen, and two to take queued work."""

LISTENING_PER_WORKER = 1
"""The connection on which a worker follows the changes."""

MIGRATION_CONNECTIONS = 8
"""The connections of the role that migrates: of the migration, the maintenance and the verification of the history, and
the anchoring of the audit trail, each once more in case that a pod which a node has lost still has its own."""

VAULT_CONNECTIONS = 4
"""The connections of Vault, which changes passwords; its plugin opens at most four."""

SUPERUSER_CONNECTIONS = 10
"""The connections reserved for the operator's instance manager, its metrics, and a person in an emergency."""


@dataclass(frozen=True, slots=True)
class Connections:
    """The numbers of connections of one cluster, each of which one document states."""

    clients: int
    """Client connections of one pooler instance (PgBouncer's ``max_client_conn``)."""
    busy: int
    """Active connections that one PostgreSQL instance is designed for."""
    servers: dict[str, int]
    """Connections to PostgreSQL of one pooler instance (``default_pool_size``), by pooler."""
    direct: int
    """Connections of the API past the poolers."""
    standby: int
    """Connections of the API in a cluster that stands by, all of them past the poolers; none without such a cluster."""

    @property
    def role(self) -> int:
        """The connections that the API's role may open on one PostgreSQL instance, through poolers and directly."""
        return POOLER_INSTANCES * sum(self.servers.values()) + self.direct

    @property
    def maximum(self) -> int:
        """PostgreSQL's ``max_connections``.

        Each instance has to hold all of them in any role: the poolers for reading fall back on the last remaining
        replica, and a replica may not have fewer than its primary. A cluster that stands by has no poolers.
        """
        lookups = POOLER_INSTANCES * LOOKUPS * len(self.servers)
        return (
            max(self.role + lookups, self.standby) + MIGRATION_CONNECTIONS + VAULT_CONNECTIONS + SUPERUSER_CONNECTIONS
        )


def connections(site: Site) -> Connections:
    """Return the connection budget of a cluster.

    One instance of a pooler can keep the primary, or the fewest replicas, busy; the other one is room for an update of
    the poolers themselves, and for the most replicas.
    """
    tier = site.spec.compute.database_tier
    # The reserved CPU is that of each instance; even a fraction of a core needs one connection.
    busy = max(1, tier.resources.cpu.reserved.millicores * BUSY_PER_CORE // 1000)
    servers = {POOLER: _share(busy)}
    if site.reads_replicas:
        servers[READ_POOLER] = _share(busy * tier.instances.replicas.min)
    shares = POOLER_INSTANCES * len(servers)
    process, database = site.settings.process, site.settings.database
    of_worker = database.pool_size + database.read_pool_size + LISTENING_PER_WORKER
    return Connections(
        clients=max(1, site.spec.load_balancing.database.max_connections // shares),
        busy=busy,
        servers=servers,
        direct=most_pods(site) * process.workers * DIRECT_PER_WORKER,
        standby=most_standby_pods(site) * process.workers * of_worker if site.has_peers else 0,
    )


def _share(connections: int) -> int:
    """Return the share of one pooler instance, rounded up: all instances but one open the connections together."""
    return -(-connections // (POOLER_INSTANCES - 1))
