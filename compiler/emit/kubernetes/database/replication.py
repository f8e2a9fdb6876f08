"""The source of a cluster's data: a new database, or the archive of the cluster that serves.

All clusters of an environment list each other in the same way, so that only ``role`` in the environment decides which
one is the primary. Exchanging the roles is a failover, which loses changes that are not archived yet, unless a
``handover`` is stated: then the former primary is demoted first, and the new one is promoted by the token in which the
former one states the end of its log.

Sources: ``redundancy.data.replication``, the environment's ``clusters``.
Upstream: https://cloudnative-pg.io/documentation/current/replica_cluster/#distributed-topology
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.database.roles import POST_INIT_SQL
from compiler.emit.names import DATABASE, DATABASE_NAME, DATABASE_OWNER

if TYPE_CHECKING:
    from compiler.emit.site import Site
    from compiler.model.environment import Cluster

PLUGIN = "barman-cloud.cloudnative-pg.io"


def replication(site: Site) -> dict[str, Any]:
    """Return ``bootstrap`` and, where the data is replicated, ``replica`` and ``externalClusters``."""
    if not site.replicated:
        return {"bootstrap": _new()}
    clusters, primary = site.environment.clusters, _primary(site)
    replica = {"primary": primary, "self": site.name, "source": _source(site, primary)}
    if site.name == primary and site.cluster.handover and site.cluster.handover.token:
        replica["promotionToken"] = site.cluster.handover.token
    return {
        "bootstrap": _new() if site.name == primary else _restored(primary),
        "replica": replica,
        "externalClusters": [{"name": name, "plugin": archive(name, cluster)} for name, cluster in clusters.items()],
    }


def followed_cluster(site: Site) -> str | None:
    """Return the cluster that this one follows through its archive; None for a cluster that serves."""
    primary = _primary(site)
    return primary if site.replicated and primary != site.name else None


def archive(name: str, cluster: Cluster) -> dict[str, Any]:
    """Return the plugin's parameters for the backups and the log of a cluster (Barman Cloud)."""
    server = cluster.backups.archive or DATABASE
    return {"name": PLUGIN, "parameters": {"barmanObjectName": store_name(name), "serverName": server}}


def store_name(cluster: str) -> str:
    """Return the name of a cluster's ObjectStore, the same in all clusters."""
    return f"{DATABASE}-{cluster}"


def _primary(site: Site) -> str:
    """Return the primary from this cluster's view; the policies refuse an environment with none, or with several.

    During a handover the predecessor sees the new primary at once, so that it is demoted; all other clusters follow the
    predecessor until its token is stated.
    """
    for name, cluster in site.environment.clusters.items():
        if cluster.role == "primary":
            former = cluster.handover.predecessor if cluster.handover and not cluster.handover.token else name
            return former if former in site.environment.clusters and former != site.name else name
    return site.name


def _source(site: Site, primary: str) -> str:
    """Return the cluster that this one follows; for the primary, the one that it would follow."""
    if site.name != primary:
        return primary
    if site.cluster.handover:
        return site.cluster.handover.predecessor
    return next(name for name in site.environment.clusters if name != site.name)


def _new() -> dict[str, Any]:
    # The operator sets its own password for the owner whenever an instance starts: nobody logs in as the owner.
    owner = {"database": DATABASE_NAME, "owner": DATABASE_OWNER}
    return {"initdb": {**owner, "dataChecksums": True, "postInitSQL": list(POST_INIT_SQL)}}


def _restored(source: str) -> dict[str, Any]:
    return {"recovery": {"source": source, "database": DATABASE_NAME, "owner": DATABASE_OWNER}}
