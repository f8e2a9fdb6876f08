"""Poolers: PgBouncer between the API's workers and PostgreSQL, one for writing, and one for reads from replicas.

Sources: ``load_balancing.database``, ``connections.database.timeout``, ``components.data_layer.scaling.strategy``,
``containers.images``.
Upstream: https://cloudnative-pg.io/documentation/current/connection_pooling/, https://www.pgbouncer.org/config.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.metadata import PART_OF, Wave, kubernetes_object
from compiler.emit.kubernetes.common.placement import node_anti_affinity, zone_spread
from compiler.emit.kubernetes.common.pod_security import CONTAINER, pod_context
from compiler.emit.kubernetes.common.resources import MEBIBYTE, guaranteed
from compiler.emit.kubernetes.database.connection_budget import POOLER_INSTANCES, connections
from compiler.emit.names import DATABASE, POOLER
from compiler.emit.text import number
from compiler.model.units import Cores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.kubernetes.database.connection_budget import Connections
    from compiler.emit.site import Site

# PgBouncer has one thread; 32 MB and 10 KB for each connection leave room for prepared statements.
RESOURCES = guaranteed(Cores(1000), MEBIBYTE * 256)
# More than one client keeps (asyncpg: 100), so that no statement is prepared again and again.
PREPARED_STATEMENTS = 200
# After a failed login, as with a password that Vault has just changed, PgBouncer hands the error to every client for
# this long, in seconds, and tries no other login: for 15 on its own, in which the new password fails as well.
LOGIN_RETRY = 1


def poolers(site: Site) -> Iterator[Document]:
    """Yield each Pooler, and the PodDisruptionBudget by which a drain takes one of its instances at a time."""
    budget = connections(site)
    for name in budget.servers:
        pods = {"cnpg.io/poolerName": name, "cnpg.io/podRole": "pooler"}
        yield kubernetes_object(
            kinds.POOLER, name, Wave.CONNECTION, zone="data", spec=_pooler(site, name, budget, pods)
        )
        spec = {"maxUnavailable": 1, "selector": {"matchLabels": pods}}
        yield kubernetes_object(kinds.POD_DISRUPTION_BUDGET, name, Wave.CONNECTION, zone="data", spec=spec)


def _pooler(site: Site, name: str, budget: Connections, pods: dict[str, str]) -> dict[str, Any]:
    return {
        "cluster": {"name": DATABASE},
        "instances": POOLER_INSTANCES,
        "type": "rw" if name == POOLER else "ro",
        "pgbouncer": {"poolMode": "transaction", "parameters": _parameters(site, name, budget)},
        # A new instance starts before an old one stops: a node may be drained meanwhile.
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": {**PART_OF, **pods}}, "spec": _pod(site, pods)},
    }


def _parameters(site: Site, name: str, budget: Connections) -> dict[str, str]:
    database = site.settings.database
    return {
        "max_client_conn": number(budget.clients),
        "default_pool_size": number(budget.servers[name]),
        # Of all users together: after a rotation there are two, one of them with the former password.
        "max_db_connections": number(budget.servers[name]),
        "max_prepared_statements": number(PREPARED_STATEMENTS),
        "server_connect_timeout": number(database.connect_timeout_seconds),
        "server_login_retry": number(LOGIN_RETRY),
        "server_idle_timeout": number(database.idle_timeout_seconds),
        # A client waits for a connection at most as long as a statement may take; then it has given up.
        "query_wait_timeout": number(database.statement_timeout_seconds),
        "client_tls_sslmode": "require",
    }


def _pod(site: Site, pods: dict[str, str]) -> dict[str, Any]:
    """Return the pod's fields; the operator adds the probes and the ServiceAccount."""
    selector = {"matchLabels": pods}
    image = site.spec.containers.images.pgbouncer.reference
    return {
        "securityContext": pod_context(),
        **node_anti_affinity(selector, each_revision=True),
        **zone_spread(selector, each_revision=True),
        "containers": [
            {"name": "pgbouncer", "image": image, "resources": RESOURCES.fields, "securityContext": CONTAINER}
        ],
    }
