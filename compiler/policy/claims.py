"""What each cluster of a project claims for itself alone: names, servers and places that no two may share.

A cluster is judged by itself, so that it could not be told of another environment's otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from compiler.model.environment import Cluster, Environment


def claims(environments: Iterable[Environment]) -> list[dict[str, Any]]:
    """Return ``{"environment", "cluster", "purpose", "value", "path"}`` for each claim of each cluster."""
    return [
        {"environment": environment.name, "cluster": name, "purpose": purpose, "value": value, "path": path}
        for environment in environments
        for name, cluster in environment.clusters.items()
        for purpose, value, path in _of(environment, name, cluster)
    ]


def _of(environment: Environment, name: str, cluster: Cluster) -> Iterator[tuple[str, str, list[str]]]:
    here = ["environment", "clusters", name]
    yield "the host", environment.host, ["environment", "host"]
    yield "the API server", cluster.vault.kubernetes_host, [*here, "vault", "kubernetes_host"]
    yield "the database's name", cluster.vault.database, [*here, "vault", "database"]
    yield "the identity", cluster.backups.identity, [*here, "backups", "identity"]
    yield "the backups' location", cluster.backups.location, [*here, "backups", "location"]
