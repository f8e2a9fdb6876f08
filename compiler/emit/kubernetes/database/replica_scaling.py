"""Scaling of PostgreSQL's replicas: KEDA scales the Cluster as it would scale a Deployment.

Sources: ``auto_scaling.database.read_replicas``, ``compute.database_tier.instances``,
``components.data_layer.scaling``.
Upstream: https://keda.sh/docs/latest/reference/scaledobject-spec/, https://keda.sh/docs/latest/scalers/prometheus/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit import kinds
from compiler.emit.kubernetes.common.autoscalers import takes_tolerance
from compiler.emit.kubernetes.common.metadata import Wave, kubernetes_object
from compiler.emit.kubernetes.database.connection_budget import connections
from compiler.emit.kubernetes.database.postgres_cluster import instances
from compiler.emit.names import DATABASE, DATABASE_NAME, PROMETHEUS_PORT, READ_POOLER, host, namespace
from compiler.emit.text import number, seconds, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compiler.emit.artifact import Document
    from compiler.emit.site import Site
    from compiler.model.units import Duration

PROMETHEUS = "prometheus-operated"


def replica_scaling(site: Site) -> Iterator[Document]:
    """Yield the ScaledObject, where reads are spread over replicas and their number is scaled."""
    if not site.scales_replicas:
        return
    tier = site.spec.compute.database_tier.instances
    triggers = site.spec.auto_scaling.database.read_replicas.triggers
    window = max(triggers.connections.window, triggers.cpu.window).seconds
    direction = {
        "stabilizationWindowSeconds": window,
        # A new replica copies all data: one at a time, so that its effect shows before the next.
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": window}],
        **_tolerance(site),
    }
    spec = {
        "scaleTargetRef": {
            "apiVersion": kinds.POSTGRES_CLUSTER.api_version,
            "kind": kinds.POSTGRES_CLUSTER.name,
            "name": DATABASE,
        },
        "minReplicaCount": instances(site),
        "maxReplicaCount": tier.primary + tier.replicas.max,
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": {"scaleUp": direction, "scaleDown": direction}}},
        "triggers": [_connections(site), _cpu(site)],
    }
    yield kubernetes_object(kinds.SCALED_OBJECT, DATABASE, Wave.TRAFFIC, zone="data", spec=spec)


def _tolerance(site: Site) -> dict[str, str]:
    """Return the tolerance of one direction: none, in place of the autoscaler's own of a tenth of the target."""
    return {"tolerance": "0"} if takes_tolerance(site) else {}


def _connections(site: Site) -> dict[str, Any]:
    trigger = site.spec.auto_scaling.database.read_replicas.triggers.connections
    return {
        "type": "prometheus",
        "name": "connections",
        "metricType": "Value",
        "metadata": {
            "serverAddress": f"http://{host(PROMETHEUS, 'management')}:{PROMETHEUS_PORT}",
            "query": busy_share(connections(site).busy, trigger.window),
            "threshold": number(trigger.target.percent),
            # A missing measurement is an error, at which the number of instances stays, and not a share of zero.
            "ignoreNullValues": "false",
        },
    }


def busy_share(busy: int, window: Duration) -> str:
    """Return the Prometheus query for the active connections of the replicas, in percent of their designed number.

    It divides the mean number of connections that PgBouncer uses for clients, over the window, by ``busy`` times the
    number of replicas. PostgreSQL's own count would include idle connections, which a pool keeps open.
    """
    zone = namespace("data")
    poolers = f'namespace="{zone}",pod=~"{READ_POOLER}-.+"'
    replicas = f'cnpg_pg_replication_in_recovery{{namespace="{zone}",pod=~"{DATABASE}-[0-9]+"}} == 1'
    pools = f'cnpg_pgbouncer_pools_sv_active{{{poolers},database="{DATABASE_NAME}"}}'
    # A pooler without a request so far lists no pool: the share is zero then, as long as Prometheus scrapes the pooler.
    return sentence(
        "100 * (sum(avg_over_time({pools}[{window}])) or 0 * count(up{{{poolers}}})) / ({busy} * count({replicas}))",
        pools=pools,
        window=seconds(window),
        poolers=poolers,
        busy=busy,
        replicas=replicas,
    )


def _cpu(site: Site) -> dict[str, Any]:
    """Return the CPU trigger, for PostgreSQL's container alone; the Cluster's scale subresource selects the pods."""
    target = site.spec.auto_scaling.database.read_replicas.triggers.cpu.target.percent
    return {
        "type": "cpu",
        "name": "cpu",
        "metricType": "Utilization",
        "metadata": {"value": number(target), "containerName": "postgres"},
    }
