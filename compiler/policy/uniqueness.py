"""Values that must be unique to a cluster, with the clusters that hold each of them.

The input of a cluster has no other data of other environments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.emit.site import Site
    from compiler.model.environment import Cluster, Environment


def unique_values(site: Site, others: Iterable[Environment]) -> dict[str, Any]:
    """Return the cluster's ``own`` unique values, and the ``holders`` of such values in all environments.

    An own one is ``{"purpose", "value", "path"}``; holders are ``{purpose: {value: [{"environment", "cluster",
    "path"}]}}``, each with the path in its own environment.
    """
    holders: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for environment in (site.environment, *others):
        for name, cluster in environment.clusters.items():
            for purpose, value, path in _of(environment, name, cluster):
                holder = {"environment": environment.name, "cluster": name, "path": path}
                holders.setdefault(purpose, {}).setdefault(value, []).append(holder)
    own = _of(site.environment, site.name, site.cluster)
    return {
        "own": [{"purpose": purpose, "value": value, "path": path} for purpose, value, path in own],
        "holders": holders,
    }


def _of(environment: Environment, name: str, cluster: Cluster) -> Iterator[tuple[str, str, list[str]]]:
    here = ["environment", "clusters", name]
    yield "the host", environment.host, ["environment", "host"]
    yield "the API server", cluster.vault.kubernetes_host, [*here, "vault", "kubernetes_host"]
    yield "the database's name", cluster.vault.database, [*here, "vault", "database"]
    yield "the identity", cluster.backups.identity, [*here, "backups", "identity"]
    yield "the backups' location", cluster.backups.location, [*here, "backups", "location"]
