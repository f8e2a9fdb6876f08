"""PgBouncer between the API's workers and PostgreSQL: one pooler for writing, and one for reading where that is spread.

Sources: ``load_balancing.database``, ``connections.database.timeout``, ``components.data_layer.scaling.strategy``.
Upstream: https://cloudnative-pg.io/documentation/current/connection_pooling/, https://www.pgbouncer.org/config.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.pod_security import CONTAINER, pod_context
from compiler.emit.kubernetes.database.connection_budget import POOLER_INSTANCES, connections
from compiler.emit.names import DATABASE, POOLER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.database.connection_budget import Connections
    from compiler.emit.site import Site
    from runtime.settings import Settings

# PgBouncer has one thread; 32 MB and 10 KB for each connection leave room for what clients prepare.
RESOURCES = {"cpu": "1", "memory": "256Mi"}
# More than one client keeps (asyncpg: 100), so that no statement is prepared over and over.
PREPARED_STATEMENTS = 200


def pooling(site: Site, settings: Settings) -> Iterator[Document]:
    """Yield each Pooler, and the budget that lets a drain take one of its instances at a time."""
    budget = connections(site, settings)
    for name in budget.servers:
        pods = {"cnpg.io/poolerName": name, "cnpg.io/podRole": "pooler"}
        yield kubernetes_object(
            kinds.POOLER, name, Wave.CONNECTION, zone="data", spec=_pooler(name, budget, settings, pods)
        )
        spec = {"maxUnavailable": 1, "selector": {"matchLabels": pods}}
        yield kubernetes_object(kinds.POD_DISRUPTION_BUDGET, name, Wave.CONNECTION, zone="data", spec=spec)


def _pooler(name: str, budget: Connections, settings: Settings, pods: dict[str, str]) -> dict[str, Any]:
    return {
        "cluster": {"name": DATABASE},
        "instances": POOLER_INSTANCES,
        "type": "rw" if name == POOLER else "ro",
        "pgbouncer": {"poolMode": "transaction", "parameters": _parameters(name, budget, settings)},
        # One instance more before one less: a node may be drained meanwhile.
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": {**PART_OF, **pods}}, "spec": _pod(pods)},
    }


def _parameters(name: str, budget: Connections, settings: Settings) -> dict[str, str]:
    database = settings.database
    return {
        "max_client_conn": str(budget.clients),
        "default_pool_size": str(budget.servers[name]),
        "max_prepared_statements": str(PREPARED_STATEMENTS),
        "server_connect_timeout": str(database.connect_timeout_seconds),
        "server_idle_timeout": str(database.idle_timeout_seconds),
        # Who waits longer for a connection than a statement may take has given up already.
        "query_wait_timeout": str(database.statement_timeout_seconds),
        "client_tls_sslmode": "require",
    }


def _pod(pods: dict[str, str]) -> dict[str, Any]:
    """The operator fills in the rest: the image, the probes and the ServiceAccount."""
    revision = ["pod-template-hash"]
    term = {
        "topologyKey": "kubernetes.io/hostname",
        "labelSelector": {"matchLabels": pods},
        "matchLabelKeys": revision,
    }
    spread = {
        "maxSkew": 1,
        "topologyKey": "topology.kubernetes.io/zone",
        "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": pods},
        "matchLabelKeys": revision,
    }
    return {
        "securityContext": pod_context(),
        "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}},
        "topologySpreadConstraints": [spread],
        "containers": [
            {
                "name": "pgbouncer",
                "resources": {"requests": RESOURCES, "limits": RESOURCES},
                "securityContext": CONTAINER,
            }
        ],
    }
